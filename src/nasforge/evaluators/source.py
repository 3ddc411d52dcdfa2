"""What outcomes that are not trained come from: the record behind their `dataset_id`, in a file.

    >>> write_source(path, record)
    >>> source = read_source(path)
    >>> source["dataset_id"], source["record"]

It stands where a trained campaign has its prepared images.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasforge.errors import EvaluationsError
from nasforge.evaluations.files import write_text
from nasforge.evaluations.tables import Provenance
from nasforge.recipe import Recipe, digest


def write_source(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record and its id as JSON, atomically."""
    write_text(path, json.dumps({"dataset_id": digest(record), "record": record}, indent=1) + "\n")


def read_source(path: Path) -> Mapping[str, Any]:
    """The record of `write_source`, whose id is that of all evaluations made of it.

    Raises:
        EvaluationsError: It is missing or damaged.
    """
    try:
        source = json.loads(path.read_text(encoding="utf-8"))
        record, dataset_id = source["record"], source["dataset_id"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvaluationsError(f"{path}: missing or damaged ({error}); delete it") from None
    if digest(record) != dataset_id:
        raise EvaluationsError(f"{path}: dataset_id {dataset_id} is not that of its record")
    return record


def source_provenance(recipe: Recipe, record: Mapping[str, Any]) -> Provenance:
    """What the ids of evaluations made of that record stand for."""
    return Provenance({recipe.recipe_id: recipe.record}, {digest(record): record})

"""Filling the evaluation cache from published evaluations, so that no training is repeated.

    >>> restore_cache(Path("data/darts-cifar10-cpu"), Path("results/.cache"))
    Restored(evaluations=750, added=750)

A campaign goes on elsewhere, or after its results were deleted: with the cache filled, the same
command finds every finished training there.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nasforge.errors import EvaluationsError, GenotypeError
from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.schema import SCHEMA_VERSION, Evaluation
from nasforge.evaluations.tables import read_table
from nasforge.space import DARTS


@dataclass(frozen=True)
class Restored:
    """What `restore_cache` found and did.

    Attributes:
        evaluations: Rows read, those that are in several files counted each time.
        added: Rows that the cache did not have, or only from fewer attempts.
    """

    evaluations: int
    added: int


def restore_cache(folder: Path, cache_root: Path) -> Restored:
    """Add every evaluation of a folder of parts to the cache.

    Args:
        folder: Holds evaluations/*.parquet and curves/ with files of the same names.
        cache_root: The cache folder (`execution.cache_dir`).

    Raises:
        EvaluationsError: There is no part, or one is damaged.
    """
    files = sorted((folder / "evaluations").glob("*.parquet"))
    if not files:
        raise EvaluationsError(
            f"{folder}: no evaluations/*.parquet there; expected is a folder of parts, such as "
            "results/<name>/collect/parts"
        )
    total = added = 0
    for file in files:
        for evaluation in read_evaluations(file, folder / "curves" / file.name):
            cache = EvaluationCache(cache_root, evaluation.evaluator, evaluation.recipe_id)
            with cache.claim(evaluation.evaluation_id):
                known = cache.get(evaluation.evaluation_id)
                if known is None or known.attempts < evaluation.attempts:
                    cache.put(evaluation)
                    added += 1
            total += 1
    return Restored(total, added)


def read_evaluations(
    evaluations_file: Path, curves_file: Path, architectures: Collection[str] | None = None
) -> list[Evaluation]:
    """The rows of an evaluations table with their curves.

    Args:
        evaluations_file: The table.
        curves_file: That of their curves.
        architectures: Ids of the architectures to read; None for all.

    Raises:
        EvaluationsError: A table is damaged or of another space, or a row is not what it says.
    """
    table, provenance = read_table(evaluations_file, "evaluations")
    provenance.check_space(DARTS)
    curves: dict[str, list[dict[str, Any]]] = defaultdict(list)
    points, _ = read_table(curves_file, "curves")
    if architectures is not None:
        table = table.filter(pc.is_in(table["architecture_id"], pa.array(architectures)))
        points = points.filter(pc.is_in(points["evaluation_id"], table["evaluation_id"]))
    for point in points.to_pylist():
        curves[point.pop("evaluation_id")].append(point)
    try:
        return [_checked(row, curves[row["evaluation_id"]]) for row in table.to_pylist()]
    except (EvaluationsError, GenotypeError) as error:
        raise EvaluationsError(f"{evaluations_file}: {error}") from None


def _checked(row: dict[str, Any], curve: list[dict[str, Any]]) -> Evaluation:
    """One evaluation, as strictly as the cache reads its own, and of the network it says."""
    data = {"schema_version": SCHEMA_VERSION, **row, "curve": curve}
    evaluation = Evaluation.from_json(data)
    if DARTS.architecture_id(DARTS.parse(evaluation.architecture)) != evaluation.architecture_id:
        raise EvaluationsError(
            f"evaluation {evaluation.evaluation_id}: architecture_id "
            f"{evaluation.architecture_id} is not that of its architecture"
        )
    return evaluation

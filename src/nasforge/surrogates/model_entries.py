"""The manifest's entries of models: what they are made of, in which files, and how good they are.

>>> surrogate_entries(models, selection, scores)["forest"].targets["val_accuracy"]
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from nasforge.benchmark.curve import CurveModel
from nasforge.benchmark.entries import CurveEntry, ModelEntry, PartEntry, SurrogateEntry
from nasforge.benchmark.model import Model, Part
from nasforge.surrogates.selection import Selection


def exported_models(
    models: Mapping[tuple[str, str], Model], selection: Selection
) -> dict[tuple[str, str], Model]:
    """By name in the benchmark and target."""
    return {
        (name, target): model
        for name, exported in selection.exported.items()
        for (surrogate, target), model in models.items()
        if surrogate == exported
    }


def arrays_file(family: str, target: str) -> str:
    """Name of the file of an ensemble's arrays."""
    return f"{family}.{target}.npz"


def surrogate_entries(
    models: Mapping[tuple[str, str], Model], selection: Selection, scores: pd.DataFrame
) -> dict[str, SurrogateEntry]:
    """Every exported surrogate, by name: the parts of its models, and their scores."""
    entries: dict[str, dict[str, ModelEntry]] = {}
    for (name, target), model in exported_models(models, selection).items():
        surrogate = selection.exported[name]
        entries.setdefault(name, {})[target] = ModelEntry(
            parts=tuple(_part(part, target) for part in model.parts),
            epistemic_scale=selection.epistemic_scales[surrogate][target],
            scores=_scores(scores, surrogate, target),
        )
    return {name: SurrogateEntry(targets) for name, targets in entries.items()}


def curve_entry(curve: CurveModel, scores: pd.DataFrame) -> CurveEntry:
    """The learning curve's parts and scores."""
    rows = scores[scores["family"] == "curve"].drop(columns="family")
    return CurveEntry(
        epochs=curve.epochs,
        basis="curve.basis.npz",
        parts=tuple(
            replace(_part(part, ""), file=f"curve.{number}.npz")
            for number, part in enumerate(curve.parts)
        ),
        scores=_records(rows),
    )


def _part(part: Part, target: str) -> PartEntry:
    return PartEntry(
        kind=part.predictor.kind,
        file=arrays_file(part.name, target),
        encoding=part.encoding,
        link=part.link.name,
        weight=part.weight,
    )


def _scores(table: pd.DataFrame, family: str, target: str) -> tuple[dict[str, Any], ...]:
    rows = table[(table["family"] == family) & (table["target"] == target)]
    return _records(rows.drop(columns=["family", "target"]))


def _records(rows: pd.DataFrame) -> tuple[dict[str, Any], ...]:
    records = rows.to_dict("records")
    return tuple(
        {
            key: None if isinstance(value, float) and math.isnan(value) else value
            for key, value in record.items()
        }
        for record in records
    )

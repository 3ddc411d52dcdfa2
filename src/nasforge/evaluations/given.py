"""Evaluations that were made elsewhere, as the input of everything downstream: checked, merged.

    >>> collect_evaluations(DARTS, find_tables(Path("data/mine")), TablePaths(...))

Such tables may come from a stranger, so nothing in them is taken on trust: ids are computed again,
architectures parsed, and numbers must be in range.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from nasforge.errors import EvaluationsError
from nasforge.evaluations.collect import log_summary, merge
from nasforge.evaluations.folder import TablePaths
from nasforge.evaluations.schema import EVALUATORS, STATUSES, EvaluationKey
from nasforge.evaluations.tables import read_tables, write_table
from nasforge.space import SearchSpace

_ACCURACIES = ("val_accuracy", "best_val_accuracy", "test_accuracy")
_CHECKED = (
    "evaluation_id",
    "architecture_id",
    "recipe_id",
    "dataset_id",
    "replicate",
    "evaluator",
    "architecture",
    "status",
    *_ACCURACIES,
)


def collect_evaluations(
    space: SearchSpace, parts: Sequence[TablePaths], outputs: TablePaths
) -> None:
    """Check and merge tables into one row per evaluation, in order of first appearance.

    Args:
        space: The config's search space.
        parts: What `find_tables` found.
        outputs: What is written.

    Raises:
        EvaluationsError: The tables are of another space, of several recipes, data sets or
            evaluators, or a row is not what it says.
    """
    evaluations, curves, provenance = merge(parts)
    proposals, _ = read_tables([part.proposals for part in parts], "proposals")
    if not len(evaluations):
        raise EvaluationsError(f"{parts[0].evaluations}: no evaluations")
    provenance.check_space(space)
    for table in (evaluations, curves, proposals):
        _check_nulls(table)
    for column in ("recipe_id", "dataset_id", "evaluator"):
        values = evaluations[column].unique().to_pylist()
        if len(values) > 1:
            raise EvaluationsError(
                f"evaluations of several {column}s ({', '.join(values[:5])}); they are not mixed: "
                "keep those of one in the folder"
            )
    proposals = _distinct(proposals)
    _check_rows(space, evaluations.select(_CHECKED).to_pylist())
    _check_proposals(evaluations, proposals)
    write_table(outputs.evaluations, evaluations, "evaluations", provenance)
    write_table(outputs.curves, curves, "curves", provenance)
    write_table(outputs.proposals, proposals, "proposals", provenance)
    log_summary(evaluations, proposals)


def _distinct(proposals: pa.Table) -> pa.Table:
    """Every proposal once, in order; two sites of one campaign have the same ones.

    Raises:
        EvaluationsError: A sampler proposed two architectures at the same place.
    """
    kept: dict[tuple[Any, ...], tuple[int, Any]] = {}
    names = ("sampler", "generation", "position", "evaluation_id")
    columns = (proposals[name].to_pylist() for name in names)
    for row, (*place, evaluation_id) in enumerate(zip(*columns, strict=True)):
        if kept.setdefault(tuple(place), (row, evaluation_id))[1] != evaluation_id:
            sampler, generation, position = place
            raise EvaluationsError(
                f"sampler {sampler!r} proposed two architectures as number {position} of "
                f"generation {generation}; give samplers of different sites different names"
            )
    return proposals.take(pa.array([row for row, _ in kept.values()], pa.int64()))


def _check_nulls(table: pa.Table) -> None:
    for name, column in zip(table.column_names, table.columns, strict=True):
        if column.null_count:
            raise EvaluationsError(f"column {name}: {column.null_count} rows are empty")


def _check_rows(space: SearchSpace, rows: Iterable[dict[str, Any]]) -> None:
    ids: dict[str, str] = {}  # architecture -> its id
    for row in rows:
        text = row.pop("architecture")
        where = f"evaluation {row['evaluation_id']}"
        if text not in ids:
            ids[text] = _architecture_id(space, text, where)
        if ids[text] != row["architecture_id"]:
            raise EvaluationsError(
                f"{where}: architecture_id {row['architecture_id']} is not that of its "
                f"architecture ({ids[text]})"
            )
        status = row.pop("status")
        _check_allowed(where, "status", status, STATUSES)
        _check_allowed(where, "evaluator", row["evaluator"], EVALUATORS)
        accuracies = {name: row.pop(name) for name in _ACCURACIES}
        _check_accuracies(where, accuracies)
        if status == "ok" and math.isnan(accuracies["val_accuracy"]):
            raise EvaluationsError(f"{where}: status ok without a val_accuracy")
        evaluation_id = row.pop("evaluation_id")
        if EvaluationKey(**row).evaluation_id != evaluation_id:
            raise EvaluationsError(f"{where}: the id does not belong to the row")


def _architecture_id(space: SearchSpace, text: str, where: str) -> str:
    try:
        return space.architecture_id(space.parse(text))
    except Exception as error:  # a user's own space may raise anything
        raise EvaluationsError(f"{where}: {error}") from None


def _check_allowed(where: str, name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise EvaluationsError(f"{where}: {name} {value!r}; allowed: {', '.join(allowed)}")


def _check_accuracies(where: str, values: dict[str, float]) -> None:
    for name, value in values.items():
        if not (math.isnan(value) or 0.0 <= value <= 1.0):
            raise EvaluationsError(f"{where}: {name} {value:g} is not from 0 to 1")


def _check_proposals(evaluations: pa.Table, proposals: pa.Table) -> None:
    """Every proposal has an evaluation, and every architecture a proposal."""
    columns = (evaluations[name].to_pylist() for name in ("evaluation_id", "architecture_id"))
    architecture_of = dict(zip(*columns, strict=True))
    proposed = set()
    for evaluation_id in proposals["evaluation_id"].to_pylist():
        if evaluation_id not in architecture_of:
            raise EvaluationsError(f"a proposal's evaluation {evaluation_id} is missing")
        proposed.add(architecture_of[evaluation_id])
    for evaluation_id, architecture_id in architecture_of.items():
        if architecture_id not in proposed:
            raise EvaluationsError(
                f"no sampler proposed evaluation {evaluation_id} or one of the same architecture"
            )

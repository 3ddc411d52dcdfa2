"""Collecting: shards become a part per generation, and the parts three tables.

    >>> collect_generation(DARTS, shards, proposals, TablePaths(...), recipe_id, dataset_id)
    >>> collect_campaign(parts, TablePaths(...), max_failed_fraction=0.1)

A part holds all that one generation of one sampler gave, replicates included. It is complete in
itself, so that parts can be published while a campaign goes on.

Everything that would poison what follows stops here: evaluations of another recipe, data set or
evaluator, proposals without an evaluation, and too many failed trainings.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nasforge.errors import EvaluationsError
from nasforge.evaluations.columns import column, table_of
from nasforge.evaluations.folder import TablePaths
from nasforge.evaluations.proposals import read_proposals
from nasforge.evaluations.schema import EvaluationKey
from nasforge.evaluations.tables import PROPOSALS, Provenance, read_table, read_tables, write_table
from nasforge.space import SearchSpace

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shard:
    """Paths of what one job trained."""

    evaluations: Path
    curves: Path


def collect_generation(
    space: SearchSpace,
    shards: Sequence[Shard],
    proposals_file: Path,
    outputs: TablePaths,
    recipe_id: str,
    dataset_id: str,
    evaluator: str = "train",
) -> None:
    """Merge the shards of one generation of one sampler into a part.

    Args:
        space: Where the architectures are from.
        shards: All of the generation's, replicates included.
        proposals_file: What was proposed, without replicates.
        outputs: What is written.
        recipe_id: The only recipe allowed.
        dataset_id: The only data set allowed.
        evaluator: The only evaluator allowed.

    Raises:
        EvaluationsError: There is another recipe, data set or evaluator, a proposal without an
            evaluation, or a damaged shard.
    """
    evaluations, curves, provenance = merge(shards)
    _check_single(evaluations, "recipe_id", recipe_id)
    _check_single(evaluations, "dataset_id", dataset_id)
    _check_single(evaluations, "evaluator", evaluator)
    proposals = _proposals_table(space, proposals_file, recipe_id, dataset_id, evaluator)
    known = set(evaluations["evaluation_id"].to_pylist())
    missing = [i for i in proposals["evaluation_id"].to_pylist() if i not in known]
    if missing:
        raise EvaluationsError(
            f"{len(missing)} proposals have no evaluation, the first is {missing[0]}; "
            "rerun the train stage"
        )
    write_table(outputs.evaluations, evaluations, "evaluations", provenance)
    write_table(outputs.curves, curves, "curves", provenance)
    write_table(outputs.proposals, proposals, "proposals", provenance)


def collect_campaign(
    parts: Sequence[TablePaths], outputs: TablePaths, max_failed_fraction: float
) -> None:
    """Merge parts into one row per evaluation, in order of first appearance.

    Args:
        parts: One per sampler and generation.
        outputs: What is written.
        max_failed_fraction: Most of the evaluations that may have failed or diverged.

    Raises:
        EvaluationsError: Parts differ in recipe, data set or evaluator, or too much failed.
    """
    evaluations, curves, provenance = merge(parts)
    for name in ("recipe_id", "dataset_id", "evaluator"):
        _check_single(evaluations, name, evaluations[name][0].as_py())
    _check_failures(evaluations, max_failed_fraction)
    proposals, _ = read_tables([part.proposals for part in parts], "proposals")
    write_table(outputs.evaluations, evaluations, "evaluations", provenance)
    write_table(outputs.curves, curves, "curves", provenance)
    write_table(outputs.proposals, proposals, "proposals", provenance)
    log_summary(evaluations, proposals)


def log_summary(evaluations: pa.Table, proposals: pa.Table) -> None:
    """One line on what was collected."""
    times = evaluations["train_time_s"]
    hours = (pc.sum(times.filter(pc.is_finite(times))).as_py() or 0.0) / 3600
    _LOG.info(
        "%d proposals, %d evaluations of %d architectures, %.2f hours of training",
        len(proposals),
        len(evaluations),
        len(evaluations["architecture_id"].unique()),
        hours,
    )


def _proposals_table(
    space: SearchSpace, file: Path, recipe_id: str, dataset_id: str, evaluator: str
) -> pa.Table:
    rows = []
    for proposal in read_proposals(file):
        architecture = space.parse(proposal.raw_architecture)
        key = EvaluationKey(
            space.architecture_id(architecture),
            recipe_id,
            dataset_id,
            proposal.replicate,
            evaluator,
        )
        rows.append(
            {
                "sampler": proposal.sampler,
                "optimizer": proposal.optimizer,
                "generation": proposal.generation,
                "position": proposal.position,
                "raw_architecture": proposal.raw_architecture,
                "evaluation_id": key.evaluation_id,
            }
        )
    values = {name: [row[name] for row in rows] for name in PROPOSALS.names}
    return table_of(values, PROPOSALS)


def merge(sources: Sequence[Shard | TablePaths]) -> tuple[pa.Table, pa.Table, Provenance]:
    """One row per evaluation with the curve of that row, in order of first appearance.

    An evaluation may be in several sources, and may have succeeded at a later attempt in one of
    them: a row that did not fail counts, and of several the one with the most attempts.
    """
    parts = [read_table(source.evaluations, "evaluations") for source in sources]
    # evaluation_id -> (not failed, attempts), part, row
    chosen: dict[str, tuple[tuple[bool, int], int, int]] = {}
    for part, (table, _) in enumerate(parts):
        columns = (table[name].to_pylist() for name in ("evaluation_id", "status", "attempts"))
        for row, (evaluation_id, status, attempts) in enumerate(zip(*columns, strict=True)):
            rank = (status != "failed", attempts)
            if evaluation_id not in chosen or rank > chosen[evaluation_id][0]:
                chosen[evaluation_id] = (rank, part, row)
    starts = np.cumsum([0, *(len(table) for table, _ in parts)])
    rows = [int(starts[part]) + row for _, part, row in chosen.values()]
    ids: list[list[str]] = [[] for _ in parts]
    for evaluation_id, (_, part, _) in chosen.items():
        ids[part].append(evaluation_id)
    curves = []
    for source, own in zip(sources, ids, strict=True):
        table, _ = read_table(source.curves, "curves")
        curves.append(table.filter(pc.is_in(table["evaluation_id"], column(own, pa.string()))))
    evaluations = pa.concat_tables([table for table, _ in parts]).take(column(rows, pa.int64()))
    return evaluations, pa.concat_tables(curves), reduce(Provenance.merged, [p for _, p in parts])


def _check_single(table: pa.Table, column: str, allowed: str) -> None:
    for value in table[column].unique().to_pylist():
        if value != allowed:
            raise EvaluationsError(
                f"an evaluation has {column} {value}, this campaign's is {allowed}; results of "
                "different recipes, data sets or evaluators do not mix (was the config edited "
                "while a job ran? delete the stage's folder and run again)"
            )


def _check_failures(table: pa.Table, max_failed_fraction: float) -> None:
    bad = table.filter(pc.not_equal(table["status"], "ok"))
    if len(bad) > max_failed_fraction * len(table):
        example = bad.slice(0, 1).to_pylist()[0]
        raise EvaluationsError(
            f"{len(bad)} of {len(table)} trainings failed or diverged, more than "
            f"training.max_failed_fraction = {max_failed_fraction:g} allows; the first is "
            f"{example['evaluation_id']} ({example['status']}) {example['error']}. To try "
            "failed ones again, each up to execution.max_attempts times in all: "
            f"snakemake ... --forcerun {example['evaluator']}_shard"
        )

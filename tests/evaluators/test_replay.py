"""Replaying: outcomes of trainings that a table holds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nasforge.errors import ConfigError, EvaluationsError
from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.folder import TablePaths, find_tables, tables_in
from nasforge.evaluations.proposals import Proposal
from nasforge.evaluations.schema import Evaluation
from nasforge.evaluations.tables import (
    PROPOSALS,
    Provenance,
    write_curves,
    write_evaluations,
    write_table,
)
from nasforge.evaluators.replay import Replayer, replay_record
from nasforge.evaluators.shard import evaluate_shard
from nasforge.recipe import DatasetSpec, Recipe, digest
from nasforge.space import DARTS

RECIPE = Recipe(cells=3, channels=4, epochs=2, batch_size=32, learning_rate=0.1)
DATASET = DatasetSpec("digits", 8, 100, 50, 50)
RECORD = DATASET.record({"digits": "00"})


def trainings(evaluation: Evaluation, n: int, **changes: object) -> list[Evaluation]:
    rng = np.random.default_rng(3)
    rows = []
    for number in range(n):
        architecture = DARTS.canonical(DARTS.sample(rng))
        row = replace(
            evaluation,
            architecture=DARTS.format(architecture),
            architecture_id=DARTS.architecture_id(architecture),
            recipe_id=RECIPE.recipe_id,
            dataset_id=digest(RECORD),
            val_accuracy=0.5 + number / 100,
            **changes,
        )
        rows.append(replace(row, evaluation_id=row.key.evaluation_id))
    return rows


def write(folder: Path, rows: list[Evaluation]) -> list[TablePaths]:
    paths = tables_in(folder)
    source = Provenance({RECIPE.recipe_id: RECIPE.record}, {digest(RECORD): RECORD})
    write_evaluations(paths.evaluations, rows, source)
    write_curves(paths.curves, rows, source)
    write_table(paths.proposals, PROPOSALS.empty_table(), "proposals", source)
    return find_tables(folder)


def test_trainings_are_found_again_under_ids_of_their_own(
    tmp_path: Path, evaluation: Evaluation
) -> None:
    rows = trainings(evaluation, 4)
    parts = write(tmp_path / "table", rows)
    record = replay_record(parts, RECIPE, DATASET)
    wanted = [Proposal("a", "random", 0, i, 0, row.architecture) for i, row in enumerate(rows[1:])]
    replayer = Replayer.read(parts, wanted, record)
    cache = EvaluationCache(tmp_path / "cache", "replay", RECIPE.recipe_id)
    found = evaluate_shard(wanted, RECIPE, replayer, cache)
    assert [row.val_accuracy for row in found] == [row.val_accuracy for row in rows[1:]]
    assert [row.curve for row in found] == [row.curve for row in rows[1:]]
    assert {row.evaluator for row in found} == {"replay"}
    assert not {row.evaluation_id for row in found} & {row.evaluation_id for row in rows}
    assert {row.dataset_id for row in found} == {digest(RECORD)}


def test_what_the_table_does_not_have_stops_the_job(tmp_path: Path, evaluation: Evaluation) -> None:
    rows = trainings(evaluation, 2)
    parts = write(tmp_path / "table", rows)
    wanted = [Proposal("a", "random", 0, 0, 1, rows[0].architecture)]
    replayer = Replayer.read(parts, wanted, replay_record(parts, RECIPE, DATASET))
    cache = EvaluationCache(tmp_path / "cache", "replay", RECIPE.recipe_id)
    with pytest.raises(EvaluationsError, match=r"has no training of normal:.*\(replicate 1\)"):
        evaluate_shard(wanted, RECIPE, replayer, cache)


def test_only_our_trainings_of_the_same_recipe_and_images_are_replayed(
    tmp_path: Path, evaluation: Evaluation
) -> None:
    parts = write(tmp_path / "real", trainings(evaluation, 2))
    with pytest.raises(ConfigError, match=r"training.recipe: has id .* were made with"):
        replay_record(parts, replace(RECIPE, epochs=3), DATASET)
    with pytest.raises(ConfigError, match="dataset: is not that of the trainings"):
        replay_record(parts, RECIPE, replace(DATASET, train_images=200))
    simulated = write(tmp_path / "sim", trainings(evaluation, 2, evaluator="simulate"))
    with pytest.raises(EvaluationsError, match="evaluations by 'simulate'; only nasforge's own"):
        replay_record(simulated, RECIPE, DATASET)

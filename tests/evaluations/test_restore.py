"""Restoring: published parts fill the cache with what was cached."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from nasforge.errors import EvaluationsError
from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.restore import Restored, restore_cache
from nasforge.evaluations.schema import Evaluation
from nasforge.evaluations.tables import Provenance, write_curves, write_evaluations
from nasforge.recipe import DatasetSpec, Recipe
from nasforge.space import DARTS

RECIPE = Recipe(cells=3, channels=4, epochs=2, batch_size=32, learning_rate=0.1)
SPEC = DatasetSpec("digits", 8, 100, 50, 50)
PROVENANCE = Provenance({RECIPE.recipe_id: RECIPE.record}, {SPEC.dataset_id({}): SPEC.record({})})


@pytest.fixture
def rows(evaluation: Evaluation) -> list[Evaluation]:
    """Two replicates of one network, with their curves."""
    first = dataclasses.replace(
        evaluation, recipe_id=RECIPE.recipe_id, dataset_id=SPEC.dataset_id({})
    )
    rows = [dataclasses.replace(first, replicate=replicate) for replicate in (0, 1)]
    return [dataclasses.replace(row, evaluation_id=row.key.evaluation_id) for row in rows]


def write_part(folder: Path, name: str, rows: list[Evaluation]) -> None:
    write_evaluations(folder / "evaluations" / f"{name}.parquet", rows, PROVENANCE)
    write_curves(folder / "curves" / f"{name}.parquet", rows, PROVENANCE)


def test_the_cache_gets_back_what_it_had(tmp_path: Path, rows: list[Evaluation]) -> None:
    write_part(tmp_path / "data", "random-g0", rows[:1])
    write_part(tmp_path / "data", "random-g1", rows)
    assert restore_cache(tmp_path / "data", tmp_path / "cache") == Restored(3, 2)
    cache = EvaluationCache(tmp_path / "cache", "train", RECIPE.recipe_id)
    for row in rows:
        assert cache.get(row.evaluation_id) == row
    assert restore_cache(tmp_path / "data", tmp_path / "cache") == Restored(3, 0)


def test_a_later_attempt_replaces_an_earlier_one(tmp_path: Path, rows: list[Evaluation]) -> None:
    cache = EvaluationCache(tmp_path / "cache", "train", RECIPE.recipe_id)
    cache.put(dataclasses.replace(rows[0], status="failed", error="OSError: gone"))
    later = dataclasses.replace(rows[0], attempts=rows[0].attempts + 1)
    write_part(tmp_path / "data", "random-g0", [later])
    assert restore_cache(tmp_path / "data", tmp_path / "cache") == Restored(1, 1)
    assert cache.get(later.evaluation_id) == later


def test_a_folder_without_parts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationsError, match=r"no evaluations/\*\.parquet there"):
        restore_cache(tmp_path, tmp_path / "cache")


def test_a_row_with_anothers_id_is_refused(tmp_path: Path, rows: list[Evaluation]) -> None:
    forged = dataclasses.replace(rows[0], replicate=7)
    write_part(tmp_path / "data", "random-g0", [forged])
    with pytest.raises(EvaluationsError, match="does not belong to its fields"):
        restore_cache(tmp_path / "data", tmp_path / "cache")


def test_a_row_with_anothers_architecture_is_refused(
    tmp_path: Path, rows: list[Evaluation]
) -> None:
    other = DARTS.format(DARTS.canonical(DARTS.sample(np.random.default_rng(0))))
    forged = dataclasses.replace(rows[0], architecture=other)
    write_part(tmp_path / "data", "random-g0", [forged])
    with pytest.raises(EvaluationsError, match="is not that of its architecture"):
        restore_cache(tmp_path / "data", tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_published_evaluations_can_be_restored(tmp_path: Path) -> None:
    folder = Path(__file__).parents[2] / "data" / "darts-cifar10-cpu"
    restored = restore_cache(folder, tmp_path)
    assert restored.added == restored.evaluations >= 120

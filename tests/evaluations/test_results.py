"""What a sampler is told of its past."""

import dataclasses
import math
from pathlib import Path

import pytest

from nasforge.evaluations.results import replicate_zero_results
from nasforge.evaluations.schema import Evaluation
from nasforge.evaluations.tables import Provenance, write_evaluations
from nasforge.recipe import DatasetSpec, Recipe

RECIPE = Recipe(cells=3, channels=4, epochs=2, batch_size=32, learning_rate=0.1)
SPEC = DatasetSpec("digits", 8, 100, 50, 50)
PROVENANCE = Provenance({RECIPE.recipe_id: RECIPE.record}, {SPEC.dataset_id({}): SPEC.record({})})


def test_the_first_training_of_every_architecture_is_told(
    tmp_path: Path, evaluation: Evaluation
) -> None:
    first = dataclasses.replace(
        evaluation, recipe_id=RECIPE.recipe_id, dataset_id=SPEC.dataset_id({})
    )
    replicate = dataclasses.replace(first, replicate=1, val_accuracy=0.99)
    failed = dataclasses.replace(
        first,
        architecture_id="f" * 16,
        status="failed",
        val_accuracy=math.nan,
        train_time_s=math.nan,
    )
    files = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    write_evaluations(files[0], [replicate, first], PROVENANCE)
    write_evaluations(files[1], [failed], PROVENANCE)
    results = replicate_zero_results(files)
    assert set(results) == {first.architecture_id, "f" * 16}
    assert results[first.architecture_id] == (0.5, 3.5)
    assert results["f" * 16] == (pytest.approx(math.nan, nan_ok=True),) * 2


def test_no_past_is_nothing_told() -> None:
    assert replicate_zero_results([]) == {}

"""The trained network is known where records and counts agree, and nowhere else."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from nasforge.evaluations.network import find_network
from nasforge.recipe import DatasetSpec, NetworkShape, Recipe
from nasforge.space import DARTS

RECIPE = Recipe(cells=3, channels=4, epochs=2, batch_size=32, learning_rate=0.1)
DATASET = DatasetSpec("digits", 8, 100, 50, 50)
RECORDS = RECIPE.record, DATASET.record({})
GENOTYPES = [DARTS.sample(np.random.default_rng(seed)) for seed in range(5)]
SHAPES = [
    NetworkShape(cells=3, channels=4, image_size=8, classes=classes) for classes in (1, 10, 100)
]


def counts(shape: NetworkShape) -> dict[Any, int]:
    return {genotype: DARTS.params(genotype, shape) for genotype in GENOTYPES}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_recipe_of_ours_needs_the_number_of_classes(shape: NetworkShape) -> None:
    assert find_network(DARTS, *RECORDS, counts(shape)) == shape


def test_an_imported_record_may_state_its_network() -> None:
    shape = NetworkShape(cells=8, channels=32, image_size=32, classes=10, auxiliary_head=True)
    network = dataclasses.asdict(shape)
    del network["classes"]
    assert find_network(DARTS, {"network": network}, {}, counts(shape)) == shape


def test_counts_that_differ_leave_it_unknown(caplog: pytest.LogCaptureFixture) -> None:
    recorded = counts(SHAPES[1])
    recorded[GENOTYPES[3]] += 1
    assert find_network(DARTS, *RECORDS, recorded) is None
    assert "the space counts" in caplog.text
    recorded[GENOTYPES[0]] += 1
    assert find_network(DARTS, *RECORDS, recorded) is None
    assert find_network(DARTS, *RECORDS, {GENOTYPES[0]: 0}) is None


@pytest.mark.parametrize(
    "records",
    [
        ({}, {}),
        ({"imported": "x"}, {"imported": "x"}),
        ({"network": 3}, {}),
        ({"network": {"cells": 10**9, "channels": 4, "image_size": 8}}, {}),
        ({"network": {"cells": 3, "channels": 4, "image_size": 8, "depth": 3}}, {}),
        (RECIPE.record, {}),
        (RECIPE.record, {"dataset": 3}),
    ],
    ids=str,
)
def test_records_that_do_not_tell_leave_it_unknown(records: tuple[dict, dict]) -> None:
    assert find_network(DARTS, *records, counts(SHAPES[1])) is None


def test_without_recorded_parameters_or_counts_it_is_unknown() -> None:
    class Costless:
        """No `params`."""

    assert find_network(DARTS, *RECORDS, {}) is None
    assert find_network(Costless(), *RECORDS, counts(SHAPES[1])) is None

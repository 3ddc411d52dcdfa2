"""The probe: nested replacements of a cell's operations."""

import itertools

import pytest

from nasforge.errors import OptimizerError
from nasforge.optimizers.parameter_free import PARAMETER_FREE, ParameterFree
from nasforge.optimizers.table_space import TableSpace
from nasforge.space import DARTS
from nasforge.space.darts import Genotype


def free(genotype: Genotype) -> list[bool]:
    return [edge.operation in PARAMETER_FREE for edge in (*genotype.normal, *genotype.reduce)]


def test_a_growing_share_of_every_cell_is_replaced() -> None:
    genotypes = ParameterFree(DARTS, seed=0).ask(20)
    assert len({DARTS.architecture_id(genotype) for genotype in genotypes}) == 20
    for start in range(0, 20, 5):
        series = genotypes[start : start + 5]
        assert [sum(free(genotype)) for genotype in series] == [0, 4, 8, 12, 16]
        for before, after in itertools.pairwise(series):
            edges = [(*genotype.normal, *genotype.reduce) for genotype in (before, after)]
            # Inputs stay, what was replaced stays, and only parameter-free ones come in.
            for old, new in zip(*edges, strict=True):
                assert old.input == new.input
                assert old == new or (
                    old.operation not in PARAMETER_FREE and new.operation in PARAMETER_FREE
                )


def test_it_is_a_function_of_its_seed() -> None:
    asked = [ParameterFree(DARTS, seed=seed).ask(7) for seed in (1, 1, 2)]
    assert asked[0] == asked[1] != asked[2]


def test_it_knows_the_operations_of_darts_only() -> None:
    class Other:
        name = "other"

    with pytest.raises(OptimizerError, match="not those of 'other'"):
        ParameterFree(Other(), seed=0)


def test_it_cannot_stay_within_a_table() -> None:
    table = TableSpace(DARTS, ParameterFree(DARTS, seed=0).ask(10))
    with pytest.raises(OptimizerError, match="networks that a table does not hold"):
        ParameterFree(table, seed=0)


def test_what_was_seen_is_not_proposed_again() -> None:
    sampler = ParameterFree(DARTS, seed=0)
    asked = [*sampler.ask(7), *sampler.ask(7)]
    assert len({DARTS.architecture_id(genotype) for genotype in asked}) == 14

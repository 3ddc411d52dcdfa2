"""Genotypes as vectors of 22 choices."""

from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasforge.errors import GenotypeError
from nasforge.space import DARTS
from nasforge.space.darts.genotype import Edge, Genotype
from nasforge.space.darts.vector import from_vector, to_vector

vectors = st.tuples(*(st.integers(0, number - 1) for _, number in DARTS.variables))
ZERO = (0,) * 22


@given(vectors)
def test_vector_round_trip(vector: tuple[int, ...]) -> None:
    result = to_vector(from_vector(vector))
    assert result.dtype == np.uint8
    assert tuple(result) == vector


def test_sampled_genotypes_round_trip() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        genotype = DARTS.sample(rng)
        assert from_vector(to_vector(genotype)) == genotype


@given(vectors, st.integers(0, 2**8 - 1))
def test_a_vector_knows_no_order_of_a_nodes_edges(vector: tuple[int, ...], swaps: int) -> None:
    genotype = from_vector(vector)
    order = [i ^ (swaps >> i // 2 & 1) for i in range(8)]
    swapped = Genotype(
        tuple(genotype.normal[i] for i in order), tuple(genotype.reduce[i] for i in order)
    )
    assert tuple(to_vector(swapped)) == vector


def test_variables_are_those_of_the_design() -> None:
    names = [name for name, _ in DARTS.variables]
    assert len(set(names)) == 22
    numbers = [number for _, number in DARTS.variables]
    assert numbers == 2 * ([7] * 8 + [3, 6, 10])
    assert DARTS.size == (7**8 * 180) ** 2


def test_a_variable_is_what_its_name_says() -> None:
    names = [name for name, _ in DARTS.variables]
    vector = list(ZERO)
    vector[names.index("reduce_node4_operation_b")] = 6
    vector[names.index("reduce_node4_inputs")] = 5
    genotype = from_vector(vector)
    assert genotype.reduce[4:6] == (Edge("max_pool_3x3", 2), Edge("dil_conv_5x5", 3))
    assert genotype.normal == from_vector(ZERO).normal


@pytest.mark.parametrize("length", [0, 21, 23])
def test_wrong_length_is_refused(length: int) -> None:
    with pytest.raises(GenotypeError, match=f"{length} choices, must be 22"):
        from_vector([0] * length)


@pytest.mark.parametrize("position", range(22))
def test_choice_out_of_range_is_refused_by_name(position: int) -> None:
    name, number = DARTS.variables[position]
    for choice in (-1, number, 255):
        vector = [*ZERO[:position], choice, *ZERO[position + 1 :]]
        with pytest.raises(GenotypeError, match=f"{name}: choice {choice} is out of range"):
            from_vector(vector)


def test_to_vector_of_something_else_is_refused() -> None:
    with pytest.raises(GenotypeError, match=r"a str is no genotype; use DARTS\.parse"):
        DARTS.to_vector(str(from_vector(ZERO)))


Named = namedtuple("Genotype", "normal normal_concat reduce reduce_concat")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (Named([], range(2, 6), [], range(2, 6)), r"a DARTS namedtuple .*parse\(str\(genotype\)\)"),
        ({"edge_normal_0": "skip_connect"}, "a dict .*genotype_from_config"),
        ((((0, 1),) * 8,) * 2, "a tuple .*genotype_from_compact"),
        ([0] * 22, r"a list .*DARTS\.from_vector"),
        (np.zeros(22, np.uint8), r"a ndarray .*DARTS\.from_vector"),
    ],
)
def test_what_holds_a_genotype_is_told_how_to_be_read(value: object, message: str) -> None:
    with pytest.raises(GenotypeError, match=message):
        DARTS.canonical(value)

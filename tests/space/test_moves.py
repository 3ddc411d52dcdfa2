"""Sampling, mutation and neighbours."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nasforge.space import DARTS
from nasforge.space.darts import moves
from nasforge.space.darts.genotype import Genotype

vectors = st.tuples(*(st.integers(0, number - 1) for _, number in DARTS.variables))
CHI_SQUARE_LIMIT = {7: 27.86, 3: 18.42, 6: 25.74, 10: 33.72}
"""Quantiles at 1 - 1e-4 by number of choices; the seed is fixed, so the test is too."""


def differences(a: Genotype, b: Genotype) -> list[tuple[str, int, bool, bool]]:
    """(cell, node, inputs differ, operations differ) of nodes that are not the same."""
    found = []
    for kind in ("normal", "reduce"):
        for node in range(4):
            one, other = (
                {edge.input: edge.operation for edge in getattr(g, kind)[2 * node : 2 * node + 2]}
                for g in (a, b)
            )
            if one != other:
                inputs_differ = set(one) != set(other)
                if inputs_differ:
                    # One edge moved: the other stayed, and the moved one kept its operation.
                    (kept,) = set(one) & set(other)
                    operations_differ = one[kept] != other[kept] or sorted(one.values()) != sorted(
                        other.values()
                    )
                else:
                    assert sum(one[source] != other[source] for source in one) == 1
                    operations_differ = True
                found.append((kind, node, inputs_differ, operations_differ))
    return found


@pytest.fixture(scope="module")
def sampled() -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.stack([DARTS.to_vector(DARTS.sample(rng)) for _ in range(3000)])


@pytest.mark.parametrize("position", range(22))
def test_sample_is_uniform_in_every_variable(sampled: np.ndarray, position: int) -> None:
    number = DARTS.variables[position][1]
    counts = np.bincount(sampled[:, position], minlength=number)
    assert len(counts) == number
    expected = len(sampled) / number
    assert ((counts - expected) ** 2 / expected).sum() < CHI_SQUARE_LIMIT[number]


def test_sampled_variables_are_independent(sampled: np.ndarray) -> None:
    correlations = np.corrcoef(sampled.T) - np.eye(22)
    assert np.abs(correlations).max() < 0.085  # 4.6 standard errors


def test_same_seed_samples_the_same() -> None:
    assert DARTS.sample(np.random.default_rng(5)) == DARTS.sample(np.random.default_rng(5))


@given(vectors, st.integers(0, 2**32 - 1))
def test_mutate_changes_one_operation_or_one_input(vector: tuple[int, ...], seed: int) -> None:
    genotype = DARTS.from_vector(vector)
    mutant = DARTS.mutate(genotype, np.random.default_rng(seed))
    ((_, _, inputs_differ, operations_differ),) = differences(genotype, mutant)
    assert inputs_differ != operations_differ
    # Valid, and in the order of `sample`.
    assert DARTS.from_vector(DARTS.to_vector(mutant)) == mutant
    assert mutant in set(moves.neighbours(genotype))


def test_mutate_changes_cells_and_kinds_equally_often() -> None:
    rng = np.random.default_rng(2)
    genotype = DARTS.sample(rng)
    changes = [differences(genotype, DARTS.mutate(genotype, rng))[0] for _ in range(1000)]
    assert 440 < sum(kind == "normal" for kind, *_ in changes) < 560
    assert 440 < sum(inputs_differ for _, _, inputs_differ, _ in changes) < 560


def test_mutate_reaches_every_neighbour() -> None:
    rng = np.random.default_rng(3)
    genotype = DARTS.sample(rng)
    reached = {DARTS.mutate(genotype, rng) for _ in range(4000)}
    assert reached == set(moves.neighbours(genotype))


@given(vectors)
def test_there_are_120_raw_neighbours(vector: tuple[int, ...]) -> None:
    raw = list(moves.neighbours(DARTS.from_vector(vector)))
    assert len(raw) == len(set(raw)) == 120


@given(vectors)
@settings(max_examples=30)
def test_neighbours_are_all_other_networks_one_change_away(vector: tuple[int, ...]) -> None:
    genotype = DARTS.from_vector(vector)
    networks = [DARTS.canonical(neighbour) for neighbour in DARTS.neighbours(genotype)]
    assert len(set(networks)) == len(networks)
    expected = {DARTS.canonical(neighbour) for neighbour in moves.neighbours(genotype)}
    assert set(networks) == expected - {DARTS.canonical(genotype)}


@given(vectors)
@settings(max_examples=10)
def test_neighbours_are_mutual_as_networks(vector: tuple[int, ...]) -> None:
    genotype = DARTS.from_vector(vector)
    network = DARTS.canonical(genotype)
    for neighbour in DARTS.neighbours(genotype)[::10]:
        assert network in {DARTS.canonical(back) for back in DARTS.neighbours(neighbour)}


def test_a_change_that_gives_the_same_network_is_no_neighbour() -> None:
    # Nodes 2 and 3 are alike, so moving node 4's edge from one to the other changes nothing.
    cell = "skip_connect@0+skip_connect@1/" * 2
    rest = "skip_connect@0+skip_connect@2/skip_connect@0+skip_connect@1"
    genotype = DARTS.parse(f"normal:{cell}{rest}-reduce:{cell}{rest}")
    networks = {DARTS.canonical(neighbour) for neighbour in moves.neighbours(genotype)}
    assert DARTS.canonical(genotype) in networks
    assert DARTS.canonical(genotype) not in map(DARTS.canonical, DARTS.neighbours(genotype))

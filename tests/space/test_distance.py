"""Edit distances: relabelling is free, a mutation is one edit, and distances are a metric."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nasforge.space import DARTS
from nasforge.space.darts.distance import edit_distances

seeds = st.integers(0, 10_000)


def distance(a: object, b: object) -> int:
    return int(edit_distances([a], [b])[0, 0])


@given(seeds)
def test_a_network_is_0_from_its_canonical_form(seed: int) -> None:
    genotype = DARTS.sample(np.random.default_rng(seed))
    assert distance(genotype, DARTS.canonical(genotype)) == 0


@given(seeds)
def test_only_the_same_network_is_at_0(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = DARTS.sample(rng)
    b = DARTS.mutate(DARTS.mutate(a, rng), rng)
    assert (distance(a, b) == 0) == (DARTS.architecture_id(a) == DARTS.architecture_id(b))


@given(seeds, st.integers(1, 4))
def test_so_many_mutations_are_at_most_so_many_edits(seed: int, mutations: int) -> None:
    rng = np.random.default_rng(seed)
    a = b = DARTS.sample(rng)
    for _ in range(mutations):
        b = DARTS.mutate(b, rng)
    assert distance(DARTS.canonical(a), DARTS.canonical(b)) <= mutations


@given(seeds)
def test_distances_are_symmetric(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = DARTS.sample(rng), DARTS.sample(rng)
    assert distance(a, b) == distance(b, a)


def test_neighbours_are_one_edit_away() -> None:
    genotype = DARTS.sample(np.random.default_rng(0))
    neighbours = DARTS.neighbours(genotype)
    assert set(edit_distances([DARTS.canonical(genotype)], neighbours)[0]) == {1}

"""Regularized evolution: who becomes a parent, and that it searches."""

import math

import numpy as np
import pytest

from nasforge.errors import OptimizerError
from nasforge.optimizers import Observations, RandomSearch, RegularizedEvolution
from nasforge.space import DARTS


def told(space, values, population_size, sample_size, seed=1):
    """An optimizer that was told these values, and the words they belong to, in order."""
    optimizer = RegularizedEvolution(
        space, seed, population_size=population_size, sample_size=sample_size
    )
    words = sorted(space.networks())[:: len(space.networks()) // len(values)][: len(values)]
    optimizer.tell(Observations.of_batch(words, values, [1.0] * len(values), 0))
    return optimizer, words


def test_it_draws_at_random_until_the_population_is_full(bit_space):
    optimizer, _ = told(bit_space, [0.5] * 9, population_size=10, sample_size=2)
    optimizer.ask(20)
    assert bit_space.parents == []
    optimizer.tell(Observations.of_batch(optimizer.ask(1), [0.5], [1.0], 1))
    optimizer.ask(20)
    assert len(bit_space.parents) >= 20


def test_children_are_mutants_of_parents(bit_space):
    optimizer, words = told(bit_space, [0.5] * 10, population_size=10, sample_size=2)
    for child in optimizer.ask(20):
        assert min(sum(a != b for a, b in zip(child, word, strict=True)) for word in words) == 1


def test_the_best_of_a_large_sample_is_the_parent(bit_space):
    values = [0.1, 0.9, 0.5, 0.2]
    optimizer, words = told(bit_space, values, population_size=4, sample_size=4)
    optimizer.ask(10)
    # 1 - (3/4)^4 = 68 % of samples hold the best; without selection it would be 25 %.
    share = bit_space.parents.count(words[1]) / len(bit_space.parents)
    assert share > 0.45


def test_a_sample_of_one_is_no_selection(bit_space):
    optimizer, words = told(bit_space, [0.1, 0.9, 0.5, 0.2], population_size=4, sample_size=1)
    optimizer.ask(12)
    assert set(bit_space.parents) == set(words)


def test_the_oldest_leave_the_population_however_good(bit_space):
    values = [0.9, 0.9, 0.9, 0.3, 0.2, 0.1]
    optimizer, words = told(bit_space, values, population_size=3, sample_size=3)
    optimizer.ask(15)
    assert set(bit_space.parents) <= set(words[3:])
    assert words[3] in bit_space.parents


def test_failed_trainings_are_no_parents(bit_space):
    values = [math.nan, 0.0, 0.1] * 10
    # A sample of 40 that holds nothing but failed ones has probability 3^-40.
    optimizer, words = told(bit_space, values, population_size=40, sample_size=40)
    optimizer.tell(Observations.of_batch(words[:10], [math.nan] * 10, [1.0] * 10, 1))
    optimizer.ask(15)
    worked = {word for word, value in zip(words, values, strict=True) if value >= 0}
    assert bit_space.parents
    assert set(bit_space.parents) <= worked


def test_failed_trainings_are_parents_if_there_are_no_others(bit_space):
    optimizer, words = told(bit_space, [math.nan] * 4, population_size=4, sample_size=2)
    assert len(optimizer.ask(10)) == 10
    assert set(bit_space.parents) <= set(words)


@pytest.mark.parametrize(("population", "sample"), [(10, 11), (10, 0), (10, "a"), (5, -1)])
def test_settings_out_of_range_are_refused(population, sample):
    with pytest.raises(OptimizerError, match=f"sample_size {sample!r} must be a whole number"):
        RegularizedEvolution(DARTS, 1, population_size=population, sample_size=sample)
    with pytest.raises(OptimizerError, match="population_size 0 must be a whole number, at least"):
        RegularizedEvolution(DARTS, 1, population_size=0, sample_size=0)


def best_found(optimizer, target, generations=12, size=15):
    best = 0.0
    for generation in range(generations):
        batch = optimizer.ask(size)
        values = [(DARTS.to_vector(architecture) == target).mean() for architecture in batch]
        optimizer.tell(Observations.of_batch(batch, values, [1.0] * size, generation))
        best = max(best, *values)
    return best


def test_it_beats_random_search_on_a_smooth_landscape():
    wins = 0
    for seed in range(8):
        target = DARTS.to_vector(DARTS.sample(np.random.default_rng(100 + seed)))
        evolution = RegularizedEvolution(DARTS, seed, population_size=30, sample_size=10)
        wins += best_found(evolution, target) > best_found(RandomSearch(DARTS, seed), target)
    assert wins >= 7

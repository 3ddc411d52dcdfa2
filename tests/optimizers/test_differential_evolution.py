"""Differential evolution: who competes with whom, and where trials come from."""

import math

import numpy as np
import pytest

from nasforge.errors import OptimizerError
from nasforge.optimizers import DifferentialEvolution, Observations
from nasforge.space import DARTS


def told(space, words, values, **settings):
    optimizer = DifferentialEvolution(space, 1, population_size=len(words), **settings)
    optimizer.tell(Observations.of_batch(words, values, [1.0] * len(words), 0))
    return optimizer


def tell(optimizer, batch, values):
    optimizer.tell(Observations.of_batch(batch, values, [1.0] * len(batch), 1))


def members(optimizer, space):
    """The population as words, which is what its places mean."""
    return [tuple(map(int, place * 2)) for place in optimizer._places]


def words_of(space, number):
    return sorted(space.networks())[:: len(space.networks()) // number][:number]


def test_members_are_within_the_bins_of_their_choices(bit_space):
    words = words_of(bit_space, 6)
    optimizer = told(bit_space, words, [0.5] * 6)
    assert members(optimizer, bit_space) == words
    assert len(np.unique(optimizer._places)) == 6 * 12  # not the centres


def test_a_trial_replaces_the_member_it_was_made_for(bit_space):
    words = words_of(bit_space, 4)
    optimizer = told(bit_space, words, [0.1, 0.2, 0.3, 0.4])
    trials = optimizer.ask(3)
    # Told in another order than they were asked for, as asynchronous workers do.
    tell(optimizer, [trials[2], trials[0], trials[1]], [0.0, 0.1, 0.9])
    assert members(optimizer, bit_space) == [trials[0], trials[1], words[2], words[3]]


def test_what_was_never_asked_for_takes_turns(bit_space):
    words = words_of(bit_space, 8)
    optimizer = told(bit_space, words[:4], [0.1, 0.2, 0.3, 0.4])
    tell(optimizer, words[4:], [0.0, 0.5, 0.0, 0.5])
    assert members(optimizer, bit_space) == [words[0], words[5], words[2], words[7]]


def test_failed_trials_lose_and_failed_members_are_replaced(bit_space):
    words = words_of(bit_space, 6)
    optimizer = told(bit_space, words[:4], [math.nan, 0.2, 0.3, 0.4])
    tell(optimizer, words[4:], [0.0, math.nan])
    assert members(optimizer, bit_space) == [words[4], *words[1:4]]


def test_without_crossover_and_difference_a_trial_has_one_choice_of_another(bit_space):
    words = words_of(bit_space, 4)
    optimizer = told(bit_space, words, [0.5] * 4, mutation_factor=0.0, crossover_rate=0.0)
    batch = optimizer.ask(3)
    for member, trial in zip(words, batch, strict=False):
        differing = [i for i in range(12) if member[i] != trial[i]]
        assert len(differing) == 1
        assert any(word[differing[0]] == trial[differing[0]] for word in words)


def test_two_optimizers_that_were_told_the_same_go_on_alike():
    rng = np.random.default_rng(0)
    batch = [DARTS.sample(rng) for _ in range(30)]
    values = rng.random(30)
    asked = []
    for parts in ([30], [7, 13, 10]):
        optimizer, start = DifferentialEvolution(DARTS, 5), 0
        for size in parts:
            tell(optimizer, batch[start : start + size], values[start : start + size])
            start += size
        asked.append(optimizer.ask(10))
    assert asked[0] == asked[1]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"population_size": 3}, "population_size 3 must be a whole number, at least 4"),
        ({"mutation_factor": 2.5}, "mutation_factor 2.5 must be a number from 0 to 2"),
        ({"crossover_rate": math.nan}, "crossover_rate nan must be a number from 0 to 1"),
        ({"crossover_rate": "high"}, "crossover_rate 'high' must be a number"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(OptimizerError, match=message):
        DifferentialEvolution(DARTS, 1, **settings)

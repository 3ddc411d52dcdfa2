"""The Parzen estimator: its densities, and what it makes of them."""

import math

import numpy as np
import pytest

from nasforge.errors import OptimizerError
from nasforge.optimizers import Observations, TreeParzenEstimator


def told(space, words, values, **settings):
    optimizer = TreeParzenEstimator(space, 1, initial_size=len(words), **settings)
    optimizer.tell(Observations.of_batch(words, values, [1.0] * len(words), 0))
    return optimizer


def test_densities_are_counts_and_a_uniform_prior(tiny_space):
    words = [(0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 1, 1)]
    optimizer = told(tiny_space, words, [0.9, 0.8, 0.1, math.nan], good_fraction=0.5)
    good, bad = optimizer._split()
    # (0 + 1, 1 + 1, ...) of two observations and two choices.
    np.testing.assert_allclose(optimizer._density(good), [3 / 4, 1 / 4] * 2 + [2 / 4, 2 / 4])
    np.testing.assert_allclose(optimizer._density(bad), [2 / 4, 2 / 4, 1 / 4, 3 / 4, 1 / 4, 3 / 4])


def test_a_network_has_one_vector(tiny_space):
    optimizer = told(tiny_space, [(1, 0, 0), (0, 0, 1)], [0.5, 0.5])
    assert optimizer._columns[0].tolist() == optimizer._columns[1].tolist()


def test_it_is_random_until_enough_was_told(bit_space):
    optimizer = TreeParzenEstimator(bit_space, 1, initial_size=5)
    words = sorted(bit_space.networks())
    optimizer.tell(Observations.of_batch(words[:4], [0.5] * 4, [1.0] * 4, 0))
    expected = [bit_space.sample(rng) for rng in [np.random.default_rng(1)] for _ in range(3)]
    assert optimizer.ask(3) == expected


def test_it_prefers_what_the_good_ones_have(bit_space):
    rng = np.random.default_rng(0)
    words = [bit_space.canonical(bit_space.sample(rng)) for _ in range(200)]
    # Both, for a word and its mirror image are the same network.
    values = [float(word[5] + word[6]) + 0.01 * rng.random() for word in words]
    batch = told(bit_space, words, values).ask(50)
    assert np.mean([word[5] + word[6] == 2 for word in batch]) > 0.8


def test_it_works_with_any_number_of_candidates(bit_space):
    words = sorted(bit_space.networks())[:30]
    assert len(set(told(bit_space, words, np.arange(30.0), candidates=1).ask(40))) == 40


def test_it_keeps_only_part_of_a_long_history(bit_space):
    words = sorted(bit_space.networks())[:40]
    optimizer = told(bit_space, words, np.arange(40.0), max_history=10)
    assert sum(map(len, optimizer._split())) == 10
    assert len(optimizer.ask(5)) == 5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"initial_size": 1}, "initial_size 1 must be a whole number, at least 2"),
        ({"candidates": 0}, "candidates 0 must be"),
        ({"good_fraction": -0.1}, "good_fraction -0.1 must be a number from 0 to 1"),
        ({"max_history": 1}, "max_history 1 must be"),
    ],
)
def test_settings_out_of_range_are_refused(bit_space, settings, message):
    with pytest.raises(OptimizerError, match=message):
        TreeParzenEstimator(bit_space, 1, **settings)

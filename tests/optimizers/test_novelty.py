"""Batches of architectures that are distinct as networks."""

import itertools

import numpy as np
import pytest

from nasforge.errors import OptimizerError
from nasforge.optimizers.novelty import TRIES, Novelty


def drawing(*words):
    """Draw these words in turn, for ever."""
    return itertools.cycle(words).__next__


def test_a_batch_is_in_the_order_of_the_draws_and_as_drawn(tiny_space):
    batch = Novelty(tiny_space).batch(3, drawing((1, 0, 0), (1, 1, 1), (0, 1, 0)))
    assert batch == [(1, 0, 0), (1, 1, 1), (0, 1, 0)]


def test_the_same_network_is_taken_once(tiny_space):
    batch = Novelty(tiny_space).batch(2, drawing((1, 0, 0), (0, 0, 1), (1, 0, 0), (1, 1, 1)))
    assert batch == [(1, 0, 0), (1, 1, 1)]


def test_networks_of_earlier_batches_are_not_taken_again(tiny_space):
    novelty = Novelty(tiny_space)
    assert novelty.batch(1, drawing((1, 0, 0))) == [(1, 0, 0)]
    assert novelty.batch(1, drawing((0, 0, 1), (1, 1, 1))) == [(1, 1, 1)]


def test_added_networks_are_not_taken(tiny_space):
    novelty = Novelty(tiny_space)
    novelty.add([(0, 0, 1), (0, 0, 0)])
    assert novelty.batch(1, drawing((1, 0, 0), (0, 0, 0), (0, 1, 0))) == [(0, 1, 0)]


def test_last_resort_is_drawn_from_only_when_nothing_new_comes(tiny_space):
    novelty = Novelty(tiny_space)
    novelty.add([(0, 0, 0)])
    draws = []

    def draw():
        draws.append(None)
        return (0, 0, 0)

    assert novelty.batch(1, draw, last_resort=drawing((0, 1, 0))) == [(0, 1, 0)]
    assert len(draws) == TRIES
    assert novelty.batch(1, drawing((1, 1, 1)), last_resort=None) == [(1, 1, 1)]


def test_seen_networks_are_the_very_last_resort(tiny_space):
    novelty = Novelty(tiny_space)
    novelty.add([(0, 0, 0)])
    assert novelty.batch(2, drawing((0, 0, 0), (1, 1, 1))) == [(1, 1, 1), (0, 0, 0)]


def test_all_networks_of_a_space_in_one_batch(tiny_space):
    rng = np.random.default_rng(0)
    batch = Novelty(tiny_space).batch(6, lambda: tiny_space.sample(rng))
    assert {tiny_space.canonical(word) for word in batch} == tiny_space.networks()


def test_more_than_the_space_holds_is_an_error(tiny_space):
    rng = np.random.default_rng(0)
    with pytest.raises(OptimizerError, match=r"asked for 7 distinct .* 'bits' gave only 6"):
        Novelty(tiny_space).batch(7, lambda: tiny_space.sample(rng))


def test_an_empty_batch_draws_nothing(tiny_space):
    assert Novelty(tiny_space).batch(0, pytest.fail) == []


def test_a_draw_can_ask_what_is_new_and_how_many_are_taken(tiny_space):
    novelty = Novelty(tiny_space)
    novelty.add([(0, 0, 0)])
    words = iter([(1, 0, 0), (1, 1, 1)])
    taken, new = [], []

    def draw():
        taken.append(novelty.taken)
        new.append([novelty.is_new(word) for word in ((0, 0, 0), (0, 0, 1), (0, 1, 0))])
        return next(words)

    novelty.batch(2, draw)
    assert taken == [0, 1]
    assert new == [[False, True, True], [False, False, True]]
    assert novelty.taken == 0
    assert not novelty.is_new((1, 1, 1))


def test_a_space_that_lists_its_networks_gives_the_new_ones_that_draws_miss(tiny_space):
    tiny_space.all_networks = lambda: sorted(tiny_space.networks())
    novelty = Novelty(tiny_space)
    novelty.add([(0, 0, 0), (0, 0, 1)])
    assert novelty.batch(2, drawing((0, 0, 0), (1, 0, 0))) == [(0, 1, 0), (0, 1, 1)]
    assert novelty.batch(3, drawing((0, 0, 0))) == [(1, 0, 1), (1, 1, 1), (0, 0, 0)]
    assert len(novelty.batch(6, drawing((0, 0, 0)))) == 6
    with pytest.raises(OptimizerError, match=r"asked for 7 distinct .* 'bits' gave only 6"):
        novelty.batch(7, drawing((0, 0, 0)))

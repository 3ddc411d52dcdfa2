"""What every optimizer promises, for each of them."""

import math

import numpy as np
import pytest

from nasforge.errors import OptimizerError
from nasforge.optimizers import OPTIMIZERS, Observations, make_optimizer, optimizer_class
from nasforge.space import DARTS, SearchSpace

SMALL = {
    "regularized_evolution": {"population_size": 4, "sample_size": 2},
    "differential_evolution": {"population_size": 4},
    "tpe": {"initial_size": 4},
    "bananas": {"initial_size": 4, "batch_size": 3, "candidates": 9},
}

each_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)


def small(name, space, seed=1):
    return make_optimizer(name, space, seed, **SMALL.get(name, {}))


def observed(batch, generation=0):
    values = [DARTS.to_vector(architecture).mean() for architecture in batch]
    return Observations.of_batch(batch, values, [1.0] * len(batch), generation)


def test_the_tiny_space_is_a_search_space(tiny_space):
    assert isinstance(tiny_space, SearchSpace)
    assert len(tiny_space.networks()) == 6


@each_optimizer
@pytest.mark.parametrize("n", [1, 7, 50])
def test_ask_gives_exactly_n_distinct_networks(name, n):
    optimizer = small(name, DARTS)
    for generation in range(3):
        batch = optimizer.ask(n)
        assert len(batch) == n
        assert len({DARTS.architecture_id(architecture) for architecture in batch}) == n
        optimizer.tell(observed(batch, generation))


@each_optimizer
def test_told_networks_are_never_proposed(name, bit_space):
    optimizer = small(name, bit_space)
    words = sorted(bit_space.networks())[:40]
    # Told in the other of their two forms.
    mirrored = [word[::-1] for word in words]
    optimizer.tell(Observations.of_batch(mirrored, np.arange(40.0), [1.0] * 40, 0))
    proposed = {bit_space.canonical(word) for _ in range(10) for word in optimizer.ask(20)}
    assert len(proposed) == 200
    assert not proposed & set(words)


@each_optimizer
def test_same_seed_and_observations_give_the_same_batch(name):
    told = observed(small("random", DARTS, seed=9).ask(12))

    def batches(seed):
        optimizer = small(name, DARTS, seed)
        optimizer.tell(told)
        return [optimizer.ask(10), optimizer.ask(10)]

    assert batches(1) == batches(1)
    assert batches(1) != batches(2)


@each_optimizer
def test_telling_at_once_or_in_parts_is_the_same(name):
    rows = observed(small("random", DARTS, seed=9).ask(12)).rows
    whole, parts = small(name, DARTS), small(name, DARTS)
    whole.tell(Observations(rows))
    for start in range(0, 12, 5):
        parts.tell(Observations(rows[start : start + 5]))
    assert whole.ask(10) == parts.ask(10)


@each_optimizer
def test_new_networks_come_first_and_repeats_after_exhaustion(name, tiny_space):
    optimizer = small(name, tiny_space)
    seen = set()
    for generation, new in enumerate([2, 2, 2, 0, 0]):
        batch = optimizer.ask(2)
        networks = {tiny_space.canonical(word) for word in batch}
        assert len(networks) == 2
        assert len(networks - seen) == new
        seen |= networks
        optimizer.tell(Observations.of_batch(batch, [0.5, 0.6], [1.0, 1.0], generation))
    assert seen == tiny_space.networks()


@each_optimizer
def test_a_batch_that_the_space_half_exhausts_is_filled_with_repeats(name, tiny_space):
    optimizer = small(name, tiny_space)
    first = optimizer.ask(4)
    optimizer.tell(Observations.of_batch(first, [0.1, 0.2, 0.3, 0.4], [1.0] * 4, 0))
    second = {tiny_space.canonical(word) for word in optimizer.ask(4)}
    assert len(second) == 4
    assert tiny_space.networks() - {tiny_space.canonical(word) for word in first} <= second


@each_optimizer
def test_more_networks_than_the_space_holds_is_an_error(name, tiny_space):
    with pytest.raises(OptimizerError, match="asked for 7"):
        small(name, tiny_space).ask(7)


@each_optimizer
def test_an_optimizer_works_when_everything_failed(name):
    optimizer = small(name, DARTS)
    batch = optimizer.ask(8)
    optimizer.tell(Observations.of_batch(batch, [math.nan] * 8, [math.nan] * 8, 0))
    assert len(set(optimizer.ask(8)) - set(batch)) == 8


def test_feedback_is_declared():
    assert not optimizer_class("random").uses_feedback
    assert optimizer_class("regularized_evolution").uses_feedback


def test_random_search_does_not_look_at_values():
    batch = small("random", DARTS, seed=9).ask(12)
    asked = []
    for values in ([0.0] * 12, [1.0, 0.0] * 6):
        optimizer = small("random", DARTS)
        optimizer.tell(Observations.of_batch(batch, values, [1.0] * 12, 0))
        asked.append(optimizer.ask(10))
    assert asked[0] == asked[1]


def test_unknown_optimizer_names_the_allowed_ones():
    with pytest.raises(OptimizerError, match=r"'bohb'; allowed: random, regularized_evolution"):
        make_optimizer("bohb", DARTS, 1)


def test_unknown_setting_names_the_allowed_ones():
    with pytest.raises(OptimizerError, match=r"no setting 'size'; allowed: population_size, sam"):
        make_optimizer("regularized_evolution", DARTS, 1, size=3)
    with pytest.raises(OptimizerError, match="random has no setting 'size'; allowed: none"):
        make_optimizer("random", DARTS, 1, size=3)


def test_observations_of_a_batch_are_in_its_order():
    observations = Observations.of_batch(["a", "b"], [0.5, math.nan], [1, 2], generation=3)
    assert [row.architecture for row in observations.rows] == ["a", "b"]
    assert [row.position for row in observations.rows] == [0, 1]
    assert {row.generation for row in observations.rows} == {3}
    assert [row.cost_s for row in observations.rows] == [1.0, 2.0]
    np.testing.assert_array_equal(observations.values(), [0.5, np.nan])
    assert Observations().values().shape == (0,)


def test_observations_need_a_value_for_every_architecture():
    with pytest.raises(ValueError, match="zip"):
        Observations.of_batch(["a", "b"], [0.5], [1.0, 1.0], 0)

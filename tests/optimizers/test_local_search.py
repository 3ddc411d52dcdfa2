"""Local search: when a chain moves, ends and is joined by another one."""

import math

import pytest

from nasforge.errors import OptimizerError
from nasforge.optimizers import LocalSearch, Observations
from nasforge.space import DARTS


def tell(optimizer, batch, values):
    optimizer.tell(Observations.of_batch(batch, values, [1.0] * len(batch), 0))


def networks(space, words):
    return {space.canonical(word) for word in words}


def around(space, word):
    return networks(space, space.neighbours(word))


START = (0, 0, 1, 1, 0, 1, 0, 0, 0, 1, 1, 1)


def test_it_suggests_a_start_and_then_all_its_neighbours(bit_space):
    optimizer = LocalSearch(bit_space, 1)
    start, *rest = optimizer.ask(1 + 12)
    assert networks(bit_space, rest) == around(bit_space, start)


def test_neighbours_are_in_random_order(bit_space):
    orders = set()
    for seed in range(5):
        optimizer = LocalSearch(bit_space, seed)
        tell(optimizer, [START], [0.5])
        orders.add(tuple(optimizer.ask(12)))
    assert len(orders) == 5


def test_best_improvement_waits_for_all_neighbours(bit_space):
    optimizer = LocalSearch(bit_space, 1)
    tell(optimizer, [START], [0.5])
    batch = [optimizer.ask(1)[0] for _ in range(11)]
    for number, word in enumerate(batch):
        tell(optimizer, [word], [0.6 + 0.01 * (number == 4)])
    [last] = optimizer.ask(1)
    assert networks(bit_space, [*batch, last]) == around(bit_space, START)
    tell(optimizer, [last], [0.4])
    assert networks(bit_space, optimizer.ask(11)) <= around(bit_space, batch[4])


def test_first_improvement_moves_at_once(bit_space):
    optimizer = LocalSearch(bit_space, 1, improvement="first")
    tell(optimizer, [START], [0.5])
    worse, better = optimizer.ask(2)
    tell(optimizer, [worse, better], [0.4, 0.6])
    assert networks(bit_space, optimizer.ask(10)) <= around(bit_space, better)


def test_first_improvement_goes_to_the_best_of_a_batch(bit_space):
    optimizer = LocalSearch(bit_space, 1, improvement="first")
    tell(optimizer, [START], [0.5])
    batch = optimizer.ask(4)
    tell(optimizer, batch, [0.6, 0.4, 0.9, 0.7])
    assert networks(bit_space, optimizer.ask(10)) <= around(bit_space, batch[2])


@pytest.mark.parametrize("improvement", ["best", "first"])
def test_it_starts_again_at_the_top(bit_space, improvement):
    optimizer = LocalSearch(bit_space, 1, improvement=improvement)
    tell(optimizer, [START], [0.9])
    tell(optimizer, optimizer.ask(12), [0.5] * 12)
    start, *rest = optimizer.ask(8)
    assert bit_space.canonical(start) not in around(bit_space, START)
    assert networks(bit_space, rest) <= around(bit_space, start)


def test_an_exhausted_neighbourhood_opens_a_second_chain_in_the_same_ask(bit_space):
    optimizer = LocalSearch(bit_space, 1)
    tell(optimizer, [START], [0.5])
    batch = optimizer.ask(20)
    assert networks(bit_space, batch[:12]) == around(bit_space, START)
    assert networks(bit_space, batch[13:]) <= around(bit_space, batch[12])
    # The first chain moves, the second one goes on around its start.
    tell(optimizer, batch, [0.6, *[0.1] * 11, 0.3, *[0.2] * 7])
    neighbours = around(bit_space, batch[0]) | around(bit_space, batch[12])
    assert networks(bit_space, optimizer.ask(15)) <= neighbours


def test_a_new_optimizer_reads_the_chains_from_what_was_told(bit_space):
    first = LocalSearch(bit_space, 1)
    batch = first.ask(20)
    values = [0.5, 0.6, *[0.1] * 11, 0.3, *[0.2] * 6]
    again = LocalSearch(bit_space, 2)
    tell(again, batch, values)
    neighbours = around(bit_space, batch[1]) | around(bit_space, batch[13])
    assert networks(bit_space, again.ask(15)) <= neighbours
    assert len(again._chains) == 2


def test_late_results_of_an_earlier_place_count(bit_space):
    optimizer = LocalSearch(bit_space, 1, improvement="first")
    tell(optimizer, [START], [0.5])
    early, late = optimizer.ask(2)
    tell(optimizer, [early], [0.6])
    tell(optimizer, [late], [0.8])
    assert networks(bit_space, optimizer.ask(10)) <= around(bit_space, late)


def test_failed_neighbours_are_never_moved_to(bit_space):
    optimizer = LocalSearch(bit_space, 1)
    tell(optimizer, [START], [0.5])
    tell(optimizer, optimizer.ask(12), [math.nan] * 12)
    [start] = optimizer.ask(1)
    assert bit_space.canonical(start) not in around(bit_space, START)


def test_two_chains_do_not_go_on_from_the_same_place(bit_space):
    optimizer = LocalSearch(bit_space, 1)
    top = START
    other = tuple(bit ^ (i in (0, 2)) for i, bit in enumerate(top))
    assert bit_space.canonical(other) not in around(bit_space, top)
    between = around(bit_space, top) & around(bit_space, other)
    tell(optimizer, [top, other], [0.5, 0.5])
    rest = sorted((around(bit_space, top) | around(bit_space, other)) - between)
    tell(optimizer, [*between, *rest], [0.9] + [0.6] * (len(between) - 1) + [0.1] * len(rest))
    places = [chain.place for chain in optimizer._chains]
    assert len(places) == len(set(places)) == 1


def test_settings_out_of_range_are_refused():
    with pytest.raises(OptimizerError, match=r"improvement 'any' must be one of best, first"):
        LocalSearch(DARTS, 1, improvement="any")

"""Simulated workers: who starts when, and what the optimizer knows by then."""

import math

import numpy as np
import pytest

from nasforge.errors import OptimizerError
from nasforge.optimizers.backends import Outcomes
from nasforge.optimizers.simulation import CHUNK, simulate


class Scripted:
    """Suggests 0, 1, 2, ... and notes what it is asked and told."""

    uses_feedback = True

    def __init__(self):
        self.next = 0
        self.events = []

    def ask(self, n):
        batch = list(range(self.next, self.next + n))
        self.next += n
        self.events.append(("ask", n))
        return batch

    def tell(self, observations):
        self.events.append(("tell", [row.architecture for row in observations.rows]))
        self.told = observations.rows


class Blind(Scripted):
    uses_feedback = False


def drive(run, costs_s):
    """Evaluations of a run whose k-th suggestion takes costs_s[k]."""
    batch = next(run)
    batches = []
    while True:
        batches.append(batch)
        numbers = np.array(batch, float)
        costs = np.array([costs_s[k] for k in batch], float)
        try:
            batch = run.send(Outcomes(numbers / 10, numbers, costs))
        except StopIteration as stop:
            return stop.value, batches


def times(done):
    return [(row.architecture, row.start_s, row.finish_s) for row in done]


def test_one_worker_goes_one_by_one():
    optimizer = Scripted()
    done, _ = drive(simulate(optimizer, 3), [5, 1, 2])
    assert times(done) == [(0, 0, 5), (1, 5, 6), (2, 6, 8)]
    assert optimizer.events == [("ask", 1), ("tell", [0]), ("ask", 1), ("tell", [1]), ("ask", 1),
                                ("tell", [2])]  # fmt: skip


def test_a_free_worker_asks_at_once_and_knows_what_has_ended():
    optimizer = Scripted()
    done, batches = drive(simulate(optimizer, 5, workers=2), [5, 1, 2, 9, 1])
    assert times(done) == [(1, 0, 1), (2, 1, 3), (0, 0, 5), (4, 5, 6), (3, 3, 12)]
    assert batches == [[0, 1], [2], [3], [4]]
    assert [event for event in optimizer.events if event[0] == "tell"] == [
        ("tell", [1]), ("tell", [2]), ("tell", [0]), ("tell", [4]), ("tell", [3])
    ]  # fmt: skip
    assert [row.asked for row in done] == [1, 2, 0, 4, 3]


def test_what_ends_together_is_told_together():
    optimizer = Scripted()
    _, batches = drive(simulate(optimizer, 6, workers=3), [2] * 6)
    assert batches == [[0, 1, 2], [3, 4, 5]]
    assert optimizer.events[1] == ("tell", [0, 1, 2])


def test_no_more_is_asked_for_than_the_budget():
    optimizer = Scripted()
    done, batches = drive(simulate(optimizer, 2, workers=9), [1, 2])
    assert batches == [[0, 1]]
    assert len(done) == 2


def test_generations_wait_for_the_last_one_and_are_told_in_the_order_of_asking():
    optimizer = Scripted()
    done, batches = drive(simulate(optimizer, 5, workers=2, generation_size=3), [5, 1, 1, 1, 2])
    assert batches == [[0, 1, 2], [3, 4]]
    assert times(done) == [(1, 0, 1), (2, 1, 2), (0, 0, 5), (3, 5, 6), (4, 5, 7)]
    assert [event for event in optimizer.events if event[0] == "tell"] == [
        ("tell", [0, 1, 2]), ("tell", [3, 4])
    ]  # fmt: skip
    assert [(row.generation, row.position) for row in optimizer.told] == [(1, 0), (1, 1)]


def test_without_feedback_all_is_asked_for_at_once_and_nobody_waits():
    optimizer = Blind()
    budget = CHUNK + 3
    done, batches = drive(simulate(optimizer, budget, workers=2), [5, *[1] * budget])
    assert [len(batch) for batch in batches] == [CHUNK, 3]
    assert times(done)[:5] == [(1, 0, 1), (2, 1, 2), (3, 2, 3), (4, 3, 4), (0, 0, 5)]
    assert done == sorted(done)


def test_the_optimizer_is_told_the_noisy_value_and_the_cost():
    optimizer = Scripted()
    done, _ = drive(simulate(optimizer, 4), [1, 2, 3, 4])
    assert (optimizer.told[0].value, optimizer.told[0].cost_s) == (0.3, 4)
    assert (done[3].seen, done[3].value, done[3].cost_s) == (0.3, 3, 4)


def test_a_training_without_a_time_takes_none():
    done, _ = drive(simulate(Scripted(), 3), [2, math.nan, 2])
    assert times(done) == [(0, 0, 2), (1, 2, 2), (2, 2, 4)]
    assert math.isnan(done[1].cost_s)


def test_without_any_times_each_counts_as_one():
    done, batches = drive(simulate(Scripted(), 4, workers=2, has_costs=False), [math.nan] * 4)
    assert batches == [[0, 1], [2, 3]]
    assert [row.finish_s for row in done] == [1, 1, 2, 2]


@pytest.mark.parametrize("name", ["budget", "workers", "generation_size"])
@pytest.mark.parametrize("number", [0, -1, 1.5, True])
def test_numbers_out_of_range_are_refused(name, number):
    with pytest.raises(OptimizerError, match=f"{name}: {number} must be a whole number"):
        simulate(Scripted(), **{"budget": 1, name: number})

"""An optimizer at work with simulated workers, as a coroutine.

    >>> run = simulate(optimizer, budget=100, workers=4)
    >>> architectures = next(run)
    >>> architectures = run.send(outcomes)      # until it returns its evaluations

It asks for evaluations and is sent their outcomes, so whoever drives it may evaluate for many runs
at once. An evaluation takes its training time on one of the workers; all else takes none.
"""

import heapq
import math
from collections.abc import Generator
from dataclasses import dataclass, field

from nasforge.errors import OptimizerError
from nasforge.optimizers.backends.protocol import Outcomes
from nasforge.optimizers.protocol import Observation, Observations, Optimizer
from nasforge.space.protocol import Architecture

CHUNK = 500
"""Evaluations asked for at once where they do not depend on outcomes."""


@dataclass(frozen=True, order=True)
class Evaluated:
    """One evaluation of a run, ordered by when it ended.

    Attributes:
        finish_s: Simulated time at which it ended.
        asked: Its number in the order of asking, from 0.
        start_s: Simulated time at which it began.
        architecture: What was evaluated, as suggested.
        seen: What the optimizer was told.
        value: The noise-free value.
        cost_s: Its training time, as the backend gave it.
    """

    finish_s: float
    asked: int
    start_s: float = field(compare=False)
    architecture: Architecture = field(compare=False)
    seen: float = field(compare=False)
    value: float = field(compare=False)
    cost_s: float = field(compare=False)


Run = Generator[list[Architecture], Outcomes, list[Evaluated]]
"""Yields what to evaluate, is sent the outcomes, returns evaluations in the order they ended."""


def simulate(
    optimizer: Optimizer,
    budget: int,
    workers: int = 1,
    generation_size: int | None = None,
    has_costs: bool = True,
    space_size: int = CHUNK,
) -> Run:
    """Run an optimizer.

    Args:
        optimizer: A new one.
        budget: Evaluations.
        workers: How many evaluations run at the same time.
        generation_size: None for asynchronous workers: one that is free asks for one suggestion,
            and an outcome is told when it is there. A number for generations as the pipeline's
            samplers have them: so many are asked for, evaluated, and told together, in the order
            of asking; workers wait for the last one.
        has_costs: Whether training times are known; if not, each counts as a second.
        space_size: Architectures that there are: no more can be distinct among those asked for at
            once.

    Raises:
        OptimizerError: A number is less than 1.
    """
    for name, number in (("budget", budget), ("workers", workers)):
        _check_positive(name, number)
    if generation_size is not None:
        _check_positive("generation_size", generation_size)
    if not optimizer.uses_feedback:
        return _without_feedback(optimizer, budget, workers, has_costs, min(CHUNK, space_size))
    if generation_size is None:
        return _asynchronous(optimizer, budget, workers, has_costs)
    return _generations(optimizer, budget, workers, has_costs, generation_size)


def _check_positive(name: str, number: int) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise OptimizerError(f"{name}: {number!r} must be a whole number, at least 1")


def _asynchronous(optimizer: Optimizer, budget: int, workers: int, has_costs: bool) -> Run:
    done: list[Evaluated] = []
    running: list[Evaluated] = []
    asked, now_s = 0, 0.0
    while len(done) < budget:
        if wanted := min(workers - len(running), budget - asked):
            architectures = optimizer.ask(wanted)
            outcomes = yield architectures
            for position, architecture in enumerate(architectures):
                finish_s = now_s + _duration_s(outcomes, position, has_costs)
                evaluated = _evaluated(
                    asked + position, now_s, finish_s, architecture, outcomes, position
                )
                heapq.heappush(running, evaluated)
            asked += wanted
        now_s = running[0].finish_s
        ended = []
        while running and running[0].finish_s == now_s:
            ended.append(heapq.heappop(running))
        optimizer.tell(_observations(ended, generation=len(done)))
        done += ended
    return done


def _generations(
    optimizer: Optimizer, budget: int, workers: int, has_costs: bool, generation_size: int
) -> Run:
    done: list[Evaluated] = []
    start_s = 0.0
    while len(done) < budget:
        architectures = optimizer.ask(min(generation_size, budget - len(done)))
        outcomes = yield architectures
        free_s = [start_s] * workers
        generation = _on_workers(free_s, len(done), architectures, outcomes, has_costs)
        optimizer.tell(_observations(generation, len(done) // generation_size))
        done += sorted(generation)
        start_s = done[-1].finish_s
    return done


def _without_feedback(
    optimizer: Optimizer, budget: int, workers: int, has_costs: bool, at_once: int
) -> Run:
    """Nobody waits for anything, so suggestions are evaluated many at a time."""
    done: list[Evaluated] = []
    free_s = [0.0] * workers
    while len(done) < budget:
        architectures = optimizer.ask(min(at_once, budget - len(done)))
        outcomes = yield architectures
        done += _on_workers(free_s, len(done), architectures, outcomes, has_costs)
    return sorted(done)


def _on_workers(
    free_s: list[float],
    first: int,
    architectures: list[Architecture],
    outcomes: Outcomes,
    has_costs: bool,
) -> list[Evaluated]:
    """Evaluations in the order of asking, each on the worker that is free first.

    Args:
        free_s: When each worker is free, a heap; updated.
        first: Number of the first one.
        architectures: What is evaluated.
        outcomes: What came of it.
        has_costs: As in `simulate`.
    """
    evaluated = []
    for position, architecture in enumerate(architectures):
        start_s = free_s[0]
        finish_s = start_s + _duration_s(outcomes, position, has_costs)
        heapq.heapreplace(free_s, finish_s)
        evaluated.append(
            _evaluated(first + position, start_s, finish_s, architecture, outcomes, position)
        )
    return evaluated


def _duration_s(outcomes: Outcomes, position: int, has_costs: bool) -> float:
    """How long a worker is busy; a training that raised, and has no time, takes none."""
    if not has_costs:
        return 1.0
    cost_s = float(outcomes.costs_s[position])
    return 0.0 if math.isnan(cost_s) else cost_s


def _evaluated(
    asked: int,
    start_s: float,
    finish_s: float,
    architecture: Architecture,
    outcomes: Outcomes,
    position: int,
) -> Evaluated:
    seen, value, cost_s = (
        float(column[position]) for column in (outcomes.seen, outcomes.values, outcomes.costs_s)
    )
    return Evaluated(finish_s, asked, start_s, architecture, seen, value, cost_s)


def _observations(evaluated: list[Evaluated], generation: int) -> Observations:
    return Observations(
        tuple(
            Observation(row.architecture, row.seen, row.cost_s, generation, position)
            for position, row in enumerate(evaluated)
        )
    )

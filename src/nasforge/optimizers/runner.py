"""Running an optimizer on a benchmark, on a table of evaluations, or on real trainings.

    >>> trajectory = run("regularized_evolution", nasforge.load(path), budget=1000, seed=0)
    >>> trajectories = run_seeds("tpe", benchmark, budget=1000, seeds=range(20), workers=8)

Several seeds run side by side, and what they ask for is evaluated together. That changes no
outcome, and a benchmark answers a batch several times faster than single queries.
"""

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from nasforge.errors import OptimizerError
from nasforge.optimizers.backends import as_backend
from nasforge.optimizers.backends.protocol import Backend, Outcomes
from nasforge.optimizers.protocol import Optimizer
from nasforge.optimizers.registry import make_optimizer
from nasforge.optimizers.simulation import simulate
from nasforge.optimizers.trajectory import Trajectory, trajectory_of
from nasforge.space.protocol import Architecture, SearchSpace

AT_ONCE = 1000
"""Most architectures per call of a backend: encodings of more take much memory."""

OptimizerMaker = Callable[[SearchSpace, int], Optimizer]
"""Makes an optimizer from a space and a seed; the class of one, or what fixes its settings."""


def run(
    optimizer: str | OptimizerMaker,
    backend: Any,
    budget: int,
    seed: int = 0,
    workers: int = 1,
    generation_size: int | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Trajectory:
    """Run an optimizer once.

    Args:
        optimizer: A name in `OPTIMIZERS`, or `make(space, seed)` (a class of one's own).
        backend: A `Benchmark`, the name of one that comes with nasforge, the path of a table of
            evaluations, or a `Backend` such as `TrainingBackend`.
        budget: Evaluations.
        seed: Of the optimizer, and of the noise that it sees.
        workers: Evaluations that run at the same time; simulated, by training times.
        generation_size: None for asynchronous workers; a number for generations, as samplers of
            the pipeline have them (see `simulation.simulate`).
        settings: Of an optimizer that is given by name.

    Raises:
        OptimizerError: The optimizer, a setting, the backend or a number is wrong.
    """
    [trajectory] = run_seeds(optimizer, backend, budget, [seed], workers, generation_size, settings)
    return trajectory


def run_seeds(
    optimizer: str | OptimizerMaker,
    backend: Any,
    budget: int,
    seeds: Iterable[int],
    workers: int = 1,
    generation_size: int | None = None,
    settings: Mapping[str, Any] | None = None,
    progress: Callable[[int], None] = lambda evaluations: None,
) -> list[Trajectory]:
    """Run an optimizer with several seeds; other arguments as in `run`.

    Args:
        optimizer: As in `run`.
        backend: As in `run`.
        budget: Evaluations per seed.
        seeds: One run each, independent of the others.
        workers: As in `run`.
        generation_size: As in `run`.
        settings: As in `run`.
        progress: Called with the number of further evaluations that are done.

    Returns:
        A trajectory per seed, in their order.

    Raises:
        OptimizerError: As in `run`.
    """
    backend = as_backend(backend)
    seeds = [_checked_seed(seed) for seed in seeds]
    name, make = _maker(optimizer, settings or {})
    runs = {}
    for seed in seeds:
        made = make(backend.space, seed)
        runs[seed] = simulate(
            made, budget, workers, generation_size, backend.has_costs, backend.space.size
        )
    describe = {
        "optimizer": name,
        "backend": backend.name,
        "workers": workers,
        "generation_size": generation_size or 0,
        "best_known": backend.best_known,
    }
    finished: dict[int, Trajectory] = {}
    wanted = {seed: next(run) for seed, run in runs.items()}
    while wanted:
        outcomes = _evaluate(backend, wanted, progress)
        for seed in list(wanted):
            try:
                wanted[seed] = runs[seed].send(outcomes[seed])
            except StopIteration as stop:
                del wanted[seed]
                finished[seed] = trajectory_of(
                    stop.value, backend.space, backend.has_costs, seed=seed, **describe
                )
    return [finished[seed] for seed in seeds]


def _evaluate(
    backend: Backend, wanted: Mapping[int, list[Architecture]], progress: Callable[[int], None]
) -> dict[int, Outcomes]:
    """Evaluate what all runs ask for, by seed."""
    architectures = [architecture for batch in wanted.values() for architecture in batch]
    noise_seeds = [seed for seed, batch in wanted.items() for _ in batch]
    parts = []
    for start in range(0, len(architectures), AT_ONCE):
        stop = start + AT_ONCE
        parts.append(backend.evaluate(architectures[start:stop], noise_seeds[start:stop]))
        progress(len(parts[-1]))
    outcomes = parts[0] if len(parts) == 1 else Outcomes.join(parts)
    answers, start = {}, 0
    for seed, batch in wanted.items():
        answers[seed] = outcomes.part(start, start + len(batch))
        start += len(batch)
    return answers


def _maker(
    optimizer: str | OptimizerMaker, settings: Mapping[str, Any]
) -> tuple[str, OptimizerMaker]:
    """An optimizer's name, and how it is made."""
    if isinstance(optimizer, str):
        return optimizer, lambda space, seed: make_optimizer(optimizer, space, seed, **settings)
    if not callable(optimizer):
        raise OptimizerError(
            f"optimizer {optimizer!r} must be a name or be called with (space, seed), as a class "
            "is; an optimizer that is made already has a seed of its own"
        )
    if settings:
        raise OptimizerError(
            "settings are of an optimizer that is given by name; use functools.partial"
        )
    return _name(optimizer), optimizer


def _name(make: OptimizerMaker) -> str:
    """The class's or function's name; settings that are fixed tell runs of one class apart."""
    if isinstance(make, functools.partial):
        settings = ", ".join(f"{key}={value!r}" for key, value in sorted(make.keywords.items()))
        return f"{_name(make.func)}({settings})"
    return getattr(make, "__name__", type(make).__name__)


def _checked_seed(seed: int) -> int:
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if not whole or not 0 <= seed < 2**63:
        raise OptimizerError(f"seed: {seed!r} must be a whole number from 0 to 2^63 - 1")
    return int(seed)

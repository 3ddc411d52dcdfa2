"""Optimizers run for long on a frozen benchmark, far past any budget that could be trained.

    >>> run_long(DARTS, folder, LongRun("local_search", {}, 100_000, 5, 1, [True]), curve, best)

The runs' incumbents and the best that each run found are kept, not the hundred thousand rest.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import nasforge
from nasforge.errors import SurrogateError
from nasforge.optimizers import run_seeds
from nasforge.optimizers.backends import BenchmarkBackend
from nasforge.optimizers.trajectory import Trajectory
from nasforge.space.protocol import SearchSpace
from nasforge.studies.numbers import write_numbers

_LOG = logging.getLogger(__name__)

BEST_KEPT = 100
"""Networks per run, of which the study of exploitation trains some."""

TARGET = "val_accuracy"

POINTS = 200
"""Of a curve, evenly on a logarithmic axis."""


@dataclass(frozen=True)
class LongRun:
    """Runs of one optimizer.

    Attributes:
        optimizer: Its name.
        settings: Of the optimizer.
        evaluations: Of each run.
        seeds: How many runs.
        workers: Simulated workers.
        noisy: Whether it sees a training's noise; both for runs of either kind. Those with noise
            are left out if the benchmark does not know it.
    """

    optimizer: str
    settings: Mapping[str, Any]
    evaluations: int
    seeds: int
    workers: int
    noisy: Sequence[bool]


def run_long(
    space: SearchSpace, folder: Path, spec: LongRun, curves_file: Path, best_file: Path
) -> None:
    """Run every seed and write what is kept of it.

    Args:
        space: That of the benchmark.
        folder: The frozen benchmark.
        spec: What runs.
        curves_file: A row per change of an incumbent, and a last one: optimizer, seed, noisy,
            evaluation, wall_time_s (nan if unknown), seen, value (noise-free), parquet.
        best_file: The best networks of every run by noise-free value, each once: optimizer, noisy,
            seed, rank, architecture, value; parquet.

    Raises:
        SurrogateError: Only noisy runs are asked for, and the benchmark knows no noise.
    """
    benchmark = nasforge.load(folder, space=space)
    known = benchmark.manifest.targets[TARGET].noise is not None
    kinds = [noisy for noisy in spec.noisy if known or not noisy]
    if not kinds:
        raise SurrogateError(
            f"studies.long_runs.noisy: {benchmark.name} has no noise model, so only runs without "
            "noise are possible; add false"
        )
    curves, best = [], []
    for noisy, seed in product(kinds, range(spec.seeds)):
        [run] = run_seeds(
            spec.optimizer,
            BenchmarkBackend(benchmark, noisy),
            spec.evaluations,
            [seed],
            workers=spec.workers,
            settings=spec.settings,
        )
        curves.append(_incumbents(run).assign(noisy=noisy))
        best.append(_best(run, space).assign(noisy=noisy))
        kind = "noisy" if noisy else "noise-free"
        _LOG.info("%s, %s, seed %d: %.4f", spec.optimizer, kind, seed, run.incumbent_value[-1])
    write_numbers(curves_file, pd.concat(curves))
    write_numbers(best_file, pd.concat(best))


def _incumbents(run: Trajectory) -> pd.DataFrame:
    """A row per evaluation that became the incumbent, and the last evaluation."""
    incumbent = run.incumbent
    kept = np.flatnonzero(np.diff(incumbent, prepend=-1))
    if not len(kept) or kept[-1] != len(run) - 1:
        kept = np.append(kept, len(run) - 1)
    return pd.DataFrame(
        {
            "optimizer": run.optimizer,
            "seed": run.seed,
            "evaluation": kept + 1,
            "wall_time_s": run.wall_time_s[kept],
            "seen": run.incumbent_seen[kept],
            "value": run.incumbent_value[kept],
        }
    )


def _best(run: Trajectory, space: SearchSpace) -> pd.DataFrame:
    """The best networks by noise-free value."""
    found: dict[str, float] = {}
    for row in np.argsort(-run.value, kind="stable"):
        if len(found) == BEST_KEPT:
            break
        text = space.format(space.canonical(space.parse(run.architectures[row])))
        found.setdefault(text, float(run.value[row]))
    return pd.DataFrame(
        {
            "optimizer": run.optimizer,
            "seed": run.seed,
            "rank": np.arange(1, len(found) + 1),
            "architecture": list(found),
            "value": list(found.values()),
        }
    )


def read_curves(files: Sequence[Path], noisy: bool | None = None) -> dict[str, pd.DataFrame]:
    """Incumbents of all runs of one kind, by optimizer.

    Args:
        files: What `run_long` wrote, one per optimizer.
        noisy: Which kind; None for those with noise if there are any.
    """
    runs = {}
    for file in files:
        table = pd.read_parquet(file)
        wanted = table["noisy"].max() if noisy is None else noisy
        runs[str(table["optimizer"].iloc[0])] = table[table["noisy"] == wanted]
    return {name: table for name, table in runs.items() if len(table)}


def at_evaluations(curves: pd.DataFrame, numbers: np.ndarray, column: str = "value") -> np.ndarray:
    """A column of the incumbents after some numbers of evaluations: float64 [seeds, n]."""
    return _steps(curves, "evaluation", numbers, column)


def at_times(curves: pd.DataFrame, times_s: np.ndarray, column: str = "value") -> np.ndarray:
    """The same at some simulated times; a time before the first result is nan."""
    return _steps(curves, "wall_time_s", times_s, column)


def _steps(curves: pd.DataFrame, along: str, at: np.ndarray, column: str) -> np.ndarray:
    rows = []
    for _, own in curves.groupby("seed"):
        last = np.searchsorted(own[along].to_numpy(), at, side="right") - 1
        values = own[column].to_numpy()[np.maximum(last, 0)]
        rows.append(np.where(last < 0, np.nan, values))
    return np.array(rows)


def grid(last: float, first: float = 1.0) -> np.ndarray:
    """Points from `first` to `last`, evenly on a logarithmic axis."""
    return np.geomspace(first, max(last, first), POINTS)


def shortest(runs: Mapping[str, pd.DataFrame]) -> int:
    """Evaluations that every run has."""
    return int(min(table.groupby("seed")["evaluation"].max().min() for table in runs.values()))

"""Runs of optimizers for the page."""

import math
from pathlib import Path

import numpy as np
import pytest

from nasforge.errors import EvaluationsError
from nasforge.explorer.runs import POINTS, read_runs
from nasforge.optimizers import Trajectory, write_trajectories


def run(optimizer: str, seed: int, seen: list[float], value: list[float]) -> Trajectory:
    number = len(seen)
    return Trajectory(
        optimizer=optimizer,
        backend="tiny-v1/linear",
        seed=seed,
        workers=1,
        generation_size=0,
        best_known=0.9,
        asked=np.arange(number),
        start_s=np.arange(number) * 1.0,
        wall_time_s=np.arange(number) + 1.0,
        architectures=("a",) * number,
        value_seen=np.array(seen),
        value=np.array(value),
    )


def test_quartiles_are_of_what_the_incumbents_are_worth(tmp_path: Path) -> None:
    file = tmp_path / "runs.parquet"
    seen = [0.1, 0.3, 0.2, 0.5]
    runs = [run("tpe", seed, seen, [0.1 * seed, 0.2, 0.3, 0.4]) for seed in (1, 2, 3)]
    write_trajectories(file, [*runs, run("random", 1, [0.5, 0.6], [math.nan, math.nan])])
    tpe, random = read_runs(file)
    assert (tpe["optimizer"], tpe["seeds"], tpe["noisy"]) == ("tpe", 3, False)
    np.testing.assert_array_equal(tpe["evaluations"], [1, 2, 3, 4])
    np.testing.assert_allclose(tpe["low"], [0.15, 0.2, 0.2, 0.4], rtol=1e-6)
    np.testing.assert_allclose(tpe["middle"], [0.2, 0.2, 0.2, 0.4], rtol=1e-6)
    np.testing.assert_allclose(tpe["high"], [0.25, 0.2, 0.2, 0.4], rtol=1e-6)
    assert random["noisy"]
    np.testing.assert_allclose(random["middle"], [0.5, 0.6], rtol=1e-6)


def test_long_runs_are_thinned(tmp_path: Path) -> None:
    file = tmp_path / "runs.parquet"
    values = np.linspace(0.1, 0.9, 5000).tolist()
    write_trajectories(file, [run("tpe", 1, values, values)])
    [tpe] = read_runs(file)
    at = tpe["evaluations"].astype(int)
    assert len(at) <= POINTS
    assert (at[0], at[-1]) == (1, 5000)
    np.testing.assert_allclose(tpe["middle"], np.array(values)[at - 1], rtol=1e-6)


def test_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationsError, match="no such file"):
        read_runs(tmp_path / "none.parquet")

"""The figure of optimizers' runs, read back from matplotlib's axes."""

import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from matplotlib.axes import Axes

from nasforge.optimizers import Trajectory
from nasforge.studies import trajectories


@pytest.fixture
def drawn(watch_figures: Callable[[ModuleType], list[Axes]]) -> list[Axes]:
    """The axes of the figures drawn in a test."""
    return watch_figures(trajectories)


def run(optimizer: str, seen: list[float], step_s: float = 1.0, best: float = 0.9) -> Trajectory:
    number = len(seen)
    times = np.arange(1, number + 1) * step_s
    values = np.array(seen)
    return Trajectory(
        optimizer, "tiny", 0, 1, 0, best, np.arange(number), times - step_s, times,
        ("a",) * number, values, values,
    )  # fmt: skip


def test_medians_over_evaluations_and_time(drawn: list[Axes], tmp_path: Path) -> None:
    runs = [
        run("tpe", [0.5, 0.7, 0.7], step_s=3600),
        run("tpe", [0.6, 0.8, 0.8], step_s=7200),
        run("tpe", [0.7, 0.8, 0.9], step_s=3600),
        run("random", [0.4, 0.4, 0.5]),
    ]
    trajectories.plot_trajectories(runs, tmp_path / "t.png")
    assert (tmp_path / "t.png").exists()
    by_evaluation, by_time = drawn
    tpe, random = by_evaluation.lines
    np.testing.assert_allclose(tpe.get_ydata(), [30, 10, 10])
    np.testing.assert_allclose(random.get_ydata(), [50, 50, 40])
    assert tpe.get_label() == "tpe (3)"
    assert tpe.get_color() == by_time.lines[0].get_color() != random.get_color()
    hours, values = by_time.lines[0].get_data()
    # From when the slowest has its first result until the first one ends.
    np.testing.assert_allclose([hours[0], hours[-1]], [2, 3])
    np.testing.assert_allclose([values[0], values[-1]], [20, 20])


def test_without_times_and_a_best_architecture(drawn: list[Axes], tmp_path: Path) -> None:
    trajectories.plot_trajectories(
        [run("tpe", [0.5, 0.7], step_s=math.nan, best=math.nan)], tmp_path / "t.png"
    )
    [axes] = drawn
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [50, 70])
    assert "seen" in axes.get_ylabel()

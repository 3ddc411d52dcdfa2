"""A figure of optimizers' runs: how fast each one gets how far.

>>> plot_trajectories(trajectories, Path("trajectories.png"))
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from nasforge.optimizers.trajectory import Trajectory
from nasforge.studies.style import colours, figure

TIMES = 300
"""Points of a curve over time."""


def plot_trajectories(trajectories: Sequence[Trajectory], output: Path) -> None:
    """Median over seeds and the range between quartiles, over evaluations and simulated time.

    The ordinate is the regret; where the best architecture is unknown, the best value seen.

    Args:
        trajectories: Runs on one backend.
        output: The PNG file, written atomically.
    """
    runs: dict[str, list[Trajectory]] = {}
    for trajectory in trajectories:
        runs.setdefault(trajectory.optimizer, []).append(trajectory)
    colour = colours(list(runs))
    first = trajectories[0]
    timed = all(np.isfinite(trajectory.wall_time_s).all() for trajectory in trajectories)
    with figure(output, f"{first.backend}, workers: {first.workers}", 1 + timed) as panels:
        for name, chains in runs.items():
            number = min(map(len, chains))
            curves = np.stack([_curve(chain)[:number] for chain in chains])
            _draw(
                panels[0], np.arange(1, number + 1), curves, f"{name} ({len(chains)})", colour[name]
            )
            if timed:
                hours, curves = _over_time(chains)
                _draw(panels[1], hours, curves, name, colour[name])
        panels[0].set_xlabel("evaluations")
        panels[0].set_ylabel(_label(first))
        panels[0].legend(frameon=False, title="optimizer (seeds)", fontsize=8)
        if timed:
            panels[1].set_xlabel("simulated wall time in hours")


def _curve(trajectory: Trajectory) -> np.ndarray:
    known = np.isfinite(trajectory.best_known)
    return 100 * (trajectory.regret if known else trajectory.incumbent_seen)


def _label(trajectory: Trajectory) -> str:
    if np.isfinite(trajectory.best_known):
        return "regret of the incumbent in % points\n(median and quartiles)"
    return "best validation accuracy seen in %\n(median and quartiles)"


def _over_time(chains: Sequence[Trajectory]) -> tuple[np.ndarray, np.ndarray]:
    """Hours, and the runs' curves at them; from when each has a result until the first ends."""
    start = max(chain.wall_time_s[0] for chain in chains)
    stop = min(chain.wall_time_s[-1] for chain in chains)
    times = np.geomspace(max(start, 1e-3), max(stop, start, 1e-3), TIMES)
    curves = []
    for chain in chains:
        last = np.searchsorted(chain.wall_time_s, times, side="right") - 1
        curves.append(_curve(chain)[np.maximum(last, 0)])
    return times / 3600, np.stack(curves)


def _draw(axes: Axes, x: np.ndarray, curves: np.ndarray, label: str, colour: str) -> None:
    low, middle, high = np.quantile(curves, [0.25, 0.5, 0.75], axis=0)
    axes.plot(x, middle, drawstyle="steps-post", color=colour, label=label, linewidth=1.5)
    axes.fill_between(x, low, high, step="post", color=colour, alpha=0.15, linewidth=0)
    axes.set_xscale("log")

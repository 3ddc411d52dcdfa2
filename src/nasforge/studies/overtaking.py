"""Local search run for long: when does it overtake the others?

    >>> compare_long_runs([curves of local search, curves of random, ...], outputs)

The paper's third figure. Compared is the noise-free value of the incumbent: what is best by the
values that an optimizer saw, at the value that it has. Local search moves by single comparisons, so
noise hurts it more than others: runs that see noise-free values stand beside those that see noise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from nasforge.evaluations.files import write_text
from nasforge.studies.leads import KINDS, finding, lead_table
from nasforge.studies.long_runs import at_evaluations, at_times, grid, read_curves, shortest
from nasforge.studies.numbers import write_numbers
from nasforge.studies.resampling import resampled_means
from nasforge.studies.style import colours, figure
from nasforge.surrogates.scores import interval

FIRST_SHOWN = 10
"""Evaluations where the figure begins; before, there is little but chance."""


@dataclass(frozen=True)
class LongRunOutputs:
    """Files that are written.

    Attributes:
        numbers: A row per kind of run (noisy or not), optimizer, and number of evaluations (1, 2,
            5, 10, ...), parquet.
        leads: A row per kind of run and rival: where local search overtakes, as `lead_table` has
            it, parquet.
        figure: Incumbents over simulated time and over evaluations.
        finding: One sentence per kind of run.
    """

    numbers: Path
    leads: Path
    figure: Path
    finding: Path


def compare_long_runs(curve_files: Sequence[Path], outputs: LongRunOutputs) -> None:
    """Compare what `run_long` wrote.

    Args:
        curve_files: One per optimizer.
        outputs: What is written.
    """
    kinds = {noisy: read_curves(curve_files, noisy) for noisy in (True, False)}
    kinds = {noisy: runs for noisy, runs in kinds.items() if runs}
    numbers = [number_table(runs).assign(noisy=noisy) for noisy, runs in kinds.items()]
    leads = [lead_table(runs) for runs in kinds.values()]
    write_numbers(outputs.numbers, pd.concat(numbers))
    write_numbers(outputs.leads, pd.concat(leads))
    write_text(outputs.finding, " ".join(map(finding, leads)) + "\n")
    plot_long_runs(kinds, outputs.figure)


def number_table(runs: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Mean noise-free value of the incumbent, and mean simulated hours, by evaluations."""
    last = shortest(runs)
    steps = [k * 10**e for e in range(len(str(last))) for k in (1, 2, 5) if k * 10**e < last]
    numbers = np.array([*steps, last])
    rows = []
    for name, table in runs.items():
        values = at_evaluations(table, numbers)
        samples = resampled_means(values, np.random.default_rng(0))
        ends = table.groupby("seed").last()
        # Simulated time goes up evenly; incumbents alone do not tell the hours in between.
        hours = (ends["wall_time_s"] / ends["evaluation"]).mean() * numbers / 3600
        for k, number in enumerate(numbers):
            low, high = interval(samples[:, k].tolist())
            rows.append(
                {
                    "optimizer": name,
                    "seeds": len(values),
                    "evaluations": number,
                    "hours": hours[k],
                    "value": values[:, k].mean(),
                    "low": low,
                    "high": high,
                    "seen": at_evaluations(table, numbers[[k]], "seen").mean(),
                }
            )
    return pd.DataFrame(rows)


def plot_long_runs(kinds: Mapping[bool, Mapping[str, pd.DataFrame]], output: Path) -> None:
    """Mean noise-free incumbents with the range over seeds; a panel per kind of run.

    Over simulated time; over evaluations where training times are unknown.
    """
    names = list(dict.fromkeys(name for runs in kinds.values() for name in runs))
    colour = colours(names)
    last = max(map(shortest, kinds.values()))
    with figure(output, f"Runs of {last:,} evaluations", panels=len(kinds)) as panels:
        for axes, (noisy, runs) in zip(panels, kinds.items(), strict=True):
            for name, table in runs.items():
                x, values, label = _curve(table, shortest(runs))
                _draw(axes, x, values, colour[name], name)
            axes.set_xlabel(label)
            axes.set_title(f"optimizers see {KINDS[noisy]}", fontsize=10)
        panels[0].set_ylabel(
            "accuracy of the incumbent in %, noise-free\n(mean and range of seeds)"
        )
        panels[0].legend(frameon=False, fontsize=8)


def _curve(table: pd.DataFrame, last: int) -> tuple[np.ndarray, np.ndarray, str]:
    """Places, values [seeds, n] there, and what the places are."""
    first = min(FIRST_SHOWN, last)
    if table["wall_time_s"].isna().any():
        numbers = np.unique(grid(last, first).astype(int))
        return numbers, at_evaluations(table, numbers), "evaluations"
    ends = table.groupby("seed").last()
    rate_s = (ends["wall_time_s"] / ends["evaluation"]).mean()
    times = grid(ends["wall_time_s"].min(), rate_s * first)
    return times / 3600, at_times(table, times), "simulated hours"


def _draw(axes: Axes, x: np.ndarray, values: np.ndarray, colour: str, label: str) -> None:
    axes.plot(x, 100 * values.mean(axis=0), color=colour, label=label, lw=1.5)
    low, high = 100 * values.min(axis=0), 100 * values.max(axis=0)
    axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.set_xscale("log")

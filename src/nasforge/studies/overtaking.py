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
from nasforge.studies.long_runs import at_evaluations, at_times, read_curves
from nasforge.studies.numbers import write_numbers
from nasforge.studies.resampling import interval_text, resampled_means
from nasforge.studies.style import colours, figure
from nasforge.surrogates.scores import interval

POINTS = 200
"""Of a curve, evenly on a logarithmic axis."""

FIRST_SHOWN = 10
"""Evaluations where the figure begins; before, there is little but chance."""

KINDS = {True: "noisy values", False: "noise-free values"}

STUDIED = "local_search"

LEVEL = 0.005
"""Points of accuracy; a lead that is smaller is none."""


@dataclass(frozen=True)
class LongRunOutputs:
    """Files that are written.

    Attributes:
        numbers: A row per kind of run (noisy or not), optimizer, and number of evaluations (1, 2,
            5, 10, ...), parquet.
        figure: Incumbents over simulated time and over evaluations.
        finding: One sentence per kind of run.
    """

    numbers: Path
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
    write_numbers(outputs.numbers, pd.concat(numbers))
    write_text(outputs.finding, " ".join(finding(runs) for runs in kinds.values()) + "\n")
    plot_long_runs(kinds, outputs.figure)


def grid(last: float, first: float = 1.0) -> np.ndarray:
    """Points from `first` to `last`, evenly on a logarithmic axis."""
    return np.geomspace(first, max(last, first), POINTS)


def _shortest(runs: Mapping[str, pd.DataFrame]) -> int:
    return int(min(table.groupby("seed")["evaluation"].max().min() for table in runs.values()))


def number_table(runs: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Mean noise-free value of the incumbent, and mean simulated hours, by evaluations."""
    last = _shortest(runs)
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


def overtakes(own: np.ndarray, rival: np.ndarray) -> int | None:
    """The point from which on the mean of `own` is above that of `rival` to the end.

    Args:
        own: float64 [seeds, n].
        rival: float64 [seeds, n].

    Returns:
        An index, or None if it is not above at the end.
    """
    behind = np.flatnonzero(~(own.mean(axis=0) > rival.mean(axis=0)))
    first = int(behind[-1]) + 1 if len(behind) else 0
    return first if first < own.shape[1] else None


def finding(runs: Mapping[str, pd.DataFrame]) -> str:
    """One sentence: where local search overtakes each other optimizer, and how sure its lead is."""
    if STUDIED not in runs or len(runs) < 2:
        return f"Not answered: {STUDIED} and another optimizer must be in studies.long_runs."
    last = _shortest(runs)
    numbers = np.unique(grid(last).astype(int))
    values = {name: at_evaluations(table, numbers) for name, table in runs.items()}
    own = values.pop(STUDIED)
    rate_s = (runs[STUDIED]["wall_time_s"] / runs[STUDIED]["evaluation"]).iloc[-1]
    parts = []
    for name, rival in values.items():
        rng = np.random.default_rng(0)
        lead = 100 * (own[:, -1].mean() - rival[:, -1].mean())
        lead_samples = 100 * (
            resampled_means(own[:, -1:], rng)[:, 0] - resampled_means(rival[:, -1:], rng)[:, 0]
        )
        number = overtakes(own, rival)
        if abs(lead) < LEVEL:
            where = f"ends level with {name}"
        elif number is None:
            where = f"does not overtake {name}"
        elif number == 0:
            where = f"is ahead of {name} from the first evaluation on"
        else:
            hours = rate_s * numbers[number] / 3600
            form = ",.0f" if hours >= 10 else ".1f"
            time = "" if np.isnan(hours) else f" ({hours:{form}} simulated hours)"
            where = f"overtakes {name} after {numbers[number]:,} evaluations{time}"
        parts.append(f"{where} ({lead:+.2f} points at the end, {interval_text(lead_samples)})")
    noisy = KINDS[bool(runs[STUDIED]["noisy"].iloc[0])]
    seeds = len(own)
    return (
        f"In runs of {last:,} evaluations that see {noisy} ({seeds} seeds), "
        f"{STUDIED} {'; '.join(parts)}."
    )


def plot_long_runs(kinds: Mapping[bool, Mapping[str, pd.DataFrame]], output: Path) -> None:
    """Mean noise-free incumbents with the range over seeds; a panel per kind of run.

    Over simulated time; over evaluations where training times are unknown.
    """
    names = list(dict.fromkeys(name for runs in kinds.values() for name in runs))
    colour = colours(names)
    last = max(map(_shortest, kinds.values()))
    with figure(output, f"Runs of {last:,} evaluations", panels=len(kinds)) as panels:
        for axes, (noisy, runs) in zip(panels, kinds.items(), strict=True):
            for name, table in runs.items():
                x, values, label = _curve(table, _shortest(runs))
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

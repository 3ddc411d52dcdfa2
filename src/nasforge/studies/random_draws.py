"""Random search is not enough: the expected best of n random draws, beside optimizers.

    >>> expected_best(values, values, np.array([1, 10, 100]))

NAS-Bench-201 holds 6,466 networks: whoever draws without replacement has seen the best one after
3,233.5 on average, so on such a space an optimizer has nothing to show past that. The study draws
as small a space from ours, and asks what as many draws leave unfound in ours.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import gammaln

import nasforge
from nasforge.evaluations.files import write_text
from nasforge.optimizers.backends import BenchmarkBackend
from nasforge.space.protocol import SearchSpace
from nasforge.studies.long_runs import TARGET, at_evaluations, read_curves
from nasforge.studies.numbers import write_numbers
from nasforge.studies.resampling import interval_text, resampled_means
from nasforge.studies.style import MUTED, colours, figure

_LOG = logging.getLogger(__name__)

DRAW_SEED = 5
AT_ONCE = 1000

MOST = 10
"""At most a tenth of the values may be drawn: the formula draws from them with replacement."""


@dataclass(frozen=True)
class DrawOutputs:
    """Files that are written.

    Attributes:
        numbers: evaluations (or draws), draws (expected noise-free value of the best of so many,
            chosen by the values seen), draws_without_noise (chosen by noise-free ones),
            small_space (of draws without replacement from `table_size` networks), and a column per
            optimizer (mean noise-free value of the incumbent), parquet.
        figure: The same as curves.
        finding: One sentence.
    """

    numbers: Path
    figure: Path
    finding: Path


def compare_with_draws(
    space: SearchSpace,
    folder: Path,
    curve_files: Sequence[Path],
    draws: int,
    table_size: int,
    outputs: DrawOutputs,
) -> None:
    """Query random architectures and set their expected best beside the long runs' incumbents.

    Args:
        space: That of the benchmark.
        folder: The frozen benchmark.
        curve_files: What `run_long` wrote, one per optimizer.
        draws: Random architectures that are queried.
        table_size: Networks of the small space, drawn from them.
        outputs: What is written.
    """
    values, seen, noisy = draw(space, folder, draws)
    runs = read_curves(curve_files)
    last = int(min(table["evaluation"].max() for table in runs.values()))
    ends = (last, draws // MOST, table_size)
    numbers = np.unique([*np.geomspace(1, max(ends), 200).astype(int), *ends])
    table = pd.DataFrame({"evaluations": numbers})
    within, small = numbers <= draws // MOST, numbers <= table_size
    table.loc[within, "draws"] = expected_best(values, seen, numbers[within])
    table.loc[within, "draws_without_noise"] = expected_best(values, values, numbers[within])
    table.loc[small, "small_space"] = expected_best_of_all(values[:table_size], numbers[small])
    for name, run in runs.items():
        own = numbers <= last
        table.loc[own, name] = at_evaluations(run, numbers[own]).mean(axis=0)
    write_numbers(outputs.numbers, table)
    incumbents = {name: at_evaluations(run, np.array([last]))[:, 0] for name, run in runs.items()}
    text = finding(table, incumbents, values, table_size)
    write_text(outputs.finding, text + "\n")
    plot_draws(table, list(runs), noisy, outputs.figure)


def draw(space: SearchSpace, folder: Path, number: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """Noise-free and seen values of random architectures, and whether noise is known."""
    benchmark = nasforge.load(folder, space=space)
    noisy = benchmark.manifest.targets[TARGET].noise is not None
    backend = BenchmarkBackend(benchmark, noisy)
    rng = np.random.default_rng(DRAW_SEED)
    values, seen = [], []
    for start in range(0, number, AT_ONCE):
        batch = [space.sample(rng) for _ in range(min(AT_ONCE, number - start))]
        outcomes = backend.evaluate(batch, [0] * len(batch))
        values.append(outcomes.values)
        seen.append(outcomes.seen)
    _LOG.info("%d random architectures were queried", number)
    return np.concatenate(values), np.concatenate(seen), noisy


def expected_best(values: np.ndarray, chosen_by: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Expected value of the best of n draws from M values, with replacement.

    sum_i y_(i) [(i/M)^n - ((i-1)/M)^n]; the i-th in the order of what they are chosen by.

    Args:
        values: float64 [M], what the chosen one is worth.
        chosen_by: float64 [M], what it is chosen by.
        numbers: int64 [k], numbers of draws, at most M / 10 to stand for a larger space.

    Returns:
        float64 [k].
    """
    ordered = values[np.argsort(chosen_by, kind="stable")]
    part = np.arange(len(values) + 1) / len(values)
    return np.array([ordered @ np.diff(part**n) for n in numbers])


def expected_best_of_all(values: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Expected value of the best of n draws without replacement from a space of these networks.

    The i-th smallest is the best with probability C(i-1, n-1) / C(M, n).

    Args:
        values: float64 [M].
        numbers: int64 [k], numbers of draws, at most M.

    Returns:
        float64 [k].
    """
    ordered, size = np.sort(values), len(values)
    i = np.arange(1, size + 1)
    best = []
    for n in numbers:
        weights = np.zeros(size)
        able = i >= n
        weights[able] = np.exp(_log_choose(i[able] - 1, n - 1) - _log_choose(size, n))
        best.append(ordered @ weights)
    return np.array(best)


def _log_choose(n: np.ndarray | int, k: int) -> np.ndarray:
    return gammaln(np.asarray(n) + 1.0) - gammaln(k + 1.0) - gammaln(np.asarray(n) - k + 1.0)


def finding(
    table: pd.DataFrame,
    incumbents: Mapping[str, np.ndarray],
    values: np.ndarray,
    table_size: int,
) -> str:
    """One sentence: what random draws leave unfound, in small spaces and in ours.

    Args:
        table: What is written.
        incumbents: Noise-free values at the end of each run, float64 [seeds], by optimizer.
        values: float64 [M], of random architectures. Small spaces are cut from them.
        table_size: Networks of a small space.
    """
    others = [name for name in incumbents if name != "random"] or list(incumbents)
    half = (table_size + 1) / 2
    number = int(table.loc[table[others].dropna().index[-1], "evaluations"])
    best = max(others, key=lambda name: incumbents[name].mean())
    draws = table["draws"].dropna()
    most, reached = int(table.loc[draws.index[-1], "evaluations"]), float(draws.iloc[-1])
    better = table[table[best] > reached]
    same = (
        f"{best} passes that after {int(better['evaluations'].iloc[0]):,} evaluations"
        if len(better)
        else f"{best} does not pass that in {number:,}"
    )
    spaces = max(1, len(values) // table_size)
    maxima = values[: spaces * table_size].reshape(spaces, -1).max(axis=1)
    rng = np.random.default_rng(0)
    samples = 100 * (
        resampled_means(incumbents[best][:, None], rng) - resampled_means(maxima[:, None], rng)
    )
    ahead = 100 * (incumbents[best].mean() - maxima.mean())
    side = "below" if ahead > 0 else "above"
    distance = interval_text(samples if ahead > 0 else -samples, ".2f")
    return (
        f"By predicted means of {len(values):,} random architectures (less spread than true ones): "
        f"of a space of {table_size:,} networks {half:,.1f} random draws on average find the best, "
        f"{abs(ahead):.2f} points {distance} {side} the incumbent of {best} after {number:,} "
        f"evaluations ({spaces} such spaces, {len(incumbents[best])} seeds); "
        f"in the whole space {most:,} draws are expected to give {100 * reached:.2f} %, and {same}."
    )


def plot_draws(table: pd.DataFrame, optimizers: Sequence[str], noisy: bool, output: Path) -> None:
    """The expected best of random draws, and mean incumbents."""
    x = table["evaluations"]
    colour = colours(optimizers)
    with figure(output, "Random search is not enough") as [axes]:
        for name in optimizers:
            axes.plot(x, 100 * table[name], color=colour[name], lw=1.5, label=name)
        label = "expected of random draws" + (", chosen by noisy values" if noisy else "")
        axes.plot(x, 100 * table["draws"], color="black", lw=1, ls="--", label=label)
        if noisy:
            axes.plot(x, 100 * table["draws_without_noise"], color=MUTED, lw=1, ls="--",
                      label="expected of random draws, without noise")  # fmt: skip
        axes.plot(x, 100 * table["small_space"], color="black", lw=1, ls=":",
                  label="all of a small space drawn from it")  # fmt: skip
        axes.set_xscale("log")
        axes.set_xlabel("evaluations or draws")
        axes.set_ylabel("predicted accuracy of the best in %")
        low, high = axes.get_ylim()
        axes.set_ylim(low - 0.4 * (high - low), high)  # room for the legend
        axes.legend(frameon=False, fontsize=8, loc="lower right")

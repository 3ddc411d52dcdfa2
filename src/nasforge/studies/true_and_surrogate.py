"""True against surrogate trajectories, part two: how far apart, and do they rank alike?

    >>> compare_trajectories(ComparisonSources(...), [gin_runs, tree_runs], settings, outputs)

The paper's second figure. Compared is the best value seen so far, noise included on both sides.
Two sets of runs differ by chance, too: `by_chance` is the distance that as many runs on the
surrogate as there are true chains have from all runs on the surrogate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from nasforge.evaluations.files import write_text
from nasforge.studies.chains import Algorithm, read_algorithms
from nasforge.studies.numbers import write_numbers
from nasforge.studies.resampling import resampled_means
from nasforge.studies.style import colours, figure
from nasforge.surrogates.metrics import kendall_tau
from nasforge.surrogates.scores import INTERVAL, interval

ENOUGH_CHAINS = 3
"""True chains, without which an optimizer is named as having few."""


@dataclass(frozen=True)
class ComparisonSources:
    """Files that are read.

    Attributes:
        proposals: The campaign's proposals.
        evaluations: The campaign's evaluations.
    """

    proposals: Path
    evaluations: Path


@dataclass(frozen=True)
class ComparisonOutputs:
    """Files that are written.

    Attributes:
        distances: A row per family and algorithm, parquet; accuracies as fractions.
        order: A row per pair of algorithms and backend ("true" or a family): the difference of
            the best values seen after as many evaluations as all have, parquet.
        figure: Best values so far, true and on every family.
        finding: One sentence.
    """

    distances: Path
    order: Path
    figure: Path
    finding: Path


Curves = dict[str, dict[str, np.ndarray]]
"""By backend ("true" or a family), then by algorithm: best values seen, float64 [runs, n]."""


def compare_trajectories(
    sources: ComparisonSources,
    run_files: Sequence[Path],
    settings: tuple[Mapping[str, Any], Mapping[str, Any]],
    outputs: ComparisonOutputs,
) -> None:
    """Compare what `run_without` wrote with the true runs.

    Args:
        sources: The true runs.
        run_files: One per family.
        settings: As for `run_without`.
        outputs: What is written.
    """
    algorithms = read_algorithms(sources.proposals, sources.evaluations, *settings)
    runs = pd.concat([pd.read_parquet(file) for file in run_files])
    curves = _curves(algorithms, runs)
    distances, order = distance_table(curves, runs), order_table(curves)
    write_numbers(outputs.distances, distances)
    write_numbers(outputs.order, order)
    write_text(outputs.finding, finding(distances, order) + "\n")
    plot_comparison(curves, outputs.figure)


def _curves(algorithms: Sequence[Algorithm], runs: pd.DataFrame) -> Curves:
    """Only algorithms that ran on surrogates."""
    curves: Curves = {"true": {}}
    for algorithm in algorithms:
        for family, own in runs[runs["algorithm"] == algorithm.name].groupby("family", sort=False):
            table = own.pivot(index="seed", columns="evaluation", values="best_seen")
            curves.setdefault(str(family), {})[algorithm.name] = table.to_numpy()
            curves["true"][algorithm.name] = algorithm.best_seen()
    return curves


def distance_table(curves: Curves, runs: pd.DataFrame) -> pd.DataFrame:
    """How far the mean curves are apart, on average over evaluations; a row per family and one.

    Columns: family, algorithm, trained, chains, seeds, evaluations, true_end and surrogate_end
    (mean best value seen at the end), distance with low and high (90 % bootstrap over runs), offset
    (the signed one: surrogate minus true), by_chance (its 95 % quantile), incumbent_value (mean
    noise-free value of the incumbent at the end, on the surrogate).
    """
    rows = []
    for family, own in curves.items():
        for name, surrogate in own.items() if family != "true" else ():
            true, rng = curves["true"][name], np.random.default_rng(0)
            means = resampled_means(surrogate, rng)
            samples = _distance(means, resampled_means(true, rng))
            low, high = interval(samples.tolist())
            few = resampled_means(surrogate, rng, len(true))
            part = runs[(runs["family"] == family) & (runs["algorithm"] == name)]
            last = part[part["evaluation"] == surrogate.shape[1]]
            rows.append(
                {
                    "family": family,
                    "algorithm": name,
                    "trained": int(part["trained"].iloc[0]),
                    "chains": len(true),
                    "seeds": len(surrogate),
                    "evaluations": surrogate.shape[1],
                    "true_end": true[:, -1].mean(),
                    "surrogate_end": surrogate[:, -1].mean(),
                    "distance": float(_distance(surrogate.mean(axis=0), true.mean(axis=0))),
                    "low": low,
                    "high": high,
                    "offset": float(np.nanmean(surrogate.mean(axis=0) - true.mean(axis=0))),
                    "by_chance": np.quantile(_distance(few, surrogate.mean(axis=0)), 0.95),
                    "incumbent_value": last["incumbent_value"].mean(),
                }
            )
    return pd.DataFrame(rows)


def _distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.nanmean(np.abs(a - b), axis=-1)


def order_table(curves: Curves) -> pd.DataFrame:
    """Differences between algorithms after as many evaluations as all have.

    Columns: backend, first, second, evaluations, difference (first minus second, mean over runs),
    low, high (90 % bootstrap), sure (whether the interval leaves out 0, and both
    have `ENOUGH_CHAINS` runs), agrees (whether a
    surrogate's difference has the sign of the true one), tau with tau_low and tau_high (Kendall
    tau of the backend's order of all algorithms with the true one, bootstrap over both).
    """
    names = list(curves["true"])
    if len(names) < 2:
        return pd.DataFrame(columns=["backend", "agrees", "sure"])
    shortest = min(values.shape[1] for own in curves.values() for values in own.values())
    ends, samples = {}, {}
    for backend, own in curves.items():
        rng = np.random.default_rng(1)
        values = [own[name][:, [shortest - 1]] for name in names]
        ends[backend] = np.array([value.mean() for value in values])
        samples[backend] = np.hstack([resampled_means(value, rng) for value in values])
    rows = []
    for backend, means in ends.items():
        tau = _order_agreement(ends["true"], means, samples["true"], samples[backend])
        for i, j in combinations(range(len(names)), 2):
            difference = means[i] - means[j]
            low, high = interval((samples[backend][:, i] - samples[backend][:, j]).tolist())
            enough = min(len(curves[backend][names[k]]) for k in (i, j)) >= ENOUGH_CHAINS
            rows.append(
                {
                    "backend": backend,
                    "first": names[i],
                    "second": names[j],
                    "evaluations": shortest,
                    "difference": difference,
                    "low": low,
                    "high": high,
                    "sure": enough and (low > 0 or high < 0),
                    "agrees": difference * (ends["true"][i] - ends["true"][j]) > 0,
                    **tau,
                }
            )
    return pd.DataFrame(rows)


def _order_agreement(
    true: np.ndarray, other: np.ndarray, true_samples: np.ndarray, other_samples: np.ndarray
) -> dict[str, float]:
    pairs = zip(true_samples[:200], other_samples[200:400], strict=True)
    low, high = interval([kendall_tau(*pair) for pair in pairs])
    return {"tau": kendall_tau(true, other), "tau_low": low, "tau_high": high}


def finding(distances: pd.DataFrame, order: pd.DataFrame) -> str:
    """One sentence: distance and order for every family, and what has few true chains."""
    if distances.empty:
        return (
            "Not answered: no optimizer with feedback sampled, or too few architectures are left "
            "without what it proposed."
        )
    parts = []
    for family, rows in distances.groupby("family", sort=False):
        near = rows["distance"] <= rows["by_chance"]
        text = (
            f"on {family} the mean curves are {100 * rows['distance'].mean():.2f} points apart "
            f"({near.sum()} of {len(rows)} optimizers no farther than by chance"
        )
        own = order[order["backend"] == family]
        true = order[order["backend"] == "true"]
        if len(own):
            # Pairs that the true runs themselves tell apart.
            sure = own["agrees"].to_numpy()[true["sure"].to_numpy(dtype=bool)]
            tau, low, high = own[["tau", "tau_low", "tau_high"]].iloc[0]
            text += (
                f"; order of optimizers: Kendall tau {tau:.2f} [{low:.2f}, {high:.2f}], "
                f"{sure.sum()} of the {len(sure)} pairs that true runs tell apart agree"
            )
        parts.append(text + ")")
    number = int(distances["evaluations"].min())
    sentence = f"Without an optimizer's data, over {number} evaluations: {'; '.join(parts)}."
    few = distances[distances["chains"] < ENOUGH_CHAINS].drop_duplicates("algorithm")
    if len(few):
        names = ", ".join(f"{r['algorithm']} ({r['chains']})" for r in few.to_dict("records"))
        sentence = f"{sentence[:-1]}; fewer than {ENOUGH_CHAINS} true chains: {names}."
    return sentence


def plot_comparison(curves: Curves, output: Path) -> None:
    """A panel for the true runs and one per family: the mean over runs and its interval."""
    colour = colours(list(curves["true"]))
    with figure(output, "True against surrogate trajectories", len(curves)) as panels:
        for axes, (backend, own) in zip(panels, curves.items(), strict=True):
            _draw(axes, own, colour)
            axes.set_title("true runs" if backend == "true" else f"on {backend}", fontsize=10)
            axes.set_xlabel("evaluations")
        limits = [axes.get_ylim() for axes in panels]
        for axes in panels:
            axes.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
        panels[0].set_ylabel(
            "best validation accuracy seen in %\n(mean of runs and its 90 % interval)"
        )
        if curves["true"]:
            panels[0].legend(frameon=False, fontsize=8, title="optimizer (true chains)")
        else:
            panels[0].text(0.5, 0.5, "no runs", transform=panels[0].transAxes, ha="center")


def _draw(axes: Axes, own: Mapping[str, np.ndarray], colour: Mapping[str, str]) -> None:
    for name, values in own.items():
        x = np.arange(1, values.shape[1] + 1)
        axes.plot(x, 100 * values.mean(axis=0), color=colour[name], lw=1.5, drawstyle="steps-post",
                  label=f"{name} ({len(values)})")  # fmt: skip
        means = resampled_means(values, np.random.default_rng(0))
        low, high = 100 * np.quantile(means, INTERVAL, axis=0)
        axes.fill_between(x, low, high, step="post", color=colour[name], alpha=0.15, linewidth=0)

"""What a simulated campaign recovers of the benchmark it was simulated from.

    >>> rows = score_recovery(nasforge.load("truth-v1"), nasforge.load("sim-truth-v1"), samplers)

The truth is known here, without noise, for every architecture: so a score needs no ceiling, and
says what a real campaign of the same size would find, were the world as the truth has it. The
truth is a surrogate, smoother than trainings are: a real campaign recovers less.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasforge.benchmark import Benchmark
from nasforge.evaluations.files import write_text
from nasforge.optimizers import Observations, make_optimizer
from nasforge.recipe import digest
from nasforge.studies.numbers import write_numbers
from nasforge.studies.resampling import resampled_means
from nasforge.studies.style import colours, figure
from nasforge.surrogates.metrics import METRICS
from nasforge.surrogates.scores import interval

FRESH = 2000
"""Architectures that both are asked about."""

SEED = 20_240_501
"""Of drawing them: no sampler's."""

SEARCHES = 10
"""Runs of every optimizer on either benchmark."""

BUDGET = 200
"""Evaluations of a run."""

BATCH = 10
"""Of them that are asked for at a time."""

LEVELS = (0.5, 0.8, 0.95)
"""Central intervals whose coverage is measured."""

SEARCH = "search "
"""Begins the quantities of searches: a sampler's name follows, or "ranking"."""

SIDES = ("truth", "recovered")
"""Measures of what is known on either benchmark."""

_QUANTILES = {0.5: 0.674490, 0.8: 1.281552, 0.95: 1.959964}
"""Of the standard normal distribution, two-sided."""


@dataclass(frozen=True)
class RecoveryRow:
    """One number of the comparison.

    Attributes:
        quantity: What is compared ("val_accuracy", "noise_std", "search", ...).
        measure: Name of a metric, "truth", "recovered" or "coverage 80%".
        value: The number; nan if it is unknown.
        low: Where its 90 % interval over runs begins; nan for what is no mean over runs.
        high: Where it ends.
    """

    quantity: str
    measure: str
    value: float
    low: float = float("nan")
    high: float = float("nan")


def score_recovery(
    truth: Benchmark, recovered: Benchmark, samplers: Sequence[Mapping[str, Any]]
) -> list[RecoveryRow]:
    """Compare predictions, noise, their uncertainty, and the ranking of optimizers.

    Args:
        truth: What was simulated from.
        recovered: What was exported.
        samplers: The config's; each optimizer with its settings is run as a search on both.
    """
    rng = np.random.default_rng(SEED)
    fresh = [truth.space.sample(rng) for _ in range(FRESH)]
    true, found = truth.query_many(fresh), recovered.query_many(fresh)
    rows = []
    for target in [name for name in recovered.manifest.targets if name in true]:
        rows += [
            RecoveryRow(target, name, float(metric(true[target], found[target])))
            for name, metric in METRICS.items()
        ]
    rows += _noise(true, found) + _coverage(true, found)
    return rows + _searches(truth, recovered, samplers)


def write_recovery(
    rows: Sequence[RecoveryRow], scores_file: Path, figure_file: Path, finding_file: Path
) -> None:
    """Write the rows as parquet, draw them, and say what was found."""
    table = pd.DataFrame([asdict(row) for row in rows])
    write_numbers(scores_file, table)
    plot_recovery(table, figure_file)
    write_text(finding_file, finding(rows) + "\n")


def finding(rows: Sequence[RecoveryRow]) -> str:
    """One sentence, from the numbers."""
    of = {(row.quantity, row.measure): row for row in rows}
    tau, r2 = (of["val_accuracy", name].value for name in ("kendall_tau", "r2"))
    true, found = (100 * of["noise_std", side].value for side in SIDES)
    inside = of["epistemic_std", "coverage 80%"].value
    parts = [
        f"On {FRESH:,} fresh architectures the recovered val_accuracy has R2 {r2:.2f} and Kendall "
        f"tau {tau:.2f} to the truth",
        "noise between trainings was not estimated"
        if np.isnan(found)
        else f"noise between trainings is {found:.2f} points and in truth {true:.2f}",
        "intervals of the mean are not known"
        if np.isnan(inside)
        else f"the 80 % intervals of the mean hold the truth for {inside:.0%} of them",
    ]
    if ranking := of.get((f"{SEARCH}ranking", "kendall_tau")):
        searched = sum(q.startswith(SEARCH) and measure == SIDES[0] for q, measure in of)
        parts.append(
            f"{searched} optimizers are ranked by searches of {BUDGET} evaluations "
            f"with Kendall tau {ranking.value:.2f} [{ranking.low:.2f}, {ranking.high:.2f}] to "
            f"their ranking on the truth ({SEARCHES} runs each, 90 % interval)"
        )
    return "; ".join(parts) + "."


def plot_recovery(table: pd.DataFrame, output: Path) -> None:
    """How alike both rank architectures, by target, and where searches end on either."""
    searched = table["quantity"].str.startswith(SEARCH)
    taus = table[(table["measure"] == "kendall_tau") & ~searched]
    ends = table[searched & table["measure"].isin(SIDES)]
    colour = colours(SIDES)
    with figure(output, "What a simulated campaign recovers", panels=2) as panels:
        panels[0].barh(taus["quantity"], taus["value"], color=colour["recovered"])
        panels[0].set_xlabel("Kendall tau to the truth, fresh architectures")
        for side, marker in zip(SIDES, "ox", strict=True):
            own = ends[ends["measure"] == side]
            names = own["quantity"].str.removeprefix(SEARCH)
            panels[1].plot(100 * own["value"], names, marker, color=colour[side], label=side)
        panels[1].set_xlabel("accuracy in % where searches end, without noise")
        panels[1].legend(frameon=False, fontsize=8, title="search on")


def _noise(true: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray]) -> list[RecoveryRow]:
    """Root mean variance between trainings of val_accuracy."""
    return [
        RecoveryRow("noise_std", name, float(np.sqrt((answer["noise_std"] ** 2).mean())))
        for name, answer in zip(SIDES, (true, found), strict=True)
    ]


def _coverage(true: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray]) -> list[RecoveryRow]:
    """How often the truth is inside the recovered benchmark's central intervals."""
    error = np.abs(found["val_accuracy"] - true["val_accuracy"])
    std = found["epistemic_std"]
    unknown = bool(np.isnan(std).any())
    return [
        RecoveryRow(
            "epistemic_std",
            f"coverage {level:.0%}",
            float("nan") if unknown else float((error <= _QUANTILES[level] * std).mean()),
        )
        for level in LEVELS
    ]


def _searches(
    truth: Benchmark, recovered: Benchmark, samplers: Sequence[Mapping[str, Any]]
) -> list[RecoveryRow]:
    """Where searches end on either benchmark, and whether both rank the optimizers alike."""
    entries = {digest([e["optimizer"], dict(e["settings"])]): e for e in reversed(samplers)}
    rng = np.random.default_rng(SEED)
    rows, ends, draws = [], [], []
    for entry in reversed(entries.values()):
        runs = [_search(bench, entry) for bench in (truth, recovered)]  # each [SEARCHES]
        ends.append([own.mean() for own in runs])
        # Resampled apart: the same seed on two benchmarks is not the same search.
        draws.append([resampled_means(own[:, None], rng)[:, 0] for own in runs])
        rows += [
            RecoveryRow(f"{SEARCH}{entry['name']}", side, float(mean), *interval(samples))
            for side, mean, samples in zip(SIDES, ends[-1], draws[-1], strict=True)
        ]
    if len(ends) > 1:
        tau = METRICS["kendall_tau"]
        taus = [float(tau(*sides)) for sides in np.array(draws).T]  # [2, optimizers] each
        mean = float(tau(*np.array(ends).T))
        rows.append(RecoveryRow(f"{SEARCH}ranking", "kendall_tau", mean, *interval(taus)))
    return rows


def _search(bench: Benchmark, entry: Mapping[str, Any]) -> np.ndarray:
    """By run, the val_accuracy, without noise, of the best one observed.

    Observations are noisy where the benchmark knows its noise, as trainings are.
    """
    noisy = bench.manifest.targets["val_accuracy"].noise is not None
    ends = []
    for seed in range(SEARCHES):
        optimizer = make_optimizer(entry["optimizer"], bench.space, seed, **entry["settings"])
        best, incumbent = -np.inf, None
        for generation in range(BUDGET // BATCH):
            batch = optimizer.ask(BATCH)
            draw = seed if noisy else None
            values = bench.query_many(batch, ["val_accuracy"], noise_seed=draw)["val_accuracy"]
            nothing = [float("nan")] * BATCH
            optimizer.tell(Observations.of_batch(batch, values, nothing, generation))
            if values.max() > best:
                best, incumbent = values.max(), batch[int(values.argmax())]
        ends.append(bench.query(incumbent).val_accuracy)
    return np.array(ends)

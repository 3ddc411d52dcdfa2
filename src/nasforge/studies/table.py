"""Surrogate against table: which tells better what further trainings of a network will give?

    >>> compare_with_table(development, proposals, {"linear": predictions}, scores, figure, finding)

The paper's first figure. Architectures with several trainings are the judges: the truth is the mean
of all but the first; a table says what the first one gave; a surrogate says what it learnt from n
other architectures (headline), or from all architectures, the first training of these included
(the paper's variant). Differences are paired by architecture.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from nasforge.benchmark.targets import TARGETS
from nasforge.evaluations.files import write_text
from nasforge.evaluations.tables import read_table
from nasforge.studies.numbers import write_numbers
from nasforge.studies.style import MUTED, colours, figure
from nasforge.surrogates.labels import Labels, read_labels
from nasforge.surrogates.metrics import Metric, kendall_tau, mae
from nasforge.surrogates.scores import BOOTSTRAPS, interval
from nasforge.surrogates.selection import SELECTION_TARGET

_LOG = logging.getLogger(__name__)

METRICS = {"mae": mae, "kendall_tau": kendall_tau}
FEWEST = 10
"""Judges, without which a stratum is left out."""


@dataclass(frozen=True)
class TableSources:
    """Files that are read.

    Attributes:
        development: The development part.
        proposals: The campaign's proposals.
    """

    development: Path
    proposals: Path


@dataclass(frozen=True)
class TableOutputs:
    """Files that are written.

    Attributes:
        scores: A row per stratum, surrogate, variant, size and metric, parquet.
        figure: Errors over the number of training architectures, beside the table's.
        finding: One sentence.
    """

    scores: Path
    figure: Path
    finding: Path


def compare_with_table(
    sources: TableSources, prediction_files: Mapping[str, Path], outputs: TableOutputs
) -> None:
    """Score table and surrogates on the replicated architectures of the development part.

    Args:
        sources: What is read.
        prediction_files: What `hold_out` wrote, by family.
        outputs: What is written.
    """
    labels = read_labels(sources.development, TARGETS[SELECTION_TARGET])
    judges = np.flatnonzero(labels.seeds > 1)
    rows = pd.read_parquet(sources.development, columns=["architecture_id", "train_time_s"])
    # Labels average all trainings of an architecture, so an architecture costs all of them.
    cost_s = rows.groupby("architecture_id")["train_time_s"].sum().mean()
    tables = []
    for stratum, rows in _strata(labels, judges, sources.proposals).items():
        if len(rows) < FEWEST:
            continue
        for family, file in prediction_files.items():
            if family != "mean":
                tables.append(_compare(labels, rows, pd.read_parquet(file), stratum, family))
    table = pd.concat(tables) if tables else pd.DataFrame(columns=["stratum", "metric"])
    table["core_hours"] = table["trained"] * cost_s / 3600 if tables else []
    write_numbers(outputs.scores, table)
    write_text(outputs.finding, finding(table, cost_s) + "\n")
    plot_table(table, outputs.figure)


def _strata(labels: Labels, judges: np.ndarray, proposals: Path) -> dict[str, np.ndarray]:
    table = read_table(proposals, "proposals")[0].to_pandas()
    optimizer = dict(zip(table["sampler"], table["optimizer"], strict=True))
    random = np.array([optimizer[labels.strata[row]] == "random" for row in judges], dtype=bool)
    return {"all": judges, "random": judges[random], "optimized": judges[~random]}


def _compare(
    labels: Labels, rows: np.ndarray, predictions: pd.DataFrame, stratum: str, family: str
) -> pd.DataFrame:
    """Both variants, all sizes, both metrics."""
    truth = (labels.values * labels.seeds - labels.first)[rows] / (labels.seeds[rows] - 1)
    first = labels.first[rows]
    ids = [labels.architecture_ids[row] for row in rows]
    wanted = predictions[predictions["scheme"].isin(["size", "seen"])]
    result = []
    for (scheme, group), part in wanted.groupby(["scheme", "group"], sort=False):
        predicted = part.set_index("architecture_id")["prediction"].loc[ids].to_numpy()
        for metric, score in METRICS.items():
            samples = _differences(score, truth, predicted, first)
            low, high = interval(samples)
            result.append(
                {
                    "stratum": stratum,
                    "family": family,
                    "variant": "unseen" if scheme == "size" else "first run seen",
                    "size": group,
                    "trained": round(part["trained"].mean()),
                    "judges": len(rows),
                    "metric": metric,
                    "surrogate": score(truth, predicted),
                    "table": score(truth, first),
                    "difference": score(truth, predicted) - score(truth, first),
                    "low": low,
                    "high": high,
                }
            )
    return pd.DataFrame(result)


def _differences(
    score: Metric, truth: np.ndarray, predicted: np.ndarray, first: np.ndarray
) -> list[float]:
    rng = np.random.default_rng(0)
    draws = rng.integers(len(truth), size=(BOOTSTRAPS, len(truth)))
    return [score(truth[d], predicted[d]) - score(truth[d], first[d]) for d in draws]


def finding(table: pd.DataFrame, cost_s: float) -> str:
    """One sentence: from where on the best surrogate beats the table, and how sure that is.

    Args:
        table: What was scored.
        cost_s: Seconds of training that an architecture of the surrogate's takes.
    """
    if table.empty:
        return "Not answered: too few architectures have several trainings."
    rows = table[
        (table["stratum"] == "all") & (table["metric"] == "mae") & (table["variant"] == "unseen")
    ]
    best = rows[rows["trained"] == rows["trained"].max()].sort_values("surrogate").iloc[0]
    own = rows[rows["family"] == best["family"]].sort_values("trained")
    n, judges = int(best["trained"]), int(best["judges"])
    numbers = (
        f"(MAE {best['surrogate']:.4f} against {best['table']:.4f}, difference "
        f"{best['difference']:+.4f} [{best['low']:+.4f}, {best['high']:+.4f}], {judges} judges)"
    )
    first = _from_where_on(own, "difference")
    if first is None:
        return (
            f"No surrogate overtakes a table of one run with up to {n} training architectures; "
            f"closest is {best['family']} {numbers}."
        )
    hours = first * cost_s / 3600
    sure = _from_where_on(own, "high")
    surely = "not yet beyond doubt" if sure is None else f"surely from {sure} on"
    return (
        f"{best['family']} overtakes a table of one run from {first} training architectures "
        f"({hours:.1f} core-hours) on, {surely}; with {n} {numbers}."
    )


def _from_where_on(rows: pd.DataFrame, column: str) -> int | None:
    """Training architectures from which on a column stays negative; None if it does not end so."""
    behind = np.flatnonzero(rows[column] >= 0)
    first = int(behind[-1]) + 1 if len(behind) else 0
    return int(rows["trained"].iloc[first]) if first < len(rows) else None


def plot_table(table: pd.DataFrame, output: Path) -> None:
    """MAE and Kendall tau over the number of training architectures."""
    with figure(output, "Surrogate against a table of one run", panels=2) as panels:
        for axes, (metric, name) in zip(
            panels,
            {"mae": "mean absolute error", "kendall_tau": "Kendall tau"}.items(),
            strict=True,
        ):
            rows = table[(table["stratum"] == "all") & (table["metric"] == metric)]
            _plot_metric(axes, rows, list(dict.fromkeys(rows.get("family", []))))
            axes.set_xlabel("training architectures")
            axes.set_ylabel(f"{name} to the mean of other runs")
        if not table.empty:
            panels[0].legend(frameon=False, fontsize=7)


def _plot_metric(axes: Axes, rows: pd.DataFrame, families: Sequence[str]) -> None:
    if rows.empty:
        axes.text(0.5, 0.5, "too few replicates", transform=axes.transAxes, ha="center")
        return
    colour = colours(families)
    for family in families:
        own = rows[(rows["family"] == family) & (rows["variant"] == "unseen")]
        own = own.sort_values("trained")
        axes.plot(own["trained"], own["surrogate"], marker="o", ms=3, color=colour[family],
                  label=family)  # fmt: skip
        seen = rows[(rows["family"] == family) & (rows["variant"] != "unseen")]
        axes.plot(seen["trained"], seen["surrogate"], marker="*", ms=8, ls="", color=colour[family])
    axes.axhline(rows["table"].iloc[0], color=MUTED, ls="--", label="table (one run)")
    axes.set_xscale("log")
    sizes = sorted(set(rows.loc[rows["variant"] == "unseen", "trained"]))
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()

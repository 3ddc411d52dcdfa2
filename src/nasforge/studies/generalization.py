"""Generalization, part two: scores by size of the training set, region, distance and sampler.

    >>> sources = GeneralizationSources(development, proposals, {"linear": predictions})
    >>> score_generalization(sources, scores, figure, finding)

All families are scored on the same architectures, each score beside its ceiling and the baseline
of a one-run table.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from nasforge.benchmark.score_text import bare_score_text, ceiling_text, score_text
from nasforge.benchmark.targets import TARGETS
from nasforge.evaluations.files import write_text
from nasforge.evaluations.tables import read_table
from nasforge.studies.numbers import write_numbers
from nasforge.studies.regions import in_top_region
from nasforge.studies.style import MUTED, colours, figure, legend_below
from nasforge.surrogates.labels import Labels, read_labels
from nasforge.surrogates.scores import format_scores, score_table
from nasforge.surrogates.selection import SELECTION_TARGET

_LOG = logging.getLogger(__name__)

DISTANCES = (("1 edit", 1, 1), ("2 edits", 2, 2), ("3 or more edits", 3, 10**9))
FEWEST = 10
"""Architectures, without which a group is not scored."""

_CURVES = {"r2": "R²", "kendall_tau": "Kendall tau"}

RANKS = ("kendall_tau", "sparse_kendall_tau", "spearman", "mae", "rmse")
"""Scores of the top region: selected by prediction, its R2 means nothing."""


@dataclass(frozen=True)
class GeneralizationSources:
    """Files that are read.

    Attributes:
        development: The development part.
        proposals: The campaign's proposals.
        predictions: What `hold_out` wrote, by family.
    """

    development: Path
    proposals: Path
    predictions: Mapping[str, Path]


def score_generalization(
    sources: GeneralizationSources, scores_file: Path, figure_file: Path, finding_file: Path
) -> None:
    """Score what `hold_out` predicted, and draw it.

    Args:
        sources: What is read.
        scores_file: The score table with columns scheme, group and trained, written as parquet.
        figure_file: Scores over the size of the training set, and of what was left out.
        finding_file: What they say, in sentences.
    """
    labels = read_labels(sources.development, TARGETS[SELECTION_TARGET])
    predictions = {
        family: pd.read_parquet(file).query("scheme != 'seen'")
        for family, file in sources.predictions.items()
        if family != "mean"
    }
    tables = []
    for scheme, group, trained, rows, predicted in _groups(labels, predictions):
        if len(rows) < FEWEST:
            continue
        table = score_table(
            TARGETS[SELECTION_TARGET], "development", labels.at(rows), predicted, labels.replicates
        )
        if scheme == "region":
            table = table[table["metric"].isin(RANKS)]
        tables.append(table.assign(scheme=scheme, group=group, trained=trained))
        _LOG.info("%s %s\n%s", scheme, group, format_scores(table))
    table = pd.concat(tables, ignore_index=True)
    write_numbers(scores_file, table.drop(columns=["target", "part"]))
    proposals = read_table(sources.proposals, "proposals")[0]
    pairs = zip(*(proposals[name].to_pylist() for name in ("sampler", "optimizer")), strict=True)
    write_text(finding_file, finding(table, dict(pairs)) + "\n")
    plot_generalization(table, figure_file)


def _groups(
    labels: Labels, predictions: Mapping[str, pd.DataFrame]
) -> Iterator[tuple[str, str, int, np.ndarray, dict[str, np.ndarray]]]:
    """What is scored: scheme, group, training architectures, rows of the labels, predictions."""
    row_of = {architecture_id: row for row, architecture_id in enumerate(labels.architecture_ids)}
    first = next(iter(predictions.values()))
    for (scheme, group), rows in first.groupby(["scheme", "group"], sort=False):
        own = {
            family: table[(table["scheme"] == scheme) & (table["group"] == group)]
            for family, table in predictions.items()
        }
        index = rows["architecture_id"].map(row_of).to_numpy()
        values = {family: table["prediction"].to_numpy() for family, table in own.items()}
        trained = round(rows["trained"].mean())
        yield str(scheme), str(group), trained, index, values
        if (scheme, group) == ("size", "all"):
            parts = {"top fifth by prediction": ("region", in_top_region(list(values.values())))}
            distance = rows["distance"].to_numpy()
            for name, low, high in DISTANCES:
                parts[name] = ("distance", (distance >= low) & (distance <= high))
            for name, (kind, chosen) in parts.items():
                cut = {family: predicted[chosen] for family, predicted in values.items()}
                yield kind, name, trained, index[chosen], cut


def finding(table: pd.DataFrame, optimizers: Mapping[str, str]) -> str:
    """How good the best family is, whether it still grows, and how far that reaches.

    Args:
        table: Score tables with columns scheme, group and trained.
        optimizers: That of each sampler.
    """
    sizes = table[(table["scheme"] == "size") & (table["metric"] == "r2")]
    full = sizes[sizes["trained"] == sizes["trained"].max()]
    best = full.loc[full["score"].idxmax()]
    before = sizes[(sizes["family"] == best["family"]) & (sizes["trained"] < best["trained"])]
    grown = ""
    if len(before):
        last = before.loc[before["trained"].idxmax()]
        grown = f", after {score_text(last, digits=2)} with {last['trained']}"
    sentences = [
        f"With {best['trained']} training architectures {best['family']} is the best family: R2 "
        f"{score_text(best, digits=2)} on held-out folds, ceiling {ceiling_text(best, 2)}{grown}."
    ]
    own = table[table["family"] == best["family"]]
    taus = own[own["metric"] == "kendall_tau"]
    for scheme, words in (
        ("distance", "Its Kendall tau by distance to the nearest training architecture"),
        ("region", "In the top region"),
    ):
        parts = [
            f"{row['group']} {score_text(row, digits=2)}"
            for row in taus[taus["scheme"] == scheme].to_dict("records")
        ]
        if parts:
            sentences.append(f"{words}: {', '.join(parts)}.")
    parts = _left_out(own[own["scheme"] == "without"], optimizers)
    if parts:
        sentences.append(f"On what it learnt nothing of (and R2): {', '.join(parts)}.")
    return " ".join(sentences)


def _left_out(scores: pd.DataFrame, optimizers: Mapping[str, str]) -> list[str]:
    """Kendall tau and R2 of every optimizer that was left out: ranks may hold while levels do not.

    Samplers that are left out together, as their optimizer's, are one by one in the table alone.
    """
    tau = scores[scores["metric"] == "kendall_tau"].set_index("group")
    r2 = scores[scores["metric"] == "r2"].set_index("group")
    groups = [name for name in tau.index if f"all {optimizers.get(name)}" not in tau.index]
    return [
        f"{name} {score_text(tau.loc[name], 2)} (R2 {bare_score_text(r2.loc[name], 2)})"
        for name in groups
    ]


def plot_generalization(table: pd.DataFrame, output: Path) -> None:
    """R2 and Kendall tau over the number of training architectures; tau of what was left out."""
    families = list(dict.fromkeys(table["family"]))
    colour = colours(families)
    with figure(output, "How surrogates generalize", panels=3) as panels:
        for axes, (metric, name) in zip(panels, _CURVES.items(), strict=False):
            _plot_sizes(axes, table[(table["scheme"] == "size") & (table["metric"] == metric)])
            axes.set_ylabel(f"{name}, held-out folds")
        legend_below(panels[1])
        rows = table[(table["scheme"] == "without") & (table["metric"] == "kendall_tau")]
        groups = list(dict.fromkeys(rows["group"]))
        shown = best_families(table)
        for offset, family in enumerate(shown):
            own = rows[rows["family"] == family].set_index("group").loc[groups]
            y = np.arange(len(groups)) + 0.4 * (offset / max(1, len(shown) - 1) - 0.5)
            panels[2].errorbar(
                own["score"], y, xerr=[own["score"] - own["low"], own["high"] - own["score"]],
                fmt="o", ms=3, lw=1, color=colour[family],
            )  # fmt: skip
        panels[2].set_yticks(range(len(groups)), groups)
        panels[2].set_xlabel(f"Kendall tau of a left-out sampler's region\n{', '.join(shown)}")


def best_families(table: pd.DataFrame, number: int = 2) -> list[str]:
    """Those with the highest R2 that learnt from most architectures: more are not told apart."""
    rows = table[(table["scheme"] == "size") & (table["metric"] == "r2")]
    rows = rows[rows["trained"] == rows["trained"].max()]
    return rows.sort_values("score", ascending=False, kind="stable")["family"].head(number).tolist()


def _plot_sizes(axes: Axes, rows: pd.DataFrame) -> None:
    families = list(dict.fromkeys(rows["family"]))
    for number, family in enumerate(families):
        own = rows[rows["family"] == family].sort_values("trained")
        # A little apart, so that intervals can be told from each other.
        x = own["trained"] * (1 + 0.02 * (number - len(families) / 2))
        axes.errorbar(
            x, own["score"], yerr=[own["score"] - own["low"], own["high"] - own["score"]],
            marker="o", ms=3, lw=1, elinewidth=0.6, color=colours(families)[family], label=family,
        )  # fmt: skip
    known = rows[rows["estimable"]].drop_duplicates("trained").sort_values("trained")
    axes.plot(known["trained"], known["ceiling"], color="black", ls="--", label="ceiling")
    axes.plot(known["trained"], known["table"], color=MUTED, ls=":", label="one-run table")
    axes.set_xscale("log")
    sizes = sorted(set(rows["trained"]))
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.set_xlabel("training architectures")

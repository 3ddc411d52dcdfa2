"""The report's figures: what the campaign found, and how well the surrogate predicts it.

>>> plot_figures(FigureSources(...), {"best_so_far": Path("best_so_far.png"), ...})
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nasforge.benchmark.score_text import ceiling_text, score_text
from nasforge.benchmark.targets import TARGETS
from nasforge.evaluations.tables import read_table
from nasforge.studies.style import MUTED, PALETTE, colours, figure
from nasforge.surrogates.selection import SELECTION_TARGET

PIT_BINS = 10


@dataclass(frozen=True)
class FigureSources:
    """Files that the figures are drawn from.

    Attributes:
        evaluations: The campaign's evaluations.
        curves: Its learning curves.
        proposals: Its proposals.
        selection: What `select` wrote.
        predictions: Predictions of the test part.
        scores: Scores on the test part.
    """

    evaluations: Path
    curves: Path
    proposals: Path
    selection: Path
    predictions: Path
    scores: Path


def plot_figures(sources: FigureSources, outputs: Mapping[str, Path]) -> None:
    """Draw every figure.

    Args:
        sources: Where the numbers come from.
        outputs: PNG file by figure: accuracy_by_sampler, best_so_far, learning_curves,
            predicted_against_true, calibration.
    """
    evaluations = read_table(sources.evaluations, "evaluations")[0].to_pandas()
    proposals = read_table(sources.proposals, "proposals")[0].to_pandas()
    curves = read_table(sources.curves, "curves")[0].to_pandas()
    selected = json.loads(sources.selection.read_text(encoding="utf-8"))["selected"]
    proposed = proposals.merge(evaluations, on="evaluation_id")
    plot_accuracy_by_sampler(proposed, outputs["accuracy_by_sampler"])
    plot_best_so_far(proposed, outputs["best_so_far"])
    plot_learning_curves(curves, proposed, outputs["learning_curves"])
    predictions = pd.read_parquet(sources.predictions).query("target == @SELECTION_TARGET")
    plot_calibration(predictions, selected, outputs["calibration"])
    plot_predicted_against_true(
        predictions,
        pd.read_parquet(sources.scores).query("target == @SELECTION_TARGET"),
        selected,
        outputs["predicted_against_true"],
    )


def plot_accuracy_by_sampler(proposed: pd.DataFrame, output: Path) -> None:
    """Validation accuracy of every proposal, a column of points per sampler and its median."""
    samplers = list(dict.fromkeys(proposed["sampler"]))
    colour = colours(samplers)
    rng = np.random.default_rng(0)
    with figure(output, "Validation accuracy by sampler") as [axes]:
        for x, sampler in enumerate(samplers):
            values = proposed.loc[proposed["sampler"] == sampler, "val_accuracy"].dropna()
            jitter = rng.uniform(-0.25, 0.25, len(values))
            axes.scatter(x + jitter, values, s=14, alpha=0.6, color=colour[sampler], linewidths=0)
            axes.hlines(values.median(), x - 0.35, x + 0.35, color="black", zorder=3)
        axes.set_xticks(range(len(samplers)), samplers)
        axes.set_xlim(-0.6, len(samplers) - 0.4)
        axes.set_xlabel("sampler (line: median)")
        axes.set_ylabel("validation accuracy, one training")


def plot_best_so_far(proposed: pd.DataFrame, output: Path) -> None:
    """Best validation accuracy seen, over the number of proposals of each sampler."""
    samplers = list(dict.fromkeys(proposed["sampler"]))
    colour = colours(samplers)
    with figure(output, "Best validation accuracy so far") as [axes]:
        for sampler in samplers:
            rows = proposed[proposed["sampler"] == sampler].sort_values(["generation", "position"])
            best = rows["val_accuracy"].fillna(-np.inf).cummax()
            axes.step(
                np.arange(1, len(best) + 1),
                best.replace(-np.inf, np.nan),
                where="post",
                label=sampler,
                color=colour[sampler],
            )
        axes.set_xlabel("proposals of the sampler")
        axes.set_ylabel("best validation accuracy seen (noisy)")
        axes.legend(frameon=False)


def plot_learning_curves(curves: pd.DataFrame, proposed: pd.DataFrame, output: Path) -> None:
    """Validation accuracy over epochs of every proposal, and the median of each sampler.

    Imported evaluations may have no curves.
    """
    first = proposed.drop_duplicates("evaluation_id")[["evaluation_id", "sampler"]]
    rows = curves.merge(first, on="evaluation_id")
    samplers = list(dict.fromkeys(proposed["sampler"]))
    colour = colours(samplers)
    with figure(output, "Learning curves") as [axes]:
        for _, curve in rows.groupby("evaluation_id", sort=False):
            axes.plot(curve["epoch"], curve["val_accuracy"], color=MUTED, alpha=0.25, linewidth=0.7)
        for sampler in samplers:
            median = rows[rows["sampler"] == sampler].groupby("epoch")["val_accuracy"].median()
            axes.plot(
                median.index, median, marker="o", markersize=4, label=sampler, color=colour[sampler]
            )
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel("epoch")
        axes.set_ylabel("validation accuracy")
        if rows.empty:
            axes.text(0.5, 0.5, "none imported", transform=axes.transAxes, ha="center")
        else:
            axes.legend(frameon=False, title="median of")


def plot_predicted_against_true(
    predictions: pd.DataFrame, scores: pd.DataFrame, selected: str, output: Path
) -> None:
    """Held-out labels over predictions, a panel per surrogate, with scores beside ceilings."""
    target = TARGETS[SELECTION_TARGET]
    families = list(dict.fromkeys(predictions["family"]))
    strata = sorted(set(predictions["stratum"]))
    colour = colours(strata)
    values = target.natural(predictions[["prediction", "label"]].to_numpy())
    ends = [values.min(), values.max()]
    title = f"Trained over predicted, {predictions['architecture_id'].nunique()} held-out networks"
    with figure(output, title, panels=len(families)) as panels:
        for axes, family in zip(panels, families, strict=True):
            rows = predictions[predictions["family"] == family]
            for stratum in strata:
                part = rows[rows["stratum"] == stratum]
                axes.scatter(
                    target.natural(part["prediction"]),
                    target.natural(part["label"]),
                    s=18,
                    alpha=0.75,
                    linewidths=0,
                    color=colour[stratum],
                    label=stratum,
                )
            axes.plot(ends, ends, color=MUTED, linewidth=1, zorder=0)
            chosen = " (selected)" if family == selected else ""
            text = _score_text(scores[scores["family"] == family])
            axes.set_title(f"{family}{chosen}\n{text}", fontsize=9)
            axes.set_xlabel("predicted validation accuracy")
        panels[0].set_ylabel("trained validation accuracy")
        panels[0].legend(frameon=False, loc="lower right", title="first proposed by")


def plot_calibration(predictions: pd.DataFrame, selected: str, output: Path) -> None:
    """Histogram of the probability integral transform of held-out trainings: flat if honest.

    High in the middle: intervals are too wide; high at the ends: too narrow.
    """
    known = predictions[predictions["pit"].notna() & (predictions["family"] != "mean")]
    families = list(dict.fromkeys(known["family"]))
    edges = np.linspace(0.0, 1.0, PIT_BINS + 1)
    with figure(output, "Where held-out trainings fall in their forecast") as [axes]:
        # The selected one last, on top of the others.
        for family in sorted(families, key=lambda name: name == selected):
            values = known.loc[known["family"] == family, "pit"]
            heights = np.histogram(values, edges)[0] * PIT_BINS / len(values)
            style = {"color": MUTED, "linewidth": 0.8, "alpha": 0.6, "label": "other surrogates"}
            if family == selected:
                style = {"color": PALETTE[0], "linewidth": 2.5, "label": f"{family} (selected)"}
            axes.stairs(heights, edges, **style)
        axes.axhline(1.0, color=MUTED, linestyle="--", linewidth=1)
        axes.set_xlabel("predicted probability of a lower accuracy")
        axes.set_ylabel("density of trainings")
        if families:
            handles, labels = axes.get_legend_handles_labels()
            unique = dict(zip(labels, handles, strict=True))
            axes.legend(unique.values(), unique.keys(), frameon=False)
        else:
            axes.text(0.5, 0.5, "too few replicates", transform=axes.transAxes, ha="center")


def _score_text(scores: pd.DataFrame) -> str:
    lines = []
    for metric, name in (("r2", "R²"), ("kendall_tau", "Kendall tau")):
        [row] = scores[scores["metric"] == metric].to_dict("records")
        lines.append(f"{name} {score_text(row, 2)}, ceiling {ceiling_text(row, 2)}")
    return "\n".join(lines)

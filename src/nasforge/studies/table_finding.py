"""Surrogate against table, in sentences and as a figure.

    >>> finding(scores, equal_error)

The best surrogate is the one with the smallest error when it learnt from all there are.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from nasforge.studies.judges import SEEN, UNSEEN
from nasforge.studies.style import MUTED, colours, figure, legend_below

STRATA = {
    "random": "random architectures",
    "optimized": "what optimizers proposed",
    "top": "the top fifth by prediction",
}
"""Words for all but the stratum of all judges."""

_PANELS = (
    ("all", "mae", "mean absolute error"),
    ("all", "kendall_tau", "Kendall tau"),
    ("top", "mae", "mean absolute error"),
)


def finding(scores: pd.DataFrame, equal: pd.DataFrame) -> str:
    """Where the best surrogate overtakes the table, at what cost, and how sure that is.

    Args:
        scores: A row per stratum, family, variant, size and metric.
        equal: A row per stratum and family, see `nasforge.studies.equal_error`.
    """
    if scores.empty:
        return "Not answered: too few architectures have several trainings."
    best = _best(scores)
    name = best["family"]
    own = equal[equal["family"] == name].set_index("stratum")
    row = own.loc["all"]
    needed = f"{_estimate(row, 'size')} training architectures"
    if np.isinf(row["size"]):
        sentences = [
            f"No surrogate overtakes a table of one run: {name}, the nearest, needs {needed}."
        ]
    else:
        sentences = [f"{name} overtakes a table of one run with {needed}.", _cost(row, name)]
    sentences.append(
        f"With {best['trained']:,} its MAE is {best['surrogate']:.4f}, the table's "
        f"{best['table']:.4f} (difference {best['difference']:+.4f} [{best['low']:+.4f}, "
        f"{best['high']:+.4f}], {best['judges']} judges)."
    )
    apart = [
        f"{_estimate(own.loc[stratum], 'size')} on {words} ({own.loc[stratum, 'judges']} judges)"
        for stratum, words in STRATA.items()
        if stratum in own.index
    ]
    if apart:
        sentences.append(f"To overtake, it needs {', '.join(apart)}.")
    return " ".join(sentences)


def _best(scores: pd.DataFrame) -> pd.Series:
    """The row of the smallest MAE over all judges, of families that learnt from all there are."""
    rows = scores[(scores["stratum"] == "all") & (scores["metric"] == "mae")]
    rows = rows[rows["variant"] == UNSEEN]
    return rows[rows["trained"] == rows["trained"].max()].sort_values("surrogate").iloc[0]


def _cost(row: pd.Series, name: str) -> str:
    table = f"a table of {_estimate(row, 'networks')} networks"
    if np.isnan(row["table_core_hours"]):
        return f"They take as many trainings as {table}: to answer for more, {name} is cheaper."
    hours = f"{_estimate(row, 'core_hours', '.1f')} core-hours"
    return f"They take {hours}, as does {table}: to answer for more, {name} is cheaper."


def _estimate(row: pd.Series, column: str, form: str = ",.0f") -> str:
    """A number of training architectures, or what goes with it, and its interval.

    What is outside of the sizes fitted is said of the size that bounds it.
    """
    unit = {
        "size": 1.0,
        "networks": row["trainings"],
        "core_hours": row["trainings"] * row["table_core_hours"],
    }[column]
    texts = []
    for suffix in ("", "_low", "_high"):
        if row[f"size{suffix}"] == 0:
            texts.append(f"at most {unit * row['smallest']:{form}}")
        elif np.isinf(row[f"size{suffix}"]):
            texts.append(f"more than {unit * row['largest']:{form}}")
        else:
            texts.append(f"{row[f'{column}{suffix}']:{form}}")
    return f"{texts[0]} [{texts[1]}, {texts[2]}]"


def plot_table(scores: pd.DataFrame, equal: pd.DataFrame, output: Path) -> None:
    """MAE and Kendall tau over the number of training architectures, and MAE in the top region.

    Errors of the best surrogate have a bar where they meet the table's: the interval of that place.
    """
    families = list(dict.fromkeys(scores["family"]))
    with figure(output, "Surrogate against a table of one run", panels=len(_PANELS)) as panels:
        for axes, (stratum, metric, name) in zip(panels, _PANELS, strict=True):
            rows = scores[(scores["stratum"] == stratum) & (scores["metric"] == metric)]
            axes.set_xlabel("training architectures")
            axes.set_ylabel(f"{name} to the mean of other runs")
            if rows.empty:
                axes.text(0.5, 0.5, "too few replicates", transform=axes.transAxes, ha="center")
                continue
            axes.set_title(f"{rows['judges'].iloc[0]} judges{_of(stratum)}", fontsize=10)
            _plot_metric(axes, rows, families)
            if metric == "mae":
                best = _best(scores)["family"]
                own = equal[(equal["stratum"] == stratum) & (equal["family"] == best)]
                _plot_equal_error(axes, own.iloc[0], colours(families)[best])
        if not scores.empty:
            legend_below(panels[0])


def _of(stratum: str) -> str:
    return f", {STRATA[stratum]}" if stratum in STRATA else ""


def _plot_metric(axes: Axes, rows: pd.DataFrame, families: Sequence[str]) -> None:
    colour = colours(families)
    for family in families:
        own = rows[(rows["family"] == family) & (rows["variant"] == UNSEEN)]
        own = own.sort_values("trained")
        axes.plot(own["trained"], own["surrogate"], marker="o", ms=3, color=colour[family],
                  label=family)  # fmt: skip
        seen = rows[(rows["family"] == family) & (rows["variant"] != UNSEEN)]
        axes.plot(seen["trained"], seen["surrogate"], marker="*", ms=8, ls="", color=colour[family])
    axes.plot([], [], "*", color=MUTED, ms=8, label=SEEN)
    axes.axhline(rows["table"].iloc[0], color=MUTED, ls="--", label="table (one run)")
    axes.set_xscale("log")
    sizes = sorted(set(rows.loc[rows["variant"] == UNSEEN, "trained"]))
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()


def _plot_equal_error(axes: Axes, row: pd.Series, colour: str) -> None:
    """The interval as far as sizes were fitted, with a cap where it ends within them."""
    ends = row[["size_low", "size_high"]].to_numpy(dtype=float)
    shown = np.clip(ends, row["smallest"], row["largest"])
    axes.plot(shown, [row["table"]] * 2, color=colour, lw=3, alpha=0.4, solid_capstyle="butt")
    inside = ends[shown == ends]
    axes.plot(inside, [row["table"]] * len(inside), "|", color=colour, ms=9)

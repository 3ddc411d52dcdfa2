"""Tables of scores in Markdown: surrogates below each other, and what bounds them.

>>> score_tables(pd.read_parquet("score/test_scores.parquet"))
["| n = 117 | r2 | mae | ...", ...]

Nothing is computed here.
"""

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from nasforge.surrogates.selection import SELECTION_TARGET

RANKING = (
    "r2",
    "mae",
    "rmse",
    "kendall_tau",
    "sparse_kendall_tau",
    "spearman",
    "top_tenth_overlap",
)
CALIBRATION = ("nll", "crps", "coverage_50", "coverage_90", "kl")
GENERAL = ("r2", "kendall_tau")

IN_UNITS = ("mae", "rmse", "crps")
"""Of the target, so with more digits: a point of accuracy is .01."""

SIZE = "Training architectures"
SCHEMES = {
    "size": SIZE,
    "without": "Left out",
    "distance": "Edits to the nearest training architecture",
    "region": "Region",
}
"""Of the study of generalization, with their titles."""


def score_tables(scores: pd.DataFrame) -> list[str]:
    """Scores of val_accuracy: of the predicted means, then of the predictive distributions.

    Args:
        scores: A score table with all targets of one part.
    """
    own = scores[scores["target"] == SELECTION_TARGET]
    return [*by_family(own, RANKING), "", *by_family(own, CALIBRATION)]


def generalization_tables(scores: pd.DataFrame) -> dict[str, list[str]]:
    """A table per scheme, by title.

    Args:
        scores: What the study of generalization wrote.
    """
    return {
        title: _by_group(scores[scores["scheme"] == scheme], title)
        for scheme, title in SCHEMES.items()
    }


def by_family(table: pd.DataFrame, metrics: Sequence[str] = RANKING) -> list[str]:
    """A row per surrogate, a column per metric; then what bounds them.

    A metric that is of fewer architectures than the table says so in its heading.
    """
    known = [metric for metric in metrics if metric in set(table["metric"])]
    cells = {(row["family"], row["metric"]): row for row in table.to_dict("records")}
    families = list(dict.fromkeys(table["family"]))
    n = int(table["n"].max())
    own = table.groupby("metric")["n"].max()
    lines = _header([f"n = {n}", *(m if own[m] == n else f"{m} (n = {own[m]})" for m in known)])
    for family in families:
        scores = [_score(cells.get((family, metric))) for metric in known]
        if any(scores):
            lines.append(_line([family, *scores]))
    first = [next(row for row in table.to_dict("records") if row["metric"] == m) for m in known]
    lines.append(_line(["*ceiling*", *(_limit(row, "ceiling") for row in first)]))
    if set(known) & set(RANKING):
        lines.append(_line(["*one-run table*", *(_limit(row, "table") for row in first)]))
    return lines


def other_targets(table: pd.DataFrame) -> list[str]:
    """A row per target, other than val_accuracy, and surrogate."""
    lines = _header(["target", "surrogate", "n", *GENERAL, "ceilings"])
    rows = table[(table["target"] != SELECTION_TARGET) & table["metric"].isin(GENERAL)]
    for (target, family), own in rows.groupby(["target", "family"], sort=False):
        by_metric = {row["metric"]: row for row in own.to_dict("records")}
        limits = ", ".join(_limit(by_metric[metric], "ceiling") for metric in GENERAL)
        scores = [_score(by_metric[metric]) for metric in GENERAL]
        n = by_metric[GENERAL[0]]["n"]
        lines.append(_line([target, family, n, *scores, limits]))
    return lines


def candidates_table(table: pd.DataFrame) -> list[str]:
    """Error and cost of every surrogate, as the select stage weighed them."""
    columns = ["surrogate", "rmse", "behind_best", "standard_error", "nominal_us", "measured_us"]
    lines = _header([*columns, "selected"])
    for row in table.to_dict("records"):
        numbers = [f"{row[name]:.5f}" for name in columns[1:4]]
        numbers += [f"{row[name]:.0f}" for name in columns[4:]]
        lines.append(_line([row["surrogate"], *numbers, "yes" if row["selected"] else ""]))
    return lines


def _by_group(table: pd.DataFrame, title: str) -> list[str]:
    """Per metric a row per group and a column per surrogate."""
    families = list(dict.fromkeys(table["family"]))
    lines = _header([title, "n", "metric", *families, "ceiling", "one-run table"])
    for (group, metric), rows in table.groupby(["group", "metric"], sort=False):
        if metric not in GENERAL:
            continue
        own = {row["family"]: row for row in rows.to_dict("records")}
        first = next(iter(own.values()))
        name = first["trained"] if title == SIZE else group
        scores = [_score(own.get(family)) for family in families]
        limits = [_limit(first, "ceiling"), _limit(first, "table")]
        lines.append(_line([name, first["n"], metric, *scores, *limits]))
    return lines


def _header(names: Sequence[object]) -> list[str]:
    return [_line(names), _line(["---"] * len(names))]


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def _score(row: Mapping[str, object] | None) -> str:
    if row is None or not math.isfinite(float(row["score"])):
        return ""
    digits = _digits(row)
    return f"{row['score']:.{digits}f} [{row['low']:.{digits}f}, {row['high']:.{digits}f}]"


def _limit(row: Mapping[str, object], name: str) -> str:
    if not row["estimable"] or not math.isfinite(float(row[name])):
        return "not estimable"
    return f"{row[name]:.{_digits(row)}f}"


def _digits(row: Mapping[str, object]) -> int:
    return 4 if row["metric"] in IN_UNITS else 2

"""A page of tables: what the surrogates of a run are worth, from the files that the DAG wrote.

>>> write_page(PageSources(scores, test_scores, candidates, generalization, ...), page)

Markdown, so that docs/ can take it as it is. Nothing is computed here.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from nasforge.evaluations.files import write_text
from nasforge.surrogates.selection import SELECTION_TARGET

RANKING = ("r2", "mae", "kendall_tau", "sparse_kendall_tau", "spearman", "top_tenth_overlap")
CALIBRATION = ("nll", "crps", "coverage_50", "coverage_90", "kl")
GENERAL = ("r2", "kendall_tau")


@dataclass(frozen=True)
class PageSources:
    """Files that are read.

    Attributes:
        scores: Out-of-fold scores.
        test_scores: Scores on the test part.
        candidates: Errors and costs of all surrogates.
        generalization: Scores of the study of generalization.
        table: Scores of the study against a table.
        table_finding: Its sentence.
        set_aside: Scores of what was set aside; None if nothing was.
    """

    scores: Path
    test_scores: Path
    candidates: Path
    generalization: Path
    table: Path
    table_finding: Path
    set_aside: Path | None = None


def write_page(sources: PageSources, output: Path) -> None:
    """Write the page.

    Args:
        sources: What is read.
        output: Markdown.
    """
    out_of_fold, test = pd.read_parquet(sources.scores), pd.read_parquet(sources.test_scores)
    candidates = pd.read_csv(sources.candidates)
    general = pd.read_csv(sources.generalization)
    lines = ["Intervals are of 90 %, by bootstrap over architectures.", ""]
    for title, table in (("out of fold", out_of_fold), ("test part", test)):
        own = table[table["target"] == SELECTION_TARGET]
        lines += [f"### {SELECTION_TARGET}, {title}", "", *_by_family(own, RANKING), ""]
        lines += _by_family(own, CALIBRATION)
        lines.append("")
    lines += ["### Other targets, test part", "", *_other_targets(test), ""]
    lines += ["### Error and cost of a query", "", *_candidates(candidates), ""]
    for scheme, title in (
        ("size", "Training architectures"),
        ("without", "Left out"),
        ("distance", "Edits to the nearest training architecture"),
        ("region", "Region"),
    ):
        rows = general[general["scheme"] == scheme]
        lines += [f"### {title}", "", *_by_group(rows, title), ""]
    lines += ["### Against a table", "", sources.table_finding.read_text(encoding="utf-8").strip()]
    if sources.set_aside is not None:
        aside = pd.read_csv(sources.set_aside)
        for sampler, rows in aside.groupby("sampler"):
            lines += ["", f"### Set aside: {sampler}", "", *_by_family(rows, RANKING)]
    write_text(output, "\n".join(lines) + "\n")


def _by_family(table: pd.DataFrame, metrics: Sequence[str]) -> list[str]:
    """A row per surrogate, a column per metric; then what bounds them."""
    known = [metric for metric in metrics if metric in set(table["metric"])]
    cells = {(row["family"], row["metric"]): row for row in table.to_dict("records")}
    families = list(dict.fromkeys(table["family"]))
    n = int(table["n"].max())
    lines = _header([f"n = {n}", *known])
    for family in families:
        scores = [_score(cells.get((family, metric))) for metric in known]
        if any(scores):
            lines.append(_line([family, *scores]))
    first = [next(row for row in table.to_dict("records") if row["metric"] == m) for m in known]
    lines.append(_line(["*ceiling*", *(_limit(row, "ceiling") for row in first)]))
    if set(known) & set(RANKING):
        lines.append(_line(["*one-run table*", *(_limit(row, "table") for row in first)]))
    return lines


def _other_targets(table: pd.DataFrame) -> list[str]:
    lines = _header(["target", "surrogate", *GENERAL, "ceilings"])
    rows = table[(table["target"] != SELECTION_TARGET) & table["metric"].isin(GENERAL)]
    for (target, family), own in rows.groupby(["target", "family"], sort=False):
        by_metric = {row["metric"]: row for row in own.to_dict("records")}
        limits = ", ".join(_limit(by_metric[metric], "ceiling") for metric in GENERAL)
        scores = [_score(by_metric[metric]) for metric in GENERAL]
        lines.append(_line([target, family, *scores, limits]))
    return lines


def _candidates(table: pd.DataFrame) -> list[str]:
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
        name = first["trained"] if title == "Training architectures" else group
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
    digits = 4 if row["metric"] in ("mae", "crps") else 2
    return f"{row['score']:.{digits}f} [{row['low']:.{digits}f}, {row['high']:.{digits}f}]"


def _limit(row: Mapping[str, object], name: str) -> str:
    if not row["estimable"] or not math.isfinite(float(row[name])):
        return "not estimable"
    return f"{row[name]:.{4 if row['metric'] in ('mae', 'crps') else 2}f}"

"""The score table: every score with its interval, beside its ceiling.

    >>> score_table(target, "test", labels, {"linear": predicted}, development.replicates)

Intervals (90 %) are by bootstrap over architectures, for score and ceiling together.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasforge.benchmark.score_text import ceiling_text, score_text, table_text
from nasforge.benchmark.targets import Target
from nasforge.evaluations.files import atomic_path
from nasforge.surrogates.ceilings import score_limits
from nasforge.surrogates.labels import Labels, Replicates
from nasforge.surrogates.metrics import METRICS, Metric

BOOTSTRAPS = 200
"""Fewer than `studies.resampling` has: every score of every family is computed so often."""

CEILING_DRAWS = 200
CEILING_DRAWS_PER_BOOTSTRAP = 5
INTERVAL = (0.05, 0.95)

MINIMUM_ARCHITECTURES = 30
MINIMUM_REPLICATED = 5
"""Replicated architectures, below which the noise is not known well enough for a ceiling."""

WIDEST_INTERVAL = 0.2
"""A ceiling from fewer architectures, or known less well, is printed as "not estimable"."""

ERRORS = ("mae", "rmse")
"""Metrics in the label's unit, whose ceiling is a floor."""


def score_table(
    target: Target,
    part: str,
    labels: Labels,
    predictions: Mapping[str, np.ndarray],
    replicates: Replicates,
    seed: int = 0,
) -> pd.DataFrame:
    """Score several families' predictions of one target by every metric that suits it.

    All families share the bootstrap samples, so their intervals are comparable.

    Args:
        target: What is predicted; `sparse_kendall_tau` is for accuracies only.
        part: "out_of_fold" or "test".
        labels: What is true.
        predictions: By family, float64 [n] on the target's scale, like the labels.
        replicates: Replicates the noise is estimated from (the development part's).
        seed: Seed of the bootstrap.

    Returns:
        A row per family and metric: target, family, part, metric, n, score, low, high, ceiling,
        ceiling_low, ceiling_high, table (what a table of one run would score), estimable.
    """
    rng = np.random.default_rng(seed)
    metrics = {
        name: metric
        for name, metric in METRICS.items()
        if name != "sparse_kendall_tau" or target.unit == "fraction"
    }
    limits = score_limits(
        labels.values, labels.seeds, replicates.pooled_variance(), rng, CEILING_DRAWS
    )
    scores, limit_samples = _bootstrap(labels, predictions, replicates, metrics, rng)
    rows = []
    for family, predicted in predictions.items():
        for name, metric in metrics.items():
            low, high = interval(scores[family, name])
            ceiling_low, ceiling_high = interval([sample[name] for sample in limit_samples])
            row = {
                "target": target.name,
                "family": family,
                "part": part,
                "metric": name,
                "n": len(labels),
                "score": metric(labels.values, predicted),
                "low": low,
                "high": high,
                "ceiling": limits.ceiling[name],
                "ceiling_low": ceiling_low,
                "ceiling_high": ceiling_high,
                "table": limits.table[name],
            }
            rows.append(row | {"estimable": estimable(row, len(replicates))})
    return pd.DataFrame(rows)


def _bootstrap(
    labels: Labels,
    predictions: Mapping[str, np.ndarray],
    replicates: Replicates,
    metrics: Mapping[str, Metric],
    rng: np.random.Generator,
) -> tuple[dict[tuple[str, str], list[float]], list[Mapping[str, float]]]:
    """Scores by (family, metric) and ceilings, on samples of the architectures."""
    scores: dict[tuple[str, str], list[float]] = defaultdict(list)
    limits = []
    for _ in range(BOOTSTRAPS):
        rows = rng.integers(len(labels), size=len(labels))
        variance = replicates.resampled(rng).pooled_variance()
        values, seeds = labels.values[rows], labels.seeds[rows]
        sample = score_limits(values, seeds, variance, rng, CEILING_DRAWS_PER_BOOTSTRAP)
        limits.append(sample.ceiling)
        for family, predicted in predictions.items():
            for name, metric in metrics.items():
                scores[family, name].append(metric(values, predicted[rows]))
    return scores, limits


def estimable(row: Mapping[str, Any], replicated: int) -> bool:
    """Whether a row's ceiling is known well enough to be printed."""
    enough = row["n"] >= MINIMUM_ARCHITECTURES and replicated >= MINIMUM_REPLICATED
    if not enough or not math.isfinite(row["ceiling"]):
        return False
    bounded = row["metric"] in METRICS and row["metric"] not in ERRORS
    return not bounded or row["ceiling_high"] - row["ceiling_low"] <= WIDEST_INTERVAL


def format_scores(table: pd.DataFrame) -> str:
    """The table as text: a line per family, target and metric."""
    lines = [
        f"{'target':<14} {'family':<10} {'part':<12} {'metric':<20} {'n':>5}  "
        f"{'score [90 % interval]':<28} {'ceiling':<14} one-run table"
    ]
    for row in table.to_dict("records"):
        lines.append(
            f"{row['target']:<14} {row['family']:<10} {row['part']:<12} {row['metric']:<20} "
            f"{row['n']:>5}  {score_text(row):<28} {ceiling_text(row):<14} {table_text(row)}"
        )
    return "\n".join(lines)


def tabulate_scores(files: Sequence[Path], output: Path) -> None:
    """One CSV table of several score tables, rounded for reading."""
    table = pd.concat([pd.read_parquet(file) for file in files])
    columns = ["ceiling", "ceiling_low", "ceiling_high", "table"]
    table[columns] = table[columns].where(table["estimable"])
    table = table.drop(columns="estimable").round(4)
    limits = table[columns].astype(object)
    table[columns] = limits.where(limits.notna(), "not estimable")
    with atomic_path(output) as temporary:
        table.to_csv(temporary, index=False, na_rep="undefined")


def interval(samples: Sequence[float]) -> tuple[float, float]:
    """90 % interval of bootstrap samples; nan if most of them are undefined."""
    finite = [sample for sample in samples if math.isfinite(sample)]
    if len(finite) < len(samples) // 2:
        return math.nan, math.nan
    low, high = np.quantile(finite, INTERVAL)
    return float(low), float(high)

"""The score table: every score with its interval, beside its ceiling.

    >>> rows = score_rows("lightgbm", target, "test", labels, predicted, noise_replicates)

Intervals (90 %) are by bootstrap over architectures, for score and ceiling together.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from nasforge.benchmark.targets import Target
from nasforge.evaluations.files import atomic_path
from nasforge.surrogates.ceilings import ceilings
from nasforge.surrogates.labels import Labels, Replicates
from nasforge.surrogates.metrics import METRICS

BOOTSTRAPS = 200
CEILING_DRAWS = 200
CEILING_DRAWS_PER_BOOTSTRAP = 5
INTERVAL = (0.05, 0.95)

MINIMUM_ARCHITECTURES = 30
WIDEST_INTERVAL = 0.2
"""A ceiling from fewer architectures, or known less well, is printed as "not estimable"."""

ERRORS = ("mae", "rmse")
"""Metrics in the label's unit, whose ceiling is a floor."""


def score_rows(
    family: str,
    target: Target,
    part: str,
    labels: Labels,
    predicted: np.ndarray,
    replicates: Replicates,
    seed: int = 0,
) -> list[dict[str, object]]:
    """Score predictions by every metric that makes sense for the target.

    Args:
        family: Name of the surrogate.
        target: What is predicted; `sparse_kendall_tau` is for accuracies only.
        part: "out_of_fold" or "test".
        labels: What is true.
        predicted: float64 [n], on the target's scale, like the labels.
        replicates: Replicates the noise is estimated from (the development part's).
        seed: Seed of the bootstrap.

    Returns:
        A row per metric: family, target, part, metric, n, score, low, high, ceiling,
        ceiling_low, ceiling_high, estimable.
    """
    rng = np.random.default_rng(seed)
    values, seeds = labels.values, labels.seeds
    variance = replicates.pooled_variance()
    points = ceilings(values, seeds, variance, rng, CEILING_DRAWS)
    names = [n for n in METRICS if n != "sparse_kendall_tau" or target.unit == "fraction"]
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for _ in range(BOOTSTRAPS):
        rows = rng.integers(len(values), size=len(values))
        resampled = ceilings(
            values[rows],
            seeds[rows],
            replicates.resampled(rng).pooled_variance(),
            rng,
            CEILING_DRAWS_PER_BOOTSTRAP,
        )
        for name in names:
            samples[name].append((METRICS[name](values[rows], predicted[rows]), resampled[name]))
    table = []
    for name in names:
        low, high = _interval([score for score, _ in samples[name]])
        ceiling_low, ceiling_high = _interval([ceiling for _, ceiling in samples[name]])
        width_known = name in ERRORS or ceiling_high - ceiling_low <= WIDEST_INTERVAL
        estimable = (
            len(values) >= MINIMUM_ARCHITECTURES and math.isfinite(points[name]) and width_known
        )
        table.append(
            {
                "family": family,
                "target": target.name,
                "part": part,
                "metric": name,
                "n": len(values),
                "score": METRICS[name](values, predicted),
                "low": low,
                "high": high,
                "ceiling": points[name],
                "ceiling_low": ceiling_low,
                "ceiling_high": ceiling_high,
                "estimable": estimable,
            }
        )
    return table


def format_scores(table: pd.DataFrame) -> str:
    """The table as text: a line per family, target and metric."""
    lines = [
        f"{'target':<14} {'family':<10} {'part':<12} {'metric':<20} {'n':>5}  "
        f"{'score [90 % interval]':<28} ceiling [90 % interval]"
    ]
    for row in table.itertuples():
        score = f"{row.score:.4f} [{row.low:.4f}, {row.high:.4f}]"
        ceiling = (
            f"{row.ceiling:.4f} [{row.ceiling_low:.4f}, {row.ceiling_high:.4f}]"
            if row.estimable
            else "not estimable"
        )
        lines.append(
            f"{row.target:<14} {row.family:<10} {row.part:<12} {row.metric:<20} {row.n:>5}  "
            f"{score:<28} {ceiling}"
        )
    return "\n".join(lines)


def tabulate_scores(files: Sequence[Path], output: Path) -> None:
    """One CSV table of several score tables, rounded for reading."""
    table = pd.concat([pd.read_parquet(file) for file in files])
    columns = ["ceiling", "ceiling_low", "ceiling_high"]
    table[columns] = table[columns].where(table["estimable"])
    table = table.drop(columns="estimable").round(4)
    with atomic_path(output) as temporary:
        table.to_csv(temporary, index=False, na_rep="not estimable")


def _interval(samples: list[float]) -> tuple[float, float]:
    finite = [sample for sample in samples if math.isfinite(sample)]
    if len(finite) < len(samples) // 2:
        return math.nan, math.nan
    low, high = np.quantile(finite, INTERVAL)
    return float(low), float(high)

"""What a perfect surrogate and a table of one run each would score on labels as noisy as these.

    >>> limits = score_limits(labels.values, labels.seeds, noise_variance=1e-4, rng=rng, draws=200)
    >>> limits.ceiling["r2"], limits.table["r2"]

A perfect surrogate predicts the mean of an architecture's trainings, and is scored against labels
that are means over its `seeds` trainings. Not the correlation of two single trainings: that is
the score of a table of one training against another, the baseline that a surrogate must beat.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nasforge.surrogates.metrics import METRICS

_EXACT = ("r2", "rmse", "mae")
"""Ceilings that have a formula; the others are simulated."""


@dataclass(frozen=True)
class ScoreLimits:
    """Expected scores, by metric.

    Attributes:
        ceiling: Of a perfect surrogate (for errors: the floor).
        table: Of a table that holds one other training of every architecture.
    """

    ceiling: Mapping[str, float]
    table: Mapping[str, float]


def score_limits(
    values: np.ndarray,
    seeds: np.ndarray,
    noise_variance: float,
    rng: np.random.Generator,
    draws: int,
) -> ScoreLimits:
    """Expected scores of a perfect surrogate and of a table of one run.

    Args:
        values: float64 [n], labels at hand.
        seeds: int64 [n], trainings averaged in each label.
        noise_variance: Variance of a single training around its architecture's mean.
        rng: Source of the draws.
        draws: Simulated label sets.

    Returns:
        A value per metric; nan where the labels' variance is all noise, or the noise is unknown.
    """
    label_variance = noise_variance / seeds
    variance = values.var()
    true_variance = variance - label_variance.mean()
    std = np.sqrt(label_variance)
    ceiling = dict.fromkeys(METRICS, math.nan) | {
        "rmse": math.sqrt(label_variance.mean()),
        "mae": math.sqrt(2.0 / math.pi) * std.mean(),
    }
    if not true_variance > 0:
        return ScoreLimits(ceiling, dict.fromkeys(METRICS, math.nan))
    ceiling["r2"] = 1.0 - label_variance.mean() / variance
    # Labels shrunk towards their mean have the variance that true values must have.
    true = values.mean() + (values - values.mean()) * math.sqrt(true_variance / variance)
    samples: list[dict[str, float]] = []
    tables: list[dict[str, float]] = []
    for _ in range(draws):
        labels = true + std * rng.standard_normal(len(true))
        table = true + math.sqrt(noise_variance) * rng.standard_normal(len(true))
        samples.append({n: m(labels, true) for n, m in METRICS.items() if n not in _EXACT})
        tables.append({name: metric(labels, table) for name, metric in METRICS.items()})
    return ScoreLimits(ceiling | _means(samples), _means(tables))


def _means(samples: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([sample[name] for sample in samples])) for name in samples[0]}

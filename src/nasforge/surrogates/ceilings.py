"""What a perfect surrogate would score: the noise of the labels bounds every score.

    >>> ceilings(labels.values, labels.seeds, noise_variance=1e-4, rng=rng, draws=200)

A perfect surrogate predicts the mean of an architecture's trainings, and is scored against labels
that are means over its `seeds` trainings. Not the correlation of two single trainings: that is
the score of a table of one training against another.
"""

import math

import numpy as np

from nasforge.surrogates.metrics import kendall_tau, sparse_kendall_tau, spearman


def ceilings(
    values: np.ndarray,
    seeds: np.ndarray,
    noise_variance: float,
    rng: np.random.Generator,
    draws: int,
) -> dict[str, float]:
    """Best expected score per metric (for errors: the floor).

    Args:
        values: float64 [n], labels at hand.
        seeds: int64 [n], trainings averaged in each label.
        noise_variance: Variance of a single training around its architecture's mean.
        rng: Source of the draws.
        draws: Simulated label sets for the rank correlations.

    Returns:
        A value per metric; nan where the labels' variance is all noise, or the noise is unknown.
    """
    label_variance = noise_variance / seeds
    variance = values.var()
    true_variance = variance - label_variance.mean()
    std = np.sqrt(label_variance)
    result = {
        "r2": 1.0 - label_variance.mean() / variance if true_variance > 0 else math.nan,
        "rmse": math.sqrt(label_variance.mean()),
        "mae": math.sqrt(2.0 / math.pi) * std.mean(),
    }
    ranks = {
        "kendall_tau": kendall_tau,
        "sparse_kendall_tau": sparse_kendall_tau,
        "spearman": spearman,
    }
    if not true_variance > 0:
        return result | dict.fromkeys(ranks, math.nan)
    # Labels shrunk towards their mean have the variance that true values must have.
    true = values.mean() + (values - values.mean()) * math.sqrt(true_variance / variance)
    simulated = [true + std * rng.standard_normal(len(true)) for _ in range(draws)]
    for name, metric in ranks.items():
        result[name] = float(np.mean([metric(labels, true) for labels in simulated]))
    return result

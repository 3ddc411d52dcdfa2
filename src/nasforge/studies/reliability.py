"""Reliability of a recipe: do two trainings of an architecture agree, and with a longer training?

    >>> reliability(values, rng)             # values: [architectures, 2]
    >>> agreement(values.mean(axis=1), long_values.mean(axis=1), rng)

On random architectures the correlation between seeds is the ceiling of a surrogate's R2 on labels
of one training (docs/pipeline.md), so it is what a recipe is chosen by.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from nasforge.studies.resampling import BOOTSTRAPS
from nasforge.surrogates.scores import INTERVAL


@dataclass(frozen=True)
class Estimate:
    """A number with its 90 % bootstrap interval over architectures."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True)
class Reliability:
    """How well two trainings of an architecture agree.

    Attributes:
        architectures: How many were trained twice.
        mean: Mean accuracy.
        std_architectures: Standard deviation between architectures, noise taken off.
        std_seeds: Standard deviation between trainings of one architecture.
        pearson: Seed-to-seed correlation.
        spearman: Seed-to-seed rank correlation.
    """

    architectures: int
    mean: float
    std_architectures: float
    std_seeds: float
    pearson: Estimate
    spearman: Estimate


def reliability(values: np.ndarray, rng: np.random.Generator) -> Reliability:
    """Compare two trainings of every architecture.

    Args:
        values: float64 [architectures, 2], the accuracy of each training.
        rng: Source of the bootstrap.
    """
    noise = ((values[:, 0] - values[:, 1]) ** 2 / 2.0).mean()
    between = values.mean(axis=1).var(ddof=1) - noise / 2.0
    return Reliability(
        architectures=len(values),
        mean=float(values.mean()),
        std_architectures=float(np.sqrt(max(between, 0.0))),
        std_seeds=float(np.sqrt(noise)),
        pearson=_estimate(_both_orders(_pearson), values, rng),
        spearman=_estimate(_both_orders(_spearman), values, rng),
    )


def agreement(values: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> Estimate:
    """Spearman correlation of two recipes' accuracies of the same architectures, each [n]."""
    return _estimate(_spearman, np.stack([values, other], axis=1), rng)


def _both_orders(metric: Callable[[np.ndarray], float]) -> Callable[[np.ndarray], float]:
    """Which of two trainings is the first has no meaning, so each pair counts both ways."""
    return lambda pairs: metric(np.concatenate([pairs, pairs[:, ::-1]]))


def _pearson(pairs: np.ndarray) -> float:
    return float(np.corrcoef(pairs.T)[0, 1])


def _spearman(pairs: np.ndarray) -> float:
    return float(stats.spearmanr(pairs[:, 0], pairs[:, 1]).statistic)


def _estimate(
    metric: Callable[[np.ndarray], float], pairs: np.ndarray, rng: np.random.Generator
) -> Estimate:
    samples = [metric(pairs[rng.integers(len(pairs), size=len(pairs))]) for _ in range(BOOTSTRAPS)]
    low, high = np.quantile(samples, INTERVAL)
    return Estimate(metric(pairs), float(low), float(high))

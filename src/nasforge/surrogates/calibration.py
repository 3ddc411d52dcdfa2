"""Whether a surrogate knows how noisy it is: scores of its whole predictive distribution.

    >>> calibration_table(TARGETS["val_accuracy"], "test", labels, {"linear": forecast})

A new training of an architecture is forecast as N(mean, noise variance + epistemic variance).
Judged by one training per architecture (its first), so that all are independent. The Kullback-
Leibler divergence is the other way round: of the noise that a draw has, N(mean, noise variance),
from the normal that the replicates of an architecture show.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import digamma, ndtr, ndtri

from nasforge.benchmark.targets import Target
from nasforge.surrogates.labels import Labels
from nasforge.surrogates.scores import BOOTSTRAPS, MINIMUM_REPLICATED, interval

FEWEST_SEEDS_FOR_KL = 3
"""A variance of two trainings says next to nothing of a distribution."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """A predictive distribution per architecture, on the target's scale.

    Attributes:
        mean: float64 [n].
        noise_std: float64 [n], between trainings of one architecture.
        epistemic_std: float64 [n], of the mean's error.
    """

    mean: np.ndarray
    noise_std: np.ndarray
    epistemic_std: np.ndarray

    @property
    def std(self) -> np.ndarray:
        """float64 [n], of a new training."""
        return np.hypot(self.noise_std, self.epistemic_std)

    def pit(self, values: np.ndarray) -> np.ndarray:
        """Probability integral transform of one training each: uniform if calibrated."""
        return ndtr((values - self.mean) / self.std)


def negative_log_likelihood(forecast: Forecast, values: np.ndarray) -> np.ndarray:
    """Of one training each, in nats: float64 [n]."""
    z = (values - forecast.mean) / forecast.std
    return 0.5 * z**2 + np.log(forecast.std) + 0.5 * math.log(2 * math.pi)


def crps(forecast: Forecast, values: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score of a normal, float64 [n].

    Gneiting & Raftery, "Strictly proper scoring rules, prediction, and estimation", JASA 2007,
    section 4.2; in the target's unit, 0 is best.
    """
    z = (values - forecast.mean) / forecast.std
    density = np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    return forecast.std * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / math.sqrt(math.pi))


def covered(forecast: Forecast, values: np.ndarray, probability: float) -> np.ndarray:
    """Whether the central interval of that probability holds each training: 0 or 1, [n]."""
    half = ndtri(0.5 + probability / 2) * forecast.std
    return (np.abs(values - forecast.mean) <= half).astype(np.float64)


def kl_from_replicates(means: np.ndarray, variances: np.ndarray, forecast: Forecast) -> np.ndarray:
    """KL(normal of the replicates || normal of the draws) in nats, float64 [r].

    Args:
        means: float64 [r], means of an architecture's trainings.
        variances: float64 [r], unbiased sample variances.
        forecast: Of these architectures.
    """
    noise = forecast.noise_std**2
    ratio = variances / noise
    with np.errstate(divide="ignore"):  # replicates that agree exactly are infinitely far
        return 0.5 * (ratio + (means - forecast.mean) ** 2 / noise - 1.0 - np.log(ratio))


def oracle_kl(counts: np.ndarray) -> np.ndarray:
    """Expected KL of someone who knows the true normal, from so many replicates: float64 [r].

    The sample variance over the true one is chi-square with k - 1 degrees of freedom over k - 1,
    and the squared error of the mean is 1/k of it: the divergence of an oracle is not zero.
    """
    half = (counts - 1) / 2
    return 0.5 * (1.0 / counts + np.log(half) - digamma(half))


_SCORES: dict[str, Callable[[Forecast, np.ndarray], np.ndarray]] = {
    "nll": negative_log_likelihood,
    "crps": crps,
    "coverage_50": lambda forecast, values: covered(forecast, values, 0.5),
    "coverage_90": lambda forecast, values: covered(forecast, values, 0.9),
}
"""A value per architecture, averaged."""


def calibration_table(
    target: Target,
    part: str,
    labels: Labels,
    forecasts: Mapping[str, Forecast],
    seed: int = 0,
) -> pd.DataFrame:
    """Score several families' predictive distributions of one target.

    Args:
        target: What is predicted.
        part: "out_of_fold" or "test".
        labels: What is true.
        forecasts: By family, of the labels' architectures.
        seed: Seed of the bootstrap, which all families share.

    Returns:
        Rows as `score_table`'s; the ceiling is what an oracle that knows every architecture's
        mean and noise would score. The one-run table has no distribution: nan. kl is missing
        with fewer than `MINIMUM_REPLICATED` architectures of `FEWEST_SEEDS_FOR_KL` trainings.
    """
    rows = []
    for family, forecast in forecasts.items():
        columns = {"target": target.name, "family": family, "part": part}
        rows += [columns | row for row in _score_rows(labels, forecast, seed)]
        rows += [columns | row for row in _kl_rows(labels, forecast, seed)]
    return pd.DataFrame(rows)


def _score_rows(labels: Labels, forecast: Forecast, seed: int) -> list[dict[str, object]]:
    noise = forecast.noise_std
    oracle = {
        "nll": float(np.log(noise).mean()) + 0.5 * math.log(2 * math.pi * math.e),
        "crps": float(noise.mean()) / math.sqrt(math.pi),
        "coverage_50": 0.5,
        "coverage_90": 0.9,
    }
    return [
        _row(name, score(forecast, labels.first), oracle[name], seed)
        for name, score in _SCORES.items()
    ]


def _kl_rows(labels: Labels, forecast: Forecast, seed: int) -> list[dict[str, object]]:
    repeated = np.flatnonzero(labels.seeds > 1)
    enough = labels.seeds[repeated] >= FEWEST_SEEDS_FOR_KL
    if enough.sum() < MINIMUM_REPLICATED:
        return []
    chosen = repeated[enough]
    values = kl_from_replicates(
        labels.values[chosen],
        labels.replicates.variances[enough],
        Forecast(forecast.mean[chosen], forecast.noise_std[chosen], forecast.epistemic_std[chosen]),
    )
    return [_row("kl", values, float(oracle_kl(labels.seeds[chosen]).mean()), seed)]


def _row(name: str, values: np.ndarray, oracle: float, seed: int) -> dict[str, object]:
    # The same seed gives all families the same bootstrap samples.
    rng = np.random.default_rng(seed)
    samples = [
        values[rng.integers(len(values), size=len(values))].mean() for _ in range(BOOTSTRAPS)
    ]
    low, high = interval(samples)
    return {
        "metric": name,
        "n": len(values),
        "score": float(values.mean()),
        "low": low,
        "high": high,
        "ceiling": oracle,
        "ceiling_low": oracle,
        "ceiling_high": oracle,
        "table": math.nan,
        "estimable": True,
    }

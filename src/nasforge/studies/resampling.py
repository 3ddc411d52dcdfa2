"""Intervals of means over runs, by resampling whole runs.

    >>> means = resampled_means(curves, rng)             # [BOOTSTRAPS, n]

A run counts as one observation: values along it depend on each other.
"""

from collections.abc import Sequence

import numpy as np

from nasforge.surrogates.scores import INTERVAL

BOOTSTRAPS = 1000


def resampled_means(
    runs: np.ndarray, rng: np.random.Generator, number: int | None = None
) -> np.ndarray:
    """Means of runs drawn with replacement.

    Args:
        runs: float64 [runs, n].
        rng: Source of the draws.
        number: Runs per draw; as many as there are if None.

    Returns:
        float64 [BOOTSTRAPS, n].
    """
    number = number or len(runs)
    counts = rng.multinomial(number, np.full(len(runs), 1 / len(runs)), size=BOOTSTRAPS)
    return counts @ runs / number


def interval_text(samples: Sequence[float] | np.ndarray, form: str = "+.2f") -> str:
    """The 90 % interval of bootstrap samples, as text."""
    low, high = np.quantile(samples, INTERVAL)
    return f"[{low:{form}}, {high:{form}}]"

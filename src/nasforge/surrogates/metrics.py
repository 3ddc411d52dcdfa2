"""Scores of predictions.

    >>> METRICS["kendall_tau"](true, predicted)

All take natural units or any scale alike, except `sparse_kendall_tau`, which is meant for
accuracies as fractions.
"""

from collections.abc import Callable

import numpy as np
from scipy import stats

Metric = Callable[[np.ndarray, np.ndarray], float]
"""(true, predicted) -> score."""


def r2(true: np.ndarray, predicted: np.ndarray) -> float:
    """Coefficient of determination; nan if `true` does not vary."""
    total = ((true - true.mean()) ** 2).sum()
    return 1.0 - ((true - predicted) ** 2).sum() / total if total > 0 else float("nan")


def mae(true: np.ndarray, predicted: np.ndarray) -> float:
    """Mean absolute error."""
    return float(np.abs(true - predicted).mean())


def rmse(true: np.ndarray, predicted: np.ndarray) -> float:
    """Root of the mean squared error."""
    return float(np.sqrt(((true - predicted) ** 2).mean()))


def kendall_tau(true: np.ndarray, predicted: np.ndarray) -> float:
    """Kendall's tau-b; nan if either side is constant."""
    return _rank_correlation(stats.kendalltau, true, predicted)


def sparse_kendall_tau(true: np.ndarray, predicted: np.ndarray) -> float:
    """Kendall's tau-b with predictions rounded to 0.1 percentage points.

    As NAS-Bench-301's code computes it: only the prediction is rounded.
    """
    return kendall_tau(true, np.round(predicted, 3))


def spearman(true: np.ndarray, predicted: np.ndarray) -> float:
    """Spearman's rank correlation; nan if either side is constant."""
    return _rank_correlation(stats.spearmanr, true, predicted)


def top_tenth_overlap(true: np.ndarray, predicted: np.ndarray) -> float:
    """Part of the true best tenth that is in the predicted best tenth; nan if either is constant.

    A tenth is rounded up; of equal values the first ones are taken.
    """
    if np.ptp(true) == 0 or np.ptp(predicted) == 0:
        return float("nan")
    k = -(-len(true) // 10)
    best = [set(np.argsort(-values, kind="stable")[:k]) for values in (true, predicted)]
    return len(best[0] & best[1]) / k


METRICS: dict[str, Metric] = {
    "r2": r2,
    "mae": mae,
    "rmse": rmse,
    "kendall_tau": kendall_tau,
    "sparse_kendall_tau": sparse_kendall_tau,
    "spearman": spearman,
    "top_tenth_overlap": top_tenth_overlap,
}
"""Metrics by name."""


def _rank_correlation(function: Callable, true: np.ndarray, predicted: np.ndarray) -> float:
    if len(true) < 2 or np.ptp(true) == 0 or np.ptp(predicted) == 0:
        return float("nan")
    return float(function(true, predicted).statistic)

"""The mean, and ridge regression.

>>> fit_linear(features, labels, seed=0, l2=3.0)
"""

import numpy as np
from sklearn.linear_model import Ridge

from nasforge.benchmark.predictors import LinearPredictor


def fit_mean(features: np.ndarray, labels: np.ndarray, seed: int) -> LinearPredictor:
    """The mean of the labels: the baseline that every other family must beat."""
    return LinearPredictor(np.zeros((1, features.shape[1])), np.array([labels.mean()]))


def fit_linear(
    features: np.ndarray, labels: np.ndarray, seed: int, l2: float = 30.0
) -> LinearPredictor:
    """Ridge regression with an unpenalised intercept.

    Args:
        features: float32 [n, d].
        labels: float64 [n].
        seed: Not needed; the solution is exact.
        l2: Penalty on the squared weights.
    """
    model = Ridge(alpha=l2, solver="cholesky").fit(features.astype(np.float64), labels)
    return LinearPredictor(model.coef_[None, :], np.array([model.intercept_]))

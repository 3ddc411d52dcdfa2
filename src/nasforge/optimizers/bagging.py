"""The predictor of BANANAS: a bag of regressions, whose disagreement says how sure it is.

    >>> members = Bagging(Ridge(), members=5).fit(features, values, rng).predict(features)
    >>> members.mean(axis=1), members.std(axis=1)

Any object with fit(features, values) and predict(features) can stand for `Ridge`.
"""

import copy
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np


@runtime_checkable
class Predictor(Protocol):
    """What BANANAS takes as a predictor, as most of scikit-learn's regressors are."""

    def fit(self, features: np.ndarray, values: np.ndarray) -> Any:
        """Learn from float32 [n, d] and float64 [n], which are standardised."""
        ...

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Predict float [m] from float32 [m, d]."""
        ...


class Ridge:
    """Linear regression with an L2 penalty on standardised features.

    Args:
        l2: The penalty per column.
    """

    def __init__(self, l2: float = 1.0) -> None:
        self._l2 = l2

    def fit(self, features: np.ndarray, values: np.ndarray) -> Self:
        """Solve for the weights, in as many unknowns as there are rows or columns."""
        x = features.astype(np.float64)
        self._centre = x.mean(axis=0)
        scale = x.std(axis=0)
        self._scale = np.where(scale > 0, scale, 1.0)
        x = (x - self._centre) / self._scale
        self._mean = values.mean()
        rows, columns = x.shape
        penalty = self._l2 * columns
        if columns <= rows:
            gram = x.T @ x + penalty * np.eye(columns)
            self._weights = np.linalg.solve(gram, x.T @ (values - self._mean))
        else:
            gram = x @ x.T + penalty * np.eye(rows)
            self._weights = x.T @ np.linalg.solve(gram, values - self._mean)
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Predictions, float64 [m]."""
        return (features - self._centre) / self._scale @ self._weights + self._mean


class Bagging:
    """Copies of a predictor, each fitted on a bootstrap sample of the rows.

    Breiman, "Bagging Predictors", Machine Learning 1996.

    Args:
        predictor: What is copied.
        members: How many copies.
    """

    def __init__(self, predictor: Predictor, members: int) -> None:
        self._members = [copy.deepcopy(predictor) for _ in range(members)]

    def fit(self, features: np.ndarray, values: np.ndarray, rng: np.random.Generator) -> Self:
        """Fit every member."""
        for member in self._members:
            rows = np.sort(rng.integers(len(values), size=len(values)))
            member.fit(features[rows], values[rows])
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Predictions of every member, float64 [m, members]."""
        return np.stack([member.predict(features) for member in self._members], axis=1)

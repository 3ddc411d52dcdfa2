"""Learning curves: how far each epoch is below the last one, as a few components.

>>> curve.predict(encoded, last)        # [n, epochs]

A curve is the predicted accuracy of the last epoch plus, for the epochs before, a mean difference
and a combination of components whose coefficients are predicted by one ensemble each.
"""

from dataclasses import dataclass

import numpy as np

from nasforge.benchmark.model import Encoded, Part
from nasforge.errors import BenchmarkFormatError


@dataclass(frozen=True, eq=False)
class CurveModel:
    """What predicts a learning curve.

    Attributes:
        mean: float64 [epochs - 1], mean difference of each epoch to the last.
        components: float64 [components, epochs - 1].
        parts: Ensembles of the coefficients.
    """

    mean: np.ndarray
    components: np.ndarray
    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        expected = (len(self.parts), *self.mean.shape)
        if self.mean.ndim != 1 or self.components.shape != expected:
            raise BenchmarkFormatError(
                f"curve: components {list(self.components.shape)}, expected {list(expected)}"
            )
        for name in ("mean", "components"):
            array = getattr(self, name)
            if array.dtype != np.float64 or not np.isfinite(array).all():
                raise BenchmarkFormatError(f"curve: {name} must be finite float64")

    @property
    def epochs(self) -> int:
        """Number of epochs of a training."""
        return len(self.mean) + 1

    def differences(self, encoded: Encoded) -> np.ndarray:
        """Predicted differences of the epochs to the last: float64 [n, epochs - 1]."""
        coefficients = [part.predict(encoded).mean(axis=1) for part in self.parts]
        return self.mean + np.column_stack(coefficients) @ self.components

    def predict(self, encoded: Encoded, last: np.ndarray) -> np.ndarray:
        """Accuracies in [0, 1] per epoch.

        Args:
            encoded: n architectures.
            last: float64 [n], predicted accuracy of the last epoch.

        Returns:
            float64 [n, epochs]; the last column is `last`.
        """
        curve = np.column_stack([last[:, None] + self.differences(encoded), last])
        return np.clip(curve, 0.0, 1.0)

"""Linear models as arrays.

>>> LinearPredictor(weights, bias).predict(features)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from nasforge.benchmark.predictors.checks import arrays_of, require_finite, widen
from nasforge.errors import BenchmarkFormatError


@dataclass(frozen=True, eq=False)
class LinearPredictor:
    """Members `bias + features @ weights`.

    Attributes:
        weights: float64 [members, d].
        bias: float64 [members].
    """

    weights: np.ndarray
    bias: np.ndarray

    kind: ClassVar[str] = "linear"

    def __post_init__(self) -> None:
        widen(self, weights="f8", bias="f8")
        members = len(self.bias)
        if self.weights.ndim != 2 or self.bias.shape != (self.weights.shape[0],) or not members:
            raise BenchmarkFormatError(
                f"weights {list(self.weights.shape)} and bias {list(self.bias.shape)} must be "
                "[members, d] and [members]"
            )
        require_finite(self, "weights", "bias")

    @property
    def members(self) -> int:
        """Number of models."""
        return len(self.bias)

    @property
    def features(self) -> int:
        """Number of feature columns."""
        return self.weights.shape[1]

    def accepts(self, width: int) -> bool:
        """Only as many as there are weights."""
        return width == self.features

    def predict(self, features: np.ndarray) -> np.ndarray:
        """float32 [n, d] -> float64 [n, members]."""
        return features.astype(np.float64) @ self.weights.T + self.bias

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Weights and bias."""
        return arrays_of(self)

    @classmethod
    def stack(cls, parts: Sequence[Self]) -> Self:
        """One ensemble of the members of several."""
        return cls(
            np.concatenate([part.weights for part in parts]),
            np.concatenate([part.bias for part in parts]),
        )

"""What all predictors have in common.

>>> members = predictor.predict(features)
"""

from collections.abc import Sequence
from typing import ClassVar, Protocol, Self

import numpy as np


class Predictor(Protocol):
    """An ensemble for one target."""

    kind: ClassVar[str]

    @property
    def members(self) -> int:
        """Number of models."""
        ...

    @property
    def features(self) -> int:
        """Smallest number of feature columns it can be given."""
        ...

    def accepts(self, width: int) -> bool:
        """Whether it can be given that many feature columns."""
        ...

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Predictions of every member: float32 [n, d] -> float64 [n, members]."""
        ...

    def to_arrays(self) -> dict[str, np.ndarray]:
        """What `make_predictor` needs."""
        ...

    @classmethod
    def stack(cls, parts: Sequence[Self]) -> Self:
        """One ensemble of the members of several."""
        ...

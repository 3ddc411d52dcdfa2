"""The quantities a surrogate predicts, and the scale on which it does.

    >>> TARGETS["train_time_s"].scale.forward(np.array([1.0]))
    array([0.])

Means, noise and disagreement live on the scale; users see natural units.
"""

from dataclasses import dataclass

import numpy as np

from nasforge.errors import BenchmarkFormatError

UNITS = ("fraction", "s")
"""Units of a target: an accuracy in [0, 1], or seconds."""


@dataclass(frozen=True)
class Scale:
    """A monotone map between natural units and the scale of prediction.

    Attributes:
        name: "identity" or "log".
    """

    name: str

    def __post_init__(self) -> None:
        if self.name not in ("identity", "log"):
            raise BenchmarkFormatError(
                f"unknown scale {self.name!r}; this version reads identity, log"
            )

    def forward(self, values: np.ndarray) -> np.ndarray:
        """Natural units -> scale."""
        return np.log(values) if self.name == "log" else np.asarray(values, dtype=np.float64)

    def inverse(self, values: np.ndarray) -> np.ndarray:
        """Scale -> natural units (of a mean on the log scale: the median)."""
        return np.exp(values) if self.name == "log" else values


@dataclass(frozen=True)
class Target:
    """One predicted quantity.

    Attributes:
        name: Column of the evaluations table.
        unit: "fraction" (an accuracy in [0, 1]) or "s".
        scale: Where it is predicted.
    """

    name: str
    unit: str
    scale: Scale

    def natural(self, values: np.ndarray) -> np.ndarray:
        """Scale -> natural units; a predicted accuracy is kept in [0, 1]."""
        values = self.scale.inverse(values)
        return np.minimum(np.maximum(values, 0.0), 1.0) if self.unit == "fraction" else values


TARGETS = {
    target.name: target
    for target in (
        Target("val_accuracy", "fraction", Scale("identity")),
        Target("test_accuracy", "fraction", Scale("identity")),
        Target("train_time_s", "s", Scale("log")),
    )
}
"""What a benchmark of ours can predict. `val_accuracy` decides the selection."""

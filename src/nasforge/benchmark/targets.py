"""The quantities a surrogate predicts, and the scale on which it does.

    >>> TARGETS["train_time_s"].scale.forward(np.array([1.0]))
    array([0.])

Means, noise and disagreement live on the scale; users see natural units.
"""

from dataclasses import dataclass

import numpy as np

from nasforge.errors import BenchmarkFormatError

SCALES = ("identity", "log", "log_error")
"""Names of the scales."""

SMALLEST_ERROR = 1e-3
"""Errors of classification below it are not told apart on the scale "log_error"."""


@dataclass(frozen=True)
class Scale:
    """A monotone map between natural units and the scale of prediction.

    Attributes:
        name: "identity", "log", or "log_error": log(1 - accuracy), on which a change from 0.90 to
            0.95 is as large as one from 0.80 to 0.90.
    """

    name: str

    def __post_init__(self) -> None:
        if self.name not in SCALES:
            raise BenchmarkFormatError(
                f"unknown scale {self.name!r}; this version reads {', '.join(SCALES)}"
            )

    def forward(self, values: np.ndarray) -> np.ndarray:
        """Natural units -> scale."""
        values = np.asarray(values, dtype=np.float64)
        if self.name == "log":
            return np.log(values)
        if self.name == "log_error":
            return np.log(np.maximum(1.0 - values, SMALLEST_ERROR))
        return values

    def inverse(self, values: np.ndarray) -> np.ndarray:
        """Scale -> natural units (of a mean on a log scale: the median)."""
        if self.name == "identity":
            return values
        with np.errstate(over="ignore"):  # a stranger's model may predict anything
            return np.exp(values) if self.name == "log" else 1.0 - np.exp(values)


IDENTITY = Scale("identity")


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
        Target("best_val_accuracy", "fraction", Scale("identity")),
        Target("test_accuracy", "fraction", Scale("identity")),
        Target("train_time_s", "s", Scale("log")),
    )
}
"""What a benchmark of ours can predict; `val_accuracy` (of the last epoch) decides the selection.

`best_val_accuracy` is that of the best epoch, which NAS-Bench-301 published.
"""

"""An answer, and how it prints: digits that mean something, big counts that can be read.

>>> bench.query(genotype)
Prediction(val_accuracy=0.9142, noise_std=0.0021, train_time_s=5432.1, params=3_412_345)
"""

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Prediction:
    """What training an architecture would give.

    Attributes:
        val_accuracy: After the last epoch, in [0, 1]; None if it was not asked for, as all others.
        test_accuracy: After the last epoch, in [0, 1]; None if not predicted.
        noise_std: Standard deviation of val_accuracy between training seeds; None if too few
            replicates could tell.
        epistemic_std: Calibrated standard deviation of the error of the predicted mean
            val_accuracy; None if it could not be calibrated.
        train_time_s: Seconds on the machine the benchmark was made on; None if not predicted.
        params: Exact number of parameters; None if the space cannot tell, or the trained network
            is unknown.
        macs: Exact multiply-adds of one image; None in the same cases.
        best_val_accuracy: Of the best epoch, in [0, 1]; None if not predicted.
    """

    val_accuracy: float | None = None
    test_accuracy: float | None = None
    noise_std: float | None = None
    epistemic_std: float | None = None
    train_time_s: float | None = None
    params: int | None = None
    macs: int | None = None
    best_val_accuracy: float | None = None

    def __repr__(self) -> str:
        return prediction_text(self)


def prediction_text(prediction: Any) -> str:
    """A dataclass of results as text, without the fields that are None."""
    values = ((field.name, getattr(prediction, field.name)) for field in fields(prediction))
    shown = ", ".join(f"{name}={_text(name, value)}" for name, value in values if value is not None)
    return f"{type(prediction).__name__}({shown})"


def _text(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return repr(value)
    if isinstance(value, int):
        return f"{value:_}"
    return f"{value:.1f}" if name.endswith("_s") and value >= 10 else f"{value:.4f}"

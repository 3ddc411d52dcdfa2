"""How a prediction prints: digits that mean something, big counts that can be read.

>>> prediction_text(prediction)
'Prediction(val_accuracy=0.9142, noise_std=0.0021, train_time_s=5432.1, params=3_412_345)'
"""

from dataclasses import fields
from typing import Any


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

"""Numbers without the digits in which processors differ.

>>> rounded({"weight": 0.1 + 0.2})
{'weight': 0.3}

Sums that vector units of other widths add up in another order differ in the last of 16 digits.
What a benchmark says of itself is rounded, so that such a difference alone changes nothing of it.
"""

from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

DIGITS = 12
"""Significant ones: far more than mean anything, and fewer than differ."""


def rounded(value: Any, digits: int = DIGITS) -> Any:
    """JSON data, or a dataclass of such, with all floats rounded."""
    if isinstance(value, float):
        return float(f"{value:.{digits}g}")
    if isinstance(value, dict):
        return {key: rounded(item, digits) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(rounded(item, digits) for item in value)
    if is_dataclass(value):
        changes = {f.name: rounded(getattr(value, f.name), digits) for f in fields(value)}
        return replace(value, **changes)
    return value


def rounded_array(values: np.ndarray, digits: int = DIGITS) -> np.ndarray:
    """float64 of any shape, rounded."""
    return np.array(rounded(values.ravel().tolist(), digits)).reshape(values.shape)

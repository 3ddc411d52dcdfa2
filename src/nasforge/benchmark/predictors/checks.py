"""Checks that predictors make of their arrays, which may come from a stranger.

>>> require_dtypes(predictor, weights="f8")

Each raises BenchmarkFormatError with the array's name.
"""

from dataclasses import fields
from typing import Any

import numpy as np

from nasforge.errors import BenchmarkFormatError


def arrays_of(predictor: Any) -> dict[str, np.ndarray]:
    """The fields of a predictor, which all are arrays."""
    return {field.name: getattr(predictor, field.name) for field in fields(predictor)}


def require_dtypes(predictor: object, **dtypes: str) -> None:
    """Every named array has that dtype and at least one axis."""
    for name, dtype in dtypes.items():
        array = getattr(predictor, name)
        if array.dtype != np.dtype(dtype) or array.ndim == 0:
            raise BenchmarkFormatError(f"{name}: {array.dtype} array, expected {np.dtype(dtype)}")


def require_finite(predictor: object, *names: str) -> None:
    """No named array holds nan or infinity."""
    for name in names:
        if not np.isfinite(getattr(predictor, name)).all():
            raise BenchmarkFormatError(f"{name}: holds nan or infinity")


def require_range(name: str, array: np.ndarray, low: int, high: int) -> None:
    """All values are from low to high."""
    if array.min() < low or array.max() > high:
        raise BenchmarkFormatError(f"{name}: must be from {low} to {high}")

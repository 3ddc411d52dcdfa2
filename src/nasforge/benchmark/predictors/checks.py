"""Checks that predictors make of their arrays, which may come from a stranger.

>>> widen(predictor, weights="f8")

Each raises BenchmarkFormatError with the array's name.
"""

from dataclasses import fields
from typing import Any

import numpy as np

from nasforge.benchmark.arrays import half_of
from nasforge.errors import BenchmarkFormatError


def arrays_of(predictor: Any) -> dict[str, np.ndarray]:
    """The fields of a predictor, which all are arrays."""
    return {field.name: getattr(predictor, field.name) for field in fields(predictor)}


def widen(predictor: object, **dtypes: str) -> None:
    """Every named array has that dtype, or gets it from half of it, and has at least one axis."""
    for name, dtype in dtypes.items():
        array, wide = getattr(predictor, name), np.dtype(dtype)
        if array.dtype not in (wide, half_of(wide)) or array.ndim == 0:
            raise BenchmarkFormatError(
                f"{name}: {array.dtype} array, expected {wide} or {half_of(wide)}"
            )
        object.__setattr__(predictor, name, array.astype(wide, copy=False))  # they are frozen


def require_finite(predictor: object, *names: str) -> None:
    """No named array holds nan or infinity."""
    for name in names:
        if not np.isfinite(getattr(predictor, name)).all():
            raise BenchmarkFormatError(f"{name}: holds nan or infinity")


def require_range(name: str, array: np.ndarray, low: int, high: int) -> None:
    """All values are from low to high."""
    if array.min() < low or array.max() > high:
        raise BenchmarkFormatError(f"{name}: must be from {low} to {high}")

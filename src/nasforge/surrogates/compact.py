"""Members with numbers that take little room in a frozen benchmark.

    >>> compact(member)

A weight's last digits are noise of the fit: 11 significant bits move a prediction by far less than
members differ. It is done before anything is predicted, so what is scored is what is exported.
"""

from dataclasses import replace

import numpy as np

from nasforge.benchmark.predictors import ForestPredictor, GinPredictor, MlpPredictor, Predictor

SIGNIFICANT_BITS = 11
"""Of a half-precision number."""


def compact(member: Predictor) -> Predictor:
    """Weights of networks and leaves of trees rounded; other predictors as they are."""
    if isinstance(member, ForestPredictor):
        return replace(
            member, threshold=_float32_below(member.threshold), value=_rounded(member.value)
        )
    if isinstance(member, GinPredictor | MlpPredictor):
        weights = {
            name: _half(array)
            for name, array in member.to_arrays().items()
            if array.dtype == np.float32
        }
        return replace(member, **weights)
    return member


def _float32_below(thresholds: np.ndarray) -> np.ndarray:
    """The largest float32 that is not above: it divides features, which are float32, the same."""
    with np.errstate(over="ignore"):
        nearest = thresholds.astype(np.float32)
        # Below the lowest float32 is -inf; some numpy call that an overflow.
        below = np.nextafter(nearest, np.float32(-np.inf))
    return np.where(nearest > thresholds, below, nearest).astype(np.float64)


def _rounded(values: np.ndarray) -> np.ndarray:
    """float64 to that many significant bits, ties to even."""
    mantissa, exponent = np.frexp(values)
    return np.ldexp(np.round(np.ldexp(mantissa, SIGNIFICANT_BITS)), exponent - SIGNIFICANT_BITS)


def _half(weights: np.ndarray) -> np.ndarray:
    """float32 to the nearest float16, unless one is too large for it."""
    with np.errstate(over="ignore"):
        half = weights.astype(np.float16)
    return half.astype(np.float32) if np.isfinite(half).all() else weights

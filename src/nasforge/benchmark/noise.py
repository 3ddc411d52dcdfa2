"""How large a training's noise is, and draws of it: a pure function of what is asked.

    >>> standard_normal(noise_key=1, architecture_id="9903268c82818be4", target="val_accuracy",
    ...                 noise_seed=3)

A counter hash gives a uniform number and an inverse normal makes it Gaussian. A library's
generator would be shorter, but its stream may change with its version.
"""

import hashlib
import math
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TypeVar

import numpy as np

from nasforge.benchmark.entries import NoiseModel
from nasforge.errors import NasforgeError

T = TypeVar("T", float, np.ndarray)

ONE_BY_ONE = 8
"""Fewer draws than this are faster one by one."""

_MASK = 2**64 - 1

# Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied
# Statistics 37 (1988), PPND16; relative accuracy about 1e-16.
_CENTRE = (
    (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
     1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
     3.3430575583588128105e4, 2.5090809287301226727e3),
    (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
     2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
     5.2264952788528545610e3),
)  # fmt: skip
_NEAR_TAIL = (
    (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
     3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
     2.27238449892691845833e-2, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
     1.05075007164441684324e-9),
)  # fmt: skip
_FAR_TAIL = (
    (6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
     2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
     2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
     2.04426310338993978564e-15),
)  # fmt: skip


def noise_std(noise: NoiseModel, mean: np.ndarray) -> np.ndarray:
    """Standard deviation between trainings, at predictions on the target's scale."""
    if noise.slope == 0.0:
        return np.full(len(mean), _constant_std(noise.log_variance))
    with np.errstate(over="ignore"):  # a stranger's numbers may be anything
        return np.exp(0.5 * (noise.log_variance + noise.slope * mean))


@lru_cache(maxsize=64)
def _constant_std(log_variance: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.exp(np.float64(0.5 * log_variance)))


def checked_seed(noise_seed: object) -> int:
    """The seed of a draw as an integer.

    Raises:
        NasforgeError: It is none, or out of range.
    """
    if isinstance(noise_seed, bool) or not isinstance(noise_seed, int | np.integer):
        raise NasforgeError(f"noise_seed: {noise_seed!r} must be an integer")
    if not 0 <= noise_seed < 2**63:
        raise NasforgeError(f"noise_seed: {noise_seed} must be from 0 to 2^63 - 1")
    return int(noise_seed)


def standard_normal(noise_key: int, architecture_id: str, target: str, noise_seed: int) -> float:
    """One draw from N(0, 1), independent between different arguments.

    Args:
        noise_key: The benchmark's key, from its manifest.
        architecture_id: 16 hex digits.
        target: Name of the predicted quantity.
        noise_seed: Any integer from 0 to 2^63 - 1.
    """
    state = noise_key & _MASK
    for word in (int(architecture_id, 16), _target_key(target), noise_seed):
        state = splitmix64(state ^ word)
    # 53 bits, shifted by half a step: never 0 or 1.
    return inverse_normal(((state >> 11) + 0.5) / 2**53)


def standard_normals(
    noise_key: int, architecture_ids: Sequence[str], target: str, noise_seeds: Sequence[int]
) -> np.ndarray:
    """`standard_normal` of many architectures, each with its seed, equal to the last bit.

    Returns:
        float64 [n].
    """
    if len(architecture_ids) < ONE_BY_ONE:
        pairs = zip(architecture_ids, noise_seeds, strict=True)
        return np.array([standard_normal(noise_key, i, target, seed) for i, seed in pairs])
    ids = np.array([int(i, 16) for i in architecture_ids], dtype=np.uint64)
    state = np.full(len(ids), noise_key & _MASK, dtype=np.uint64)
    for word in (ids, np.uint64(_target_key(target)), np.array(noise_seeds, dtype=np.uint64)):
        state = _splitmix64_array(state ^ word)
    p = ((state >> np.uint64(11)).astype(np.float64) + 0.5) / 2**53
    q = p - 0.5
    draws = q * _ratio(_CENTRE, 0.180625 - q * q)
    for i in np.flatnonzero(np.abs(q) > 0.425):  # numpy's logarithm may differ in the last bit
        draws[i] = inverse_normal(float(p[i]))
    return draws


@cache
def _target_key(target: str) -> int:
    return int.from_bytes(hashlib.sha256(target.encode()).digest()[:8], "little")


def splitmix64(state: int) -> int:
    """Mix 64 bits (Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014)."""
    z = (state + 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def _splitmix64_array(state: np.ndarray) -> np.ndarray:
    """`splitmix64` of uint64 [n], whose arithmetic wraps around by itself."""
    z = state + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def inverse_normal(p: float) -> float:
    """The quantile of the standard normal distribution, 0 < p < 1 (AS 241)."""
    q = p - 0.5
    if abs(q) <= 0.425:
        return q * _ratio(_CENTRE, 0.180625 - q * q)
    r = math.sqrt(-math.log(p if q < 0 else 1.0 - p))
    tail = _ratio(_NEAR_TAIL, r - 1.6) if r <= 5.0 else _ratio(_FAR_TAIL, r - 5.0)
    return math.copysign(tail, q)


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: T) -> T:
    numerator, denominator = (_horner(terms, x) for terms in coefficients)
    return numerator / denominator


def _horner(terms: tuple[float, ...], x: T) -> T:
    value = 0.0 * x
    for term in reversed(terms):
        value = value * x + term
    return value

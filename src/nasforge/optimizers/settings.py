"""Checks of optimizers' settings, and what a failed evaluation is worth.

>>> check_whole(1, population_size=100)
"""

import math

from nasforge.errors import OptimizerError


def check_whole(low: int, **settings: int) -> None:
    """Make sure that settings are whole numbers of at least `low`.

    Raises:
        OptimizerError: One is not.
    """
    for name, value in settings.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise OptimizerError(f"{name} {value!r} must be a whole number, at least {low}")


def check_number(low: float, high: float, **settings: float) -> None:
    """Make sure that settings are numbers from `low` to `high`.

    Raises:
        OptimizerError: One is not.
    """
    for name, value in settings.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            raise OptimizerError(f"{name} {value!r} must be a number from {low:g} to {high:g}")


def comparable(value: float) -> float:
    """The value, or minus infinity if the evaluation failed (nan): it loses against all others."""
    return -math.inf if math.isnan(value) else value

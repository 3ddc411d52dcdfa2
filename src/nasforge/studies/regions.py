"""The top region: what all families together predict to be best.

Never chosen by an architecture's own measured value, which may be a lucky one.
"""

from collections.abc import Sequence

import numpy as np

TOP_PART = 0.2
"""Of the architectures, by the mean prediction of all families: the top region."""


def in_top_region(predictions: Sequence[np.ndarray]) -> np.ndarray:
    """Which architectures are in the top region: bool [n].

    Args:
        predictions: float64 [n] of every family, of architectures that it did not learn from.
    """
    mean = np.mean(predictions, axis=0)
    return mean >= np.quantile(mean, 1 - TOP_PART)

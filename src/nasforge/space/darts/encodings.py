"""Encodings of canonical genotypes as rows of numbers.

    >>> ENCODINGS["one_hot"](genotypes)             # float32 [n, 150]
    >>> ENCODINGS["graph_features"](genotypes)      # float32 [n, 290]

Functions here expect canonical genotypes; `DARTS.encode` canonicalises first, so an encoding is
the same for all genotypes that are the same network.
"""

from collections.abc import Callable, Sequence

import numpy as np

from nasforge.space.darts import graph_features
from nasforge.space.darts.arrays import to_array
from nasforge.space.darts.genotype import Genotype
from nasforge.space.darts.graph import LAYOUT, graph_rows
from nasforge.space.darts.paths import path_names, paths
from nasforge.space.darts.vector import VARIABLES, to_vector

_OFFSETS = np.cumsum([0, *(number for _, number in VARIABLES)])


def one_hot(genotypes: Sequence[Genotype]) -> np.ndarray:
    """One-hot of the 22 choices of `to_vector`: float32 [n, 150]."""
    rows = np.zeros((len(genotypes), _OFFSETS[-1]), dtype=np.float32)
    if len(genotypes):
        choices = np.stack([to_vector(genotype) for genotype in genotypes])
        np.put_along_axis(rows, choices + _OFFSETS[:-1], 1.0, axis=1)
    return rows


ENCODINGS: dict[str, Callable[[Sequence[Genotype]], np.ndarray]] = {
    "one_hot": one_hot,
    "graph_features": graph_features.graph_features,
    "paths": lambda genotypes: paths(to_array(genotypes)),
    "graph": lambda genotypes: graph_rows(to_array(genotypes)),
}
"""Encoding functions by name."""

FEATURE_NAMES: dict[str, tuple[str, ...]] = {
    "one_hot": tuple(f"{name}={choice}" for name, number in VARIABLES for choice in range(number)),
    "graph_features": graph_features.feature_names(),
    "paths": path_names(),
    "graph": LAYOUT.feature_names,
}
"""Column names of each encoding."""

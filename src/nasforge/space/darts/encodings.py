"""Encodings of genotypes as rows of numbers.

    >>> ENCODINGS["one_hot"].encode(array)          # float32 [n, 150]
    >>> ENCODINGS["graph_features"].encode(array)   # float32 [n, 290]

An encoding is the same for all genotypes that are the same network: either it does not depend on
how nodes are numbered, or it is that of the canonical form, which `DARTS.encode` then makes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from nasforge.accelerator import kernels
from nasforge.space.darts import graph_features
from nasforge.space.darts.canonical import lower_inputs_first, topologies
from nasforge.space.darts.graph import LAYOUT, graph_rows
from nasforge.space.darts.paths import path_names, paths
from nasforge.space.darts.vector import PAIR_INDEX, VARIABLES

*_OFFSETS, _WIDTH = np.cumsum([0, *(number for _, number in VARIABLES)]).tolist()
_FIRST = np.array(_OFFSETS)
"""Each choice's first column."""


@dataclass(frozen=True)
class Encoding:
    """How genotypes become rows.

    Attributes:
        encode: int8 [n, 2, 8, 2] of `to_array` -> float32 [n, d].
        names: Names of the d columns.
        canonical: Whether the array must be that of canonical genotypes.
    """

    encode: Callable[[np.ndarray], np.ndarray]
    names: tuple[str, ...]
    canonical: bool


def one_hot(array: np.ndarray) -> np.ndarray:
    """One-hot of the 22 choices of `to_vector`: float32 [n, 150]."""
    rows = np.zeros((len(array), _WIDTH), dtype=np.float32)
    _set_ones(array, rows)
    return rows


def _set_ones(array: np.ndarray, rows: np.ndarray) -> None:
    """`one_hot` in the first columns of rows that are 0 there."""
    if compiled := kernels("nasforge.space.darts.feature_kernels"):
        compiled.one_hot(array, _FIRST, rows)
        return
    operations, topology = lower_inputs_first(array)
    choices = np.concatenate([operations, _input_choices()[topology]], axis=1)
    np.put_along_axis(rows, choices.reshape(-1, len(VARIABLES)) + _FIRST, 1.0, axis=1)


@cache
def _input_choices() -> np.ndarray:
    """The choices of inputs that make a topology: int8 [180, 3]."""
    nodes = range(1, len(PAIR_INDEX))  # the first node has none
    return np.array(
        [
            [PAIR_INDEX[node][inputs[2 * node], inputs[2 * node + 1]] for node in nodes]
            for inputs in topologies().tolist()
        ],
        dtype=np.int8,
    )


def features(array: np.ndarray) -> np.ndarray:
    """`one_hot` and `graph_features` side by side: float32 [n, 440].

    Counts and paths do not say on which node an operation is, choices do not say what follows:
    together they predict better than either, for all families that do not see the graph.
    """
    rows = np.zeros((len(array), _WIDTH + len(graph_features.TABLE)), dtype=np.float32)
    _set_ones(array, rows)
    graph_features.fill(array, rows, _WIDTH)
    return rows


_ONE_HOT_NAMES = tuple(f"{name}={choice}" for name, number in VARIABLES for choice in range(number))

ENCODINGS = {
    "one_hot": Encoding(one_hot, _ONE_HOT_NAMES, canonical=True),
    "graph_features": Encoding(
        graph_features.graph_features, graph_features.feature_names(), canonical=False
    ),
    "features": Encoding(features, _ONE_HOT_NAMES + graph_features.feature_names(), canonical=True),
    "paths": Encoding(paths, path_names(), canonical=False),
    "graph": Encoding(graph_rows, LAYOUT.feature_names, canonical=True),
}
"""Encodings by name."""

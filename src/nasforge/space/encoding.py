"""Encodings of a space: its own, and "graph" for one that only says what its graphs are.

    >>> encode(space, architectures, "graph")       # float32 [n, 3 * space.graph_layout.edges]

Whoever learns or predicts asks here and not the space itself.
"""

from collections.abc import Sequence

import numpy as np

from nasforge.space.graph import GraphLayout, rows_from_graphs
from nasforge.space.protocol import Architecture, SearchSpace

GRAPH = "graph"
"""The encoding that a space with `graph` and `graph_layout` need not write itself."""


def encodings_of(space: SearchSpace) -> tuple[str, ...]:
    """Names that `encode` accepts for the space."""
    return (*space.encodings, GRAPH) if _from_graphs(space) else space.encodings


def encode(space: SearchSpace, architectures: Sequence[Architecture], encoding: str) -> np.ndarray:
    """Features as float32 [n, d], the same for architectures that are the same network.

    Raises:
        SpaceError: A graph does not keep to its space's layout.
    """
    if encoding == GRAPH and _from_graphs(space):
        graphs = [space.graph(space.canonical(architecture)) for architecture in architectures]
        return rows_from_graphs(graphs, space.graph_layout)
    return space.encode(architectures, encoding)


def feature_names(space: SearchSpace, encoding: str) -> tuple[str, ...]:
    """Names of the d columns of `encode`."""
    if encoding == GRAPH and _from_graphs(space):
        return space.graph_layout.feature_names
    return space.feature_names(encoding)


def layout_of(space: SearchSpace) -> GraphLayout | None:
    """What the graphs of a space have in common; None for a space without."""
    return getattr(space, "graph_layout", None)


def _from_graphs(space: SearchSpace) -> bool:
    return GRAPH not in space.encodings and hasattr(space, "graph") and layout_of(space) is not None

"""Architectures as graphs with operations on their edges, and their rows of numbers.

    >>> rows = DARTS.encode(genotypes, "graph")
    >>> sources, targets, operations = graphs_from_rows(rows)
    >>> DARTS.graph_layout.node_types       # the same for all architectures of a space
    >>> rows_from_graphs([space.graph(a) for a in architectures], space.graph_layout)

A row holds the triples (source, target, operation) of all edges, one after the other; a space
whose graphs have different numbers of edges fills up with edges whose operation is `NO_EDGE`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from nasforge.errors import SpaceError

NO_EDGE = -1
"""The operation of an edge that is not there."""


@dataclass(frozen=True, eq=False)
class Graph:
    """One architecture as a directed graph without cycles; its nodes are its space's.

    Attributes:
        sources: int64 [edges], the node that an edge comes from.
        targets: int64 [edges], the node that it goes to.
        operations: int64 [edges], what it does, from 0.
    """

    sources: np.ndarray
    targets: np.ndarray
    operations: np.ndarray

    @classmethod
    def from_edges(cls, edges: Sequence[tuple[int, int, int]]) -> Self:
        """From (source, target, operation) of every edge."""
        return cls(*np.array(edges, dtype=np.int64).reshape(-1, 3).T)


@dataclass(frozen=True)
class GraphLayout:
    """What all graphs of a space have in common.

    Attributes:
        node_types: The type of every node, from 0; nodes of one type are interchangeable.
        edges: The highest number of edges.
        operations: Number of different operations of edges.
    """

    node_types: tuple[int, ...]
    edges: int
    operations: int

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_types)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the columns of a row."""
        return tuple(
            f"edge{edge}_{part}"
            for edge in range(self.edges)
            for part in ("source", "target", "operation")
        )


def rows_from_graphs(graphs: Sequence[Graph], layout: GraphLayout) -> np.ndarray:
    """Edges of graphs, in their order, as float32 [n, 3 * layout.edges].

    Raises:
        SpaceError: A graph has more edges, nodes or operations than the layout.
    """
    rows = np.zeros((len(graphs), layout.edges, 3), dtype=np.float32)
    rows[:, :, 2] = NO_EDGE
    highest = layout.nodes - 1, layout.nodes - 1, layout.operations - 1
    for row, graph in zip(rows, graphs, strict=True):
        edges = np.stack([graph.sources, graph.targets, graph.operations], axis=1)
        if len(edges) > layout.edges or ((edges < 0) | (edges > highest)).any():
            raise SpaceError(
                f"a graph of edges (source, target, operation) {edges.tolist()} is outside its "
                f"space's graph_layout: {layout.edges} edges, {layout.nodes} nodes, "
                f"{layout.operations} operations"
            )
        row[: len(edges)] = edges
    return rows.reshape(len(graphs), -1)


def graphs_from_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inverse of `rows_from_graphs`: sources, targets, operations, each int64 [n, edges]."""
    edges = rows.reshape(len(rows), rows.shape[1] // 3, 3).astype(np.int64)
    return edges[:, :, 0], edges[:, :, 1], edges[:, :, 2]

"""A genotype as one graph of both cells, with every operation on its own edge.

    >>> DARTS.graph(genotype)                   # 14 nodes, 24 edges
    >>> DARTS.encode(genotypes, "graph")        # float32 [n, 72]

The two cells are components of one graph: nodes 0 to 6 are the normal cell's inputs, intermediate
nodes and output, nodes 7 to 13 those of the reduction cell. Operations and node types of the
reduction cell are others than those of the normal cell: its operations may have stride 2. A cell's
edges come in edge order, then those from its intermediate nodes to its output.
"""

import numpy as np

from nasforge.space.darts.arrays import CELLS, EDGES
from nasforge.space.darts.genotype import INPUT_NODES, INTERMEDIATE_NODES, OPERATIONS
from nasforge.space.graph import Graph, GraphLayout

TO_OUTPUT = len(CELLS) * len(OPERATIONS)
"""The operation of edges from an intermediate node to its cell's output."""

_INTERMEDIATE = (0, 1)
"""Type of the intermediate nodes of the normal and the reduction cell."""

_NORMAL_TYPES = (2, 3, *(_INTERMEDIATE[0],) * INTERMEDIATE_NODES, 4)
_REDUCTION_TYPES = (5, 6, *(_INTERMEDIATE[1],) * INTERMEDIATE_NODES, 7)
NODES = len(_NORMAL_TYPES)
"""Of one cell."""

LAYOUT = GraphLayout(
    node_types=_NORMAL_TYPES + _REDUCTION_TYPES,
    edges=len(CELLS) * (EDGES + INTERMEDIATE_NODES),
    operations=TO_OUTPUT + 1,
)
"""What the graphs of all genotypes have in common."""


def graph_of(cells: np.ndarray) -> Graph:
    """The graph of one canonical genotype, int8 [2, 8, 2] of `to_array`."""
    edges = graph_rows(cells[None]).reshape(LAYOUT.edges, 3).astype(np.int64)
    return Graph(*edges.T)


def graph_rows(array: np.ndarray) -> np.ndarray:
    """The graphs of canonical genotypes int8 [n, 2, 8, 2] as rows, float32 [n, 72]."""
    rows = np.empty((len(array), len(CELLS), EDGES + INTERMEDIATE_NODES, 3), dtype=np.float32)
    intermediate = INPUT_NODES + np.arange(INTERMEDIATE_NODES)
    for cell in range(len(CELLS)):
        first = cell * NODES
        within = rows[:, cell, :EDGES]
        within[..., 0] = first + array[:, cell, :, 1]
        within[..., 1] = first + np.repeat(intermediate, 2)
        within[..., 2] = cell * len(OPERATIONS) + array[:, cell, :, 0]
        to_output = rows[:, cell, EDGES:]
        to_output[..., 0] = first + intermediate
        to_output[..., 1] = first + NODES - 1
        to_output[..., 2] = TO_OUTPUT
    return rows.reshape(len(array), 3 * LAYOUT.edges)

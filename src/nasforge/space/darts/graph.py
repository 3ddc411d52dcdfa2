"""A genotype as one graph of both cells, with every operation on its own edge.

    >>> DARTS.graph(genotype)                   # 14 nodes, 24 edges
    >>> DARTS.encode(genotypes, "graph")        # float32 [n, 72]

The two cells are components of one graph: nodes 0 to 6 are the normal cell's inputs, intermediate
nodes and output, nodes 7 to 13 those of the reduction cell. An operation of the reduction cell is
another one than that of the normal cell, for it may have stride 2; node types are the same in
both. A cell's edges come in edge order, then those from its intermediate nodes to its output.
"""

import numpy as np

from nasforge.space.darts.arrays import CELLS, EDGES
from nasforge.space.darts.genotype import INPUT_NODES, INTERMEDIATE_NODES, OPERATIONS
from nasforge.space.graph import Graph, GraphLayout

INPUT_0, INPUT_1, INTERMEDIATE, OUTPUT = range(4)
"""Types of nodes."""

TO_OUTPUT = len(CELLS) * len(OPERATIONS)
"""The operation of edges from an intermediate node to its cell's output."""

_CELL_TYPES = (INPUT_0, INPUT_1, *(INTERMEDIATE,) * INTERMEDIATE_NODES, OUTPUT)

LAYOUT = GraphLayout(
    node_types=_CELL_TYPES * len(CELLS),
    edges=len(CELLS) * (EDGES + INTERMEDIATE_NODES),
    operations=TO_OUTPUT + 1,
)
"""What the graphs of all genotypes have in common."""


def graph_of(cells: np.ndarray) -> Graph:
    """The graph of one canonical genotype, int8 [2, 8, 2] of `to_array`."""
    edges = graph_rows(cells[None]).reshape(LAYOUT.edges, 3).astype(np.int64)
    return Graph(np.array(LAYOUT.node_types), *edges.T)


def graph_rows(array: np.ndarray) -> np.ndarray:
    """The graphs of canonical genotypes int8 [n, 2, 8, 2] as rows, float32 [n, 72]."""
    rows = np.empty((len(array), len(CELLS), EDGES + INTERMEDIATE_NODES, 3), dtype=np.float32)
    intermediate = INPUT_NODES + np.arange(INTERMEDIATE_NODES)
    for cell in range(len(CELLS)):
        first = cell * len(_CELL_TYPES)
        within = rows[:, cell, :EDGES]
        within[..., 0] = first + array[:, cell, :, 1]
        within[..., 1] = first + np.repeat(intermediate, 2)
        within[..., 2] = cell * len(OPERATIONS) + array[:, cell, :, 0]
        to_output = rows[:, cell, EDGES:]
        to_output[..., 0] = first + intermediate
        to_output[..., 1] = first + len(_CELL_TYPES) - 1
        to_output[..., 2] = TO_OUTPUT
    return rows.reshape(len(array), 3 * LAYOUT.edges)

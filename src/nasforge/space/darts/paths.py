"""The path encoding: which sequences of operations lead from a cell's inputs to its output.

    >>> DARTS.encode(genotypes, "paths")        # float32 [n, 11200]

White, Neiswanger & Savani, "BANANAS: Bayesian Optimization with Neural Architectures for Neural
Architecture Search", AAAI 2021. Every intermediate node leads to the output, so a path has one to
four operations; all eight edges of a cell take part. Which edges make the paths follows from a
cell's inputs alone, so that is found once for each of the 180 topologies.
"""

from collections.abc import Sequence
from functools import cache
from itertools import product

import numpy as np

from nasforge.space.darts.arrays import CELLS, EDGES
from nasforge.space.darts.canonical import lower_inputs_first, topologies
from nasforge.space.darts.genotype import INPUT_NODES, INTERMEDIATE_NODES, OPERATIONS

LENGTHS = range(1, INTERMEDIATE_NODES + 1)
"""Operations on a path."""

SEQUENCES = sum(len(OPERATIONS) ** length for length in LENGTHS)
"""Sequences of operations that a path may have: 2,800."""


def paths(array: np.ndarray) -> np.ndarray:
    """1 for every sequence that occurs: float32 [n, 11200].

    Columns are sorted by cell, input, length and sequence (as a comparison of operation indices).

    Args:
        array: int8 [n, 2, 8, 2] of `to_array`.
    """
    operations, topology = lower_inputs_first(array)
    first, places = _path_tables()
    columns = first[topology] + np.matmul(places[topology], operations[:, :, None])[:, :, 0]
    rows = np.zeros((len(columns), INPUT_NODES * SEQUENCES), dtype=np.float32)
    rows[np.arange(len(rows))[:, None], columns] = 1
    return rows.reshape(len(array), len(CELLS) * INPUT_NODES * SEQUENCES)


@cache
def _path_tables() -> tuple[np.ndarray, np.ndarray]:
    """The paths of every topology, up to 18, the last one repeated where there are fewer.

    Returns:
        The column of a path whose operations all have index 0, int32 [180, 18], and what the
        operation of each edge counts in the path's column, int32 [180, 18, 8].
    """
    found = [_paths_of(inputs) for inputs in topologies().tolist()]
    most = max(map(len, found))
    filled = [paths_ + paths_[-1:] * (most - len(paths_)) for paths_ in found]
    first = np.zeros((len(found), most), dtype=np.int32)
    places = np.zeros((len(found), most, EDGES), dtype=np.int32)
    for i, j in np.ndindex(first.shape):
        source, edges = filled[i][j]
        shorter = sum(len(OPERATIONS) ** length for length in range(1, len(edges)))
        first[i, j] = source * SEQUENCES + shorter
        places[i, j, list(edges)] = len(OPERATIONS) ** np.arange(len(edges))[::-1]
    return first, places


def _paths_of(inputs: Sequence[int]) -> list[tuple[int, tuple[int, ...]]]:
    """All paths of a cell with these inputs: the input each starts from, and its edges."""
    to_node: dict[int, list[tuple[int, tuple[int, ...]]]] = {
        i: [(i, ())] for i in range(INPUT_NODES)
    }
    for edge, source in enumerate(inputs):
        more = [(start, (*edges, edge)) for start, edges in to_node[source]]
        to_node.setdefault(INPUT_NODES + edge // 2, []).extend(more)
    ends = range(INPUT_NODES, INPUT_NODES + INTERMEDIATE_NODES)
    return [path for node in ends for path in to_node[node]]


@cache
def path_names() -> tuple[str, ...]:
    """Names of the columns, such as `normal_input0:skip_connect+sep_conv_3x3`."""
    sequences = ["+".join(s) for length in LENGTHS for s in product(OPERATIONS, repeat=length)]
    return tuple(
        f"{kind}_input{source}:{sequence}"
        for kind in CELLS
        for source in range(INPUT_NODES)
        for sequence in sequences
    )

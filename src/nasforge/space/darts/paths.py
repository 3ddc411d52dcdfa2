"""The path encoding: which sequences of operations lead from a cell's inputs to its output.

    >>> DARTS.encode(genotypes, "paths")        # float32 [n, 11200]

White, Neiswanger & Savani, "BANANAS: Bayesian Optimization with Neural Architectures for Neural
Architecture Search", AAAI 2021. Every intermediate node leads to the output, so a path has one to
four operations; all eight edges of a cell take part.
"""

from functools import cache
from itertools import product

import numpy as np

from nasforge.space.darts.arrays import CELLS, EDGES
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
    rows = np.zeros((len(array), len(CELLS) * INPUT_NODES * SEQUENCES), dtype=np.float32)
    cells = array.reshape(-1, EDGES, 2).astype(np.int64)
    # All ways back from the output at once: each stands at an intermediate node, with the number
    # that its operations so far make, the first one as the highest digit.
    cell = np.repeat(np.arange(len(cells)), INTERMEDIATE_NODES)
    node = np.tile(np.arange(INTERMEDIATE_NODES), len(cells))
    number = np.zeros(len(cell), dtype=np.int64)
    offset = 0
    for length in LENGTHS:
        cell, number = np.repeat(cell, 2), np.repeat(number, 2)
        operation, source = cells[cell, (2 * node[:, None] + [0, 1]).ravel()].T
        number += operation * len(OPERATIONS) ** (length - 1)
        ends = source < INPUT_NODES
        genotype, kind = np.divmod(cell[ends], len(CELLS))
        block = kind * INPUT_NODES + source[ends]
        rows[genotype, block * SEQUENCES + offset + number[ends]] = 1
        cell, number, node = cell[~ends], number[~ends], source[~ends] - INPUT_NODES
        offset += len(OPERATIONS) ** length
    return rows


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

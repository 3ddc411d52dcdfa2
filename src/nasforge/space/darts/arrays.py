"""Many genotypes as one array of integers, which is what the encodings work on.

>>> to_array([genotype]).shape      # genotypes, cells, edges, (operation, input)
(1, 2, 8, 2)
"""

from collections.abc import Sequence

import numpy as np

from nasforge.space.darts.genotype import (
    ALL_EDGES,
    INTERMEDIATE_NODES,
    OPERATION_INDEX,
    Genotype,
)

CELLS = ("normal", "reduce")
"""The cells of a genotype, in the order of the second axis."""

EDGES = 2 * INTERMEDIATE_NODES
"""Edges of a cell; edges 2i and 2i + 1 end in node 2 + i."""

_PAIR = np.array(
    [(OPERATION_INDEX[operation], source) for operation, source in ALL_EDGES], dtype=np.int8
)
"""Operation index and input of every code."""


def to_array(genotypes: Sequence[Genotype]) -> np.ndarray:
    """Operation indices and input nodes of all edges: int8 [n, 2, 8, 2]."""
    return array_from_codes(b"".join([genotype.codes for genotype in genotypes]))


def array_from_codes(codes: bytes) -> np.ndarray:
    """The same of the codes of all edges, genotype after genotype."""
    return _PAIR[np.frombuffer(codes, dtype=np.uint8)].reshape(-1, len(CELLS), EDGES, 2)

"""Genotypes as vectors of 22 choices, for optimizers that need a fixed set of variables.

    >>> from_vector(to_vector(genotype)) == genotype

Per cell: the operations of its 8 edges, then the input pairs of nodes 3, 4 and 5 (node 2 has only
the pair 0, 1). A vector knows no order of a node's two edges: the one with the lower input comes
first, so the identity above holds for genotypes written in that order, as sampled ones are.
"""

import operator
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from nasforge.errors import GenotypeError
from nasforge.space.darts.genotype import (
    INPUT_NODES,
    INTERMEDIATE_NODES,
    OPERATION_INDEX,
    OPERATIONS,
    Cell,
    Edge,
    Genotype,
)

INPUT_PAIRS = tuple(
    tuple(combinations(range(node), 2))
    for node in range(INPUT_NODES, INPUT_NODES + INTERMEDIATE_NODES)
)
"""For each intermediate node its possible pairs of inputs, in lexicographic order."""

PAIR_INDEX = tuple({pair: index for index, pair in enumerate(pairs)} for pairs in INPUT_PAIRS)

VARIABLES = tuple(
    variable
    for kind in ("normal", "reduce")
    for variable in (
        *(
            (f"{kind}_node{node}_operation_{edge}", len(OPERATIONS))
            for node in range(INPUT_NODES, INPUT_NODES + INTERMEDIATE_NODES)
            for edge in "ab"
        ),
        *(
            (f"{kind}_node{INPUT_NODES + i}_inputs", len(pairs))
            for i, pairs in enumerate(INPUT_PAIRS)
            if len(pairs) > 1
        ),
    )
)
"""(name, number of choices) of every position of a vector."""

_EDGES = 2 * INTERMEDIATE_NODES


def to_vector(genotype: Genotype) -> np.ndarray:
    """Choices as uint8 [22]."""
    return np.array(_choices(genotype.normal) + _choices(genotype.reduce), dtype=np.uint8)


def from_vector(vector: Sequence[int] | np.ndarray) -> Genotype:
    """The genotype of 22 choices.

    Raises:
        GenotypeError: The length is wrong, or a choice is no integer or out of range.
    """
    try:
        choices = [operator.index(choice) for choice in vector]
    except TypeError:
        raise GenotypeError("a vector must hold integers only") from None
    if len(choices) != len(VARIABLES):
        raise GenotypeError(f"a vector of {len(choices)} choices, must be {len(VARIABLES)}")
    for choice, (name, number) in zip(choices, VARIABLES, strict=True):
        if not 0 <= choice < number:
            raise GenotypeError(f"{name}: choice {choice} is out of range 0 to {number - 1}")
    half = len(VARIABLES) // 2
    return Genotype(_cell(choices[:half]), _cell(choices[half:]))


def _choices(cell: Cell) -> list[int]:
    operations, pairs = [], []
    for i in range(INTERMEDIATE_NODES):
        lower, higher = sorted(cell[2 * i : 2 * i + 2], key=lambda edge: edge.input)
        operations += [OPERATION_INDEX[lower.operation], OPERATION_INDEX[higher.operation]]
        pairs.append(PAIR_INDEX[i][lower.input, higher.input])
    return operations + pairs[1:]


def _cell(choices: list[int]) -> Cell:
    operations, pairs = choices[:_EDGES], [0, *choices[_EDGES:]]
    inputs = [source for i, pair in enumerate(pairs) for source in INPUT_PAIRS[i][pair]]
    return tuple(
        Edge(OPERATIONS[operation], source)
        for operation, source in zip(operations, inputs, strict=True)
    )

"""Random genotypes and single changes of a genotype.

    >>> mutate(sample(rng), rng)

A single change replaces one edge's operation by another, or moves one edge to another earlier
node that its sibling does not use (Real et al. 2019, section 2, restricted to this space).
"""

from collections.abc import Iterator
from operator import attrgetter

import numpy as np

from nasforge.space.darts.genotype import (
    INPUT_NODES,
    OPERATIONS,
    Cell,
    Edge,
    Genotype,
)
from nasforge.space.darts.vector import VARIABLES, from_vector

_CHOICES = np.array([number for _, number in VARIABLES])


def sample(rng: np.random.Generator) -> Genotype:
    """Draw uniformly from the (7^8 * 180)^2 raw genotypes."""
    return from_vector(rng.integers(_CHOICES))


def mutate(genotype: Genotype, rng: np.random.Generator) -> Genotype:
    """Change one operation or one input, each with probability 1/2.

    The cell is drawn first, then the edge uniformly among those that can change, then the new
    value uniformly among the others.
    """
    kind = ("normal", "reduce")[rng.integers(2)]
    changes_input = bool(rng.integers(2))
    cell: Cell = getattr(genotype, kind)
    changes = [
        (position, edges)
        for position in range(len(cell))
        if (edges := list(_new_edges(cell, position, changes_input)))
    ]
    position, edges = changes[rng.integers(len(changes))]
    return _ordered(_replace(genotype, kind, position, edges[rng.integers(len(edges))]))


def neighbours(genotype: Genotype) -> Iterator[Genotype]:
    """All raw genotypes one change away (120; some may be the same network)."""
    for kind in ("normal", "reduce"):
        cell: Cell = getattr(genotype, kind)
        for position in range(len(cell)):
            for changes_input in (False, True):
                for edge in _new_edges(cell, position, changes_input):
                    yield _ordered(_replace(genotype, kind, position, edge))


def _new_edges(cell: Cell, position: int, changes_input: bool) -> Iterator[Edge]:
    operation, source = cell[position]
    if changes_input:
        sibling = cell[position ^ 1].input
        for other in range(INPUT_NODES + position // 2):
            if other not in (source, sibling):
                yield Edge(operation, other)
    else:
        for other in OPERATIONS:
            if other != operation:
                yield Edge(other, source)


def _replace(genotype: Genotype, kind: str, position: int, edge: Edge) -> Genotype:
    cells = {"normal": genotype.normal, "reduce": genotype.reduce}
    cells[kind] = (*cells[kind][:position], edge, *cells[kind][position + 1 :])
    return Genotype(**cells)


def _ordered(genotype: Genotype) -> Genotype:
    """The same genotype with each node's lower input first, as `sample` writes it."""
    return Genotype(_ordered_cell(genotype.normal), _ordered_cell(genotype.reduce))


def _ordered_cell(cell: Cell) -> Cell:
    pairs = [sorted(cell[i : i + 2], key=attrgetter("input")) for i in range(0, len(cell), 2)]
    return tuple([edge for pair in pairs for edge in pair])

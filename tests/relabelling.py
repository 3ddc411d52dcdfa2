"""Other genotypes of one network, by brute force and without the code under test.

>>> same_networks(DARTS.sample(rng), rng)
"""

from itertools import permutations, product

import numpy as np

from nasforge.space.darts.genotype import Cell, Edge, Genotype

Nodes = tuple[tuple[tuple[int, str], ...], ...]
"""Per intermediate node its (input, operation) pairs; independent of the code under test."""


def nodes_of(cell: Cell) -> Nodes:
    pairs = [(source, operation) for operation, source in cell]
    return tuple(tuple(pairs[i : i + 2]) for i in range(0, len(pairs), 2))


def relabelled(nodes: Nodes, order: tuple[int, ...]) -> Nodes | None:
    """Node `order[k]` becomes node k; None if an edge would then come from a later node."""
    new_name = {0: 0, 1: 1} | {2 + old: 2 + new for new, old in enumerate(order)}
    renamed = tuple(
        tuple((new_name[source], operation) for source, operation in nodes[old]) for old in order
    )
    valid = all(source < 2 + k for k, pair in enumerate(renamed) for source, _ in pair)
    return renamed if valid else None


def relabellings(nodes: Nodes) -> list[Nodes]:
    """All valid ones, each node's edges sorted."""
    found = [relabelled(nodes, order) for order in permutations(range(len(nodes)))]
    return [tuple(tuple(sorted(pair)) for pair in one) for one in found if one is not None]


def cell_of(nodes: Nodes) -> Cell:
    return tuple(Edge(operation, source) for pair in nodes for source, operation in pair)


def same_networks(genotype: Genotype, rng: np.random.Generator) -> list[Genotype]:
    """All valid orders of the nodes of both cells, each with edges of nodes exchanged at random."""
    cells = (relabellings(nodes_of(cell)) for cell in (genotype.normal, genotype.reduce))
    return [
        Genotype(
            *(
                cell_of(tuple(pair[::-1] if rng.integers(2) else pair for pair in nodes))
                for nodes in both
            )
        )
        for both in product(*cells)
    ]

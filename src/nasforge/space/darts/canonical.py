"""The canonical form of a cell: one representative of all relabellings of its nodes.

Two cells are the same network if one becomes the other by renumbering intermediate nodes
(inputs fixed, edges still from lower to higher) and by swapping a node's two edges. The
representative has the smallest inputs, then the smallest operation indices, in edge order.

    >>> canonical_cell(cell)

Inputs are compared first, so what a topology needs is found once and kept: its smallest
relabelling, and every way to reach it. Operations are then compared over few candidates.
"""

from functools import cache
from itertools import permutations

from nasforge.space.darts.genotype import INPUT_NODES, OPERATION_INDEX, Cell, Edge

Topology = tuple[int, ...]
"""The inputs of all edges in edge order, two per node."""


def canonical_cell(cell: Cell) -> Cell:
    """The representative of all cells that are the same network as `cell`.

    Args:
        cell: A valid cell with any number of intermediate nodes.
    """
    topology, orders = _smallest_relabelling(tuple(edge.input for edge in cell))
    indices = [OPERATION_INDEX[edge.operation] for edge in cell]
    best = min(orders, key=lambda order: [indices[position] for position in order])
    return tuple(
        Edge(cell[position].operation, source)
        for position, source in zip(best, topology, strict=True)
    )


@cache
def _smallest_relabelling(topology: Topology) -> tuple[Topology, tuple[tuple[int, ...], ...]]:
    """The smallest relabelling of a topology, and all edge orders that lead to it.

    An edge order lists, for each edge of the relabelled cell, its position in the given one.
    The cache holds at most 180 * 2^4 topologies for DARTS's four nodes.
    """
    nodes = len(topology) // 2
    found: dict[Topology, list[tuple[int, ...]]] = {}
    for order in permutations(range(nodes)):
        # order[k] is the node that becomes node k; `new` is its inverse, inputs included.
        new = {source: source for source in range(INPUT_NODES)}
        new |= {INPUT_NODES + node: INPUT_NODES + k for k, node in enumerate(order)}
        edges = [
            sorted((new[topology[position]], position) for position in (2 * node, 2 * node + 1))
            for node in order
        ]
        if all(pair[1][0] < INPUT_NODES + k for k, pair in enumerate(edges)):
            flat = [edge for pair in edges for edge in pair]
            relabelled = tuple(source for source, _ in flat)
            found.setdefault(relabelled, []).append(tuple(position for _, position in flat))
    smallest = min(found)
    return smallest, tuple(found[smallest])

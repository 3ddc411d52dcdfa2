"""The canonical form of a cell: one representative of all relabellings of its nodes.

Two cells are the same network if one becomes the other by renumbering intermediate nodes
(inputs fixed, edges still from lower to higher) and by swapping a node's two edges. The
representative has the smallest inputs, then the smallest operation indices, in edge order.

    >>> canonical_cell(cell)
    >>> canonical_genotype(genotype)    # the same of both cells
    >>> canonical_array(array)          # the same of many genotypes, int8 [n, 2, 8, 2]

Inputs are compared first, so what a topology needs is found once and kept: its smallest
relabelling, and every way to reach it. Operations are then compared over few candidates.
`canonical_cell` is the definition, the others are fast: `canonical_genotype` works on the codes
of edges, and `canonical_array` has what was found in tables.
"""

from collections.abc import Callable
from functools import cache
from itertools import permutations, product
from operator import add, itemgetter
from typing import NamedTuple

import numpy as np

from nasforge.space.darts.arrays import EDGES
from nasforge.space.darts.genotype import (
    ALL_EDGES,
    INPUT_NODES,
    INPUTS,
    INTERMEDIATE_NODES,
    OPERATION_INDEX,
    OPERATIONS,
    Cell,
    Edge,
    Genotype,
    genotype_from_codes,
)

Topology = tuple[int, ...]
"""The inputs of all edges in edge order, two per node."""

_TOPOLOGY_PLACES = np.array([180, 60, 10, 1])
"""What a node's pair of inputs counts in the number of a topology (1, 3, 6 and 10 pairs)."""

_OPERATION_PLACES = len(OPERATIONS) ** np.arange(EDGES)[::-1]
"""What an edge's operation counts in a number that orders cells as a comparison edge by edge."""

_WITHOUT_INPUT = bytes(code - edge.input for code, edge in enumerate(ALL_EDGES)).ljust(256)
"""Translates codes to those of the same operations at input 0, in the order of operations."""


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


def canonical_genotype(genotype: Genotype) -> Genotype:
    """`canonical_cell` of both cells."""
    return genotype_from_codes(canonical_codes(genotype.codes))


def canonical_codes(codes: bytes) -> bytes:
    """`canonical_cell` of both cells of a genotype, which are given and returned as codes."""
    return _canonical_half(codes[:EDGES]) + _canonical_half(codes[EDGES:])


def _canonical_half(codes: bytes) -> bytes:
    topology, orders = _smallest_inputs(codes.translate(INPUTS))
    operations = codes.translate(_WITHOUT_INPUT)
    smallest = min([order(operations) for order in orders])
    return bytes(map(add, smallest, topology))


@cache
def _smallest_inputs(inputs: bytes) -> tuple[Topology, list[Callable[[bytes], tuple[int, ...]]]]:
    """`_smallest_relabelling`, the edge orders as functions that bring edges into that order."""
    topology, orders = _smallest_relabelling(tuple(inputs))
    return topology, [itemgetter(*order) for order in orders]


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


def canonical_array(array: np.ndarray) -> np.ndarray:
    """`canonical_cell` of both cells of many genotypes.

    Args:
        array: int8 [n, 2, 8, 2] of `to_array`.
    """
    operations, topology = lower_inputs_first(array)
    row = np.arange(len(topology))[:, None]
    tables = relabelling_tables()
    first = tables.first[topology]
    number = tables.first[topology + 1] - first
    best = first.copy()
    # Of the operations, the smallest of these orders.
    smallest = operations[row, tables.orders[first]] @ _OPERATION_PLACES
    for k in range(1, number.max(initial=1)):
        more = np.flatnonzero(number > k)
        order = first[more] + k
        rank = operations[more[:, None], tables.orders[order]] @ _OPERATION_PLACES
        smaller = rank < smallest[more]
        smallest[more[smaller]] = rank[smaller]
        best[more[smaller]] = order[smaller]
    canonical = np.stack([operations[row, tables.orders[best]], tables.inputs[topology]], axis=2)
    return canonical.reshape(array.shape)


class RelabellingTables(NamedTuple):
    """What `_smallest_relabelling` finds, for every topology whose nodes have sorted inputs.

    Attributes:
        inputs: int8 [180, 8], each topology's smallest relabelling.
        orders: int8 [262, 8], the edge orders that lead to them, those of a topology together.
        first: int64 [181], each topology's first order, and the number of all orders.
    """

    inputs: np.ndarray
    orders: np.ndarray
    first: np.ndarray


@cache
def relabelling_tables() -> RelabellingTables:
    """The tables of DARTS's 180 topologies."""
    found = [_smallest_relabelling(tuple(topology)) for topology in topologies().tolist()]
    return RelabellingTables(
        np.array([topology for topology, _ in found], dtype=np.int8),
        np.array([order for _, orders in found for order in orders], dtype=np.int8),
        np.cumsum([0, *(len(orders) for _, orders in found)]),
    )


def topologies() -> np.ndarray:
    """The inputs of all topologies in the order of their numbers: int8 [180, 8]."""
    # Pairs (0, 1), (0, 2), (1, 2), (0, 3), ... of inputs: their ranks are those of all nodes.
    pairs = [
        [(low, high) for high in range(node) for low in range(high)]
        for node in range(INPUT_NODES, INPUT_NODES + INTERMEDIATE_NODES)
    ]
    return np.array(list(product(*pairs)), dtype=np.int8).reshape(-1, EDGES)


def lower_inputs_first(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells with each node's lower input first.

    Args:
        array: int8 [n, 2, 8, 2] of `to_array`.

    Returns:
        The operations of all cells, int8 [2n, 8], and the numbers of their topologies, which are
        positions in the tables, int64 [2n].
    """
    pairs = array.reshape(-1, EDGES // 2, 2, 2)
    first, second = pairs[..., 0, :], pairs[..., 1, :]
    swap = first[..., 1] > second[..., 1]
    operations = np.where(swap[..., None], pairs[..., ::-1, 0], pairs[..., 0])
    low, high = np.minimum(first[..., 1], second[..., 1]), np.maximum(first[..., 1], second[..., 1])
    # Inputs are below 5: no product is beyond an int8 before the last one.
    topology = (low + high * (high - 1) // 2) @ _TOPOLOGY_PLACES
    return operations.reshape(-1, EDGES), topology

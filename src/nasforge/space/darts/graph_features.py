"""Graph features: what paths with which operations lead through a cell, and what a network costs.

    >>> graph_features(array)           # float32 [n, 290], one column per row of TABLE

In the spirit of GRAF (Kadlecova et al., "Surprisingly Strong Performance Prediction with Neural
Graph Features", ICML 2024): for sets of operations, counts and path lengths within the set. No
feature depends on how intermediate nodes are numbered, so the canonical form is not needed.

What a cell's features for a set are depends on its inputs and on which of its 8 edges are in the
set, 180 * 256 cases: `cell_table` holds them all, and a genotype's features are looked up.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from nasforge.accelerator import kernels
from nasforge.recipe import NetworkShape
from nasforge.space.darts.arrays import CELLS, EDGES
from nasforge.space.darts.canonical import lower_inputs_first, topologies
from nasforge.space.darts.costs import cost_array, cost_table
from nasforge.space.darts.genotype import (
    INPUT_NODES,
    INTERMEDIATE_NODES,
    OPERATION_INDEX,
    OPERATIONS,
)

REFERENCE_SHAPE = NetworkShape(cells=8, channels=16, image_size=32, classes=10)
"""Costs are those of this network, whatever the benchmark's own: the order is nearly the same."""

OPERATION_SETS: dict[str, tuple[str, ...]] = {
    **{operation: (operation,) for operation in OPERATIONS},
    "pools": ("max_pool_3x3", "avg_pool_3x3"),
    "parameter_free": ("max_pool_3x3", "avg_pool_3x3", "skip_connect"),
    "sep_convs": ("sep_conv_3x3", "sep_conv_5x5"),
    "dil_convs": ("dil_conv_3x3", "dil_conv_5x5"),
    "convs_3x3": ("sep_conv_3x3", "dil_conv_3x3"),
    "convs_5x5": ("sep_conv_5x5", "dil_conv_5x5"),
    "convs": ("sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"),
    "convs_and_skip": (*OPERATIONS[2:],),
    "all": OPERATIONS,
}
"""The sets of operations that features look at."""

KINDS = ("edges", "paths", "longest", "most")
"""Edges of the set that leave from the source; paths from the source to the output with operations
of the set alone, and the length of the longest (0 if there is none); the most operations of the
set on any path from the source. A set's edges anywhere are those of source `INPUT_NODES`."""


class Feature(NamedTuple):
    """One row of the table.

    Attributes:
        kind: One of `KINDS`, or "log_params", "log_macs".
        cell: Index into `CELLS`; of a cost: 0.
        mask: The set of operations, bit i for operation i; of a cost: 0.
        source: An input node, or `INPUT_NODES` for edges from anywhere; of a cost: 0.
    """

    kind: str
    cell: int
    mask: int
    source: int


def _mask(operations: Sequence[str]) -> int:
    return sum(1 << OPERATION_INDEX[operation] for operation in operations)


TABLE: tuple[Feature, ...] = (
    *(
        Feature(kind, cell, _mask(operations), source)
        for cell in range(len(CELLS))
        for operations in OPERATION_SETS.values()
        for kind in KINDS
        for source in range(INPUT_NODES + (kind == "edges"))
    ),
    Feature("log_params", 0, 0, 0),
    Feature("log_macs", 0, 0, 0),
)
"""What the columns are."""


def graph_features(array: np.ndarray) -> np.ndarray:
    """All features of `TABLE`: float32 [n, len(TABLE)].

    Args:
        array: int8 [n, 2, 8, 2] of `to_array`.
    """
    rows = np.empty((len(array), len(TABLE)), dtype=np.float32)
    fill(array, rows, 0)
    return rows


def fill(array: np.ndarray, rows: np.ndarray, first: int) -> None:
    """`graph_features` in the last columns of rows, from column `first` on."""
    if compiled := kernels("nasforge.space.darts.feature_kernels"):
        costs = np.empty((len(array), 2), dtype=np.int64)
        compiled.graph_features(array, *_tables(), *_reference_costs(), first, rows, costs)
    else:
        operations, topology = lower_inputs_first(array)
        edges_in_sets, table = _tables()
        inside = edges_in_sets[np.arange(EDGES), operations].sum(axis=1, dtype=np.uint8)
        rows[:, first:-2] = table[topology[:, None], inside].reshape(len(array), len(TABLE) - 2)
        costs = cost_array(array, REFERENCE_SHAPE)
    # Not in the kernel: the last bit of a logarithm may differ, and with it a tree's decision.
    rows[:, -2:] = np.log(costs)


@cache
def _reference_costs() -> tuple[np.ndarray, np.ndarray]:
    return cost_table(REFERENCE_SHAPE)


def feature_names() -> tuple[str, ...]:
    """Names of the columns, such as `normal_convs_paths_from0`."""
    names = {_mask(operations): name for name, operations in OPERATION_SETS.items()}
    return tuple(
        f"{CELLS[f.cell]}_{names[f.mask]}_{f.kind}"
        + (f"_from{f.source}" if f.source < INPUT_NODES else "")
        if f.kind in KINDS
        else f.kind
        for f in TABLE
    )


@cache
def _tables() -> tuple[np.ndarray, np.ndarray]:
    """Where an edge is inside, and what follows from it.

    Returns:
        For each edge and operation, the bit of the edge in every set that has the operation, else
        0: uint8 [8, 7, 16]. And `cell_table`.
    """
    masks = np.array([_mask(operations) for operations in OPERATION_SETS.values()])
    member = masks >> np.arange(len(OPERATIONS))[:, None] & 1
    return (member << np.arange(EDGES)[:, None, None]).astype(np.uint8), cell_table()


def cell_table() -> np.ndarray:
    """Features of every topology for every set of edges, bit e for edge e: uint8 [180, 256, 9].

    The features are in the order of `KINDS` and sources, as in `TABLE`. Topologies have the
    numbers of `lower_inputs_first`, which also says which edge is which.
    """
    inputs = topologies().astype(np.int64)[:, None, :]
    inside = (np.arange(1 << EDGES)[:, None] >> np.arange(EDGES) & 1)[None]
    sources = range(INPUT_NODES)
    edges = [(inside * (inputs == source)).sum(axis=2) for source in sources]
    paths, longest, most = zip(*(_paths_from(s, inputs, inside) for s in sources), strict=True)
    anywhere = np.broadcast_to(inside.sum(axis=2), edges[0].shape)
    return np.stack([*edges, anywhere, *paths, *longest, *most], axis=2).astype(np.uint8)


def _paths_from(
    source: int, inputs: np.ndarray, inside: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Paths from an input to the output, node after node: number, longest, most of the set.

    Args:
        source: The input.
        inputs: int64 [180, 1, 8].
        inside: 1 for the edges of a set, int64 [1, 256, 8].

    Returns:
        Three arrays int8 [180, 256].
    """
    nodes = INPUT_NODES + INTERMEDIATE_NODES
    unreachable = -nodes  # stays negative, however many edges are added
    shape = (nodes, inputs.shape[0], inside.shape[1])
    number = np.zeros(shape, dtype=np.int8)
    longest = np.full(shape, unreachable, dtype=np.int8)
    most = np.full(shape, unreachable, dtype=np.int8)
    number[source], longest[source], most[source] = 1, 0, 0
    row = np.arange(len(inputs))
    for node in range(INPUT_NODES, nodes):
        for edge in (2 * (node - INPUT_NODES), 2 * (node - INPUT_NODES) + 1):
            before, allowed = inputs[:, 0, edge], inside[:, :, edge].astype(np.int8)
            number[node] += allowed * number[before, row]
            step = np.where(allowed, longest[before, row] + 1, unreachable)
            longest[node] = np.maximum(longest[node], step)
            most[node] = np.maximum(most[node], most[before, row] + allowed)
    # Every intermediate node leads to the output.
    ends = slice(INPUT_NODES, None)
    return (
        number[ends].sum(axis=0, dtype=np.int8),
        np.maximum(longest[ends].max(axis=0), 0),
        np.maximum(most[ends].max(axis=0), 0),
    )

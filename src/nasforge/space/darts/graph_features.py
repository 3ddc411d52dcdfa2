"""Graph features: what paths with which operations lead through a cell, and what a network costs.

    >>> graph_features(genotypes)       # float32 [n, 290], one column per row of TABLE

In the spirit of GRAF (Kadlecova et al., "Surprisingly Strong Performance Prediction with Neural
Graph Features", ICML 2024): for sets of operations, counts and path lengths within the set. No
feature depends on how intermediate nodes are numbered, so the canonical form is not needed.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nasforge.recipe import NetworkShape
from nasforge.space.darts.arrays import CELLS, to_array
from nasforge.space.darts.costs import network_costs
from nasforge.space.darts.genotype import (
    INPUT_NODES,
    INTERMEDIATE_NODES,
    OPERATION_INDEX,
    OPERATIONS,
    Genotype,
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


def graph_features(genotypes: Sequence[Genotype]) -> np.ndarray:
    """All features of `TABLE`: float32 [n, len(TABLE)]."""
    rows = np.empty((len(genotypes), len(TABLE)), dtype=np.float32)
    if not len(genotypes):
        return rows
    cells = to_array(genotypes)
    masks = [_mask(operations) for operations in OPERATION_SETS.values()]
    found = [_cell_features(cells[:, cell], masks) for cell in range(len(CELLS))]
    costs = np.log([network_costs(genotype, REFERENCE_SHAPE) for genotype in genotypes])
    for column, feature in enumerate(TABLE):
        if feature.kind in KINDS:
            values = found[feature.cell][feature.kind]
            rows[:, column] = values[feature.source][:, masks.index(feature.mask)]
        else:
            rows[:, column] = costs[:, ("log_params", "log_macs").index(feature.kind)]
    return rows


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


def _cell_features(edges: np.ndarray, masks: Sequence[int]) -> dict[str, list[np.ndarray]]:
    """By kind, for each source: int64 [n, masks].

    Args:
        edges: int8 [n, 8, 2], operation and input node of every edge.
        masks: Sets of operations.
    """
    operations, inputs = edges[:, :, 0].astype(np.int64), edges[:, :, 1].astype(np.int64)
    inside = (np.array(masks) >> operations[:, :, None] & 1).astype(np.int64)  # [n, edges, masks]
    features: dict[str, list[np.ndarray]] = {"edges": [], "paths": [], "longest": [], "most": []}
    for source in range(INPUT_NODES):
        features["edges"].append((inside * (inputs == source)[:, :, None]).sum(axis=1))
        paths, longest, most = _paths_from(source, inputs, inside)
        features["paths"].append(paths)
        features["longest"].append(longest)
        features["most"].append(most)
    features["edges"].append(inside.sum(axis=1))
    return features


def _paths_from(
    source: int, inputs: np.ndarray, inside: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Paths from an input to the output, node after node: number, longest, most of the set."""
    n, _, masks = inside.shape
    nodes = INPUT_NODES + INTERMEDIATE_NODES
    unreachable = -nodes  # stays negative, however many edges are added
    number = np.zeros((n, nodes, masks), dtype=np.int64)
    longest = np.full((n, nodes, masks), unreachable)
    most = np.full((n, nodes, masks), unreachable)
    number[:, source], longest[:, source], most[:, source] = 1, 0, 0
    row = np.arange(n)
    for node in range(INPUT_NODES, nodes):
        for edge in (2 * (node - INPUT_NODES), 2 * (node - INPUT_NODES) + 1):
            before, allowed = inputs[:, edge], inside[:, edge]
            number[:, node] += allowed * number[row, before]
            step = np.where(allowed, longest[row, before] + 1, unreachable)
            longest[:, node] = np.maximum(longest[:, node], step)
            most[:, node] = np.maximum(most[:, node], most[row, before] + allowed)
    # Every intermediate node leads to the output.
    ends = slice(INPUT_NODES, None)
    return (
        number[:, ends].sum(axis=1),
        np.maximum(longest[:, ends].max(axis=1), 0),
        np.maximum(most[:, ends].max(axis=1), 0),
    )

"""Exact parameters and multiply-adds of a genotype's evaluation network, without building it.

    >>> network_costs(genotype, NetworkShape(cells=20, channels=36, image_size=32, classes=10))

Counted are convolutions, batch-norm scales and shifts, and classifiers; multiply-adds (MACs) are
those of one image's forward pass through convolutions and the classifier. The network is the
one of `nasforge.training.network`; tests hold the two together.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from nasforge.recipe import NetworkShape
from nasforge.space.darts.genotype import (
    ALL_EDGES,
    INPUT_NODES,
    INTERMEDIATE_NODES,
    OPERATIONS,
    Genotype,
)

STEM_MULTIPLIER = 3
"""The stem has 3 times the channels of the first cell (DARTS)."""

IMAGE_CHANNELS = 3

AUXILIARY_CHANNELS = (128, 768)
"""Channels of the auxiliary head's two convolutions (DARTS)."""


class Costs(NamedTuple):
    """Additive costs of a network or a part of it."""

    params: int
    macs: int

    def plus(self, other: "Costs", times: int = 1) -> "Costs":
        """Sum with `times` copies of another part."""
        return Costs(self.params + times * other.params, self.macs + times * other.macs)


def network_costs(genotype: Genotype, shape: NetworkShape) -> Costs:
    """Parameters and multiply-adds of the whole network."""
    fixed, params, macs = _code_costs(shape)
    # Codes of the reduction cell's edges stand behind those of the normal cell's.
    half = 2 * INTERMEDIATE_NODES
    normal, reduce = genotype.codes[:half], genotype.codes[half:]
    edges = (*normal, *[len(ALL_EDGES) + code for code in reduce])
    return Costs(
        fixed.params + sum([params[edge] for edge in edges]),
        fixed.macs + sum([macs[edge] for edge in edges]),
    )


def cost_array(array: np.ndarray, shape: NetworkShape) -> np.ndarray:
    """`network_costs` of many genotypes, int8 [n, 2, 8, 2] of `to_array`: int64 [n, 2]."""
    fixed, edges = cost_table(shape)
    cells = np.arange(2)[:, None]
    return fixed + edges[cells, array[..., 0], array[..., 1]].sum(axis=(1, 2))


@lru_cache(maxsize=64)
def cost_table(shape: NetworkShape) -> tuple[np.ndarray, np.ndarray]:
    """Costs of all that is outside the edges, int64 [2], and of every edge.

    Returns:
        The latter by cell, operation and input: int64 [2, 7, 5, 2]; last axis: params, macs.
    """
    fixed, *costs = _code_costs(shape)
    edges = np.array(costs, dtype=np.int64).T.reshape(2, len(OPERATIONS), -1, 2)
    return np.array(fixed, dtype=np.int64), edges


@lru_cache(maxsize=64)
def _code_costs(shape: NetworkShape) -> tuple[Costs, list[int], list[int]]:
    """Fixed costs; params and macs by code, of the normal and then of the reduction cell."""
    fixed, table = _cost_table(shape)
    costs = [
        table[kind, edge.operation, edge.input < INPUT_NODES]
        for kind in ("normal", "reduce")
        for edge in ALL_EDGES
    ]
    return fixed, [cost.params for cost in costs], [cost.macs for cost in costs]


@lru_cache(maxsize=64)
def _cost_table(shape: NetworkShape) -> tuple[Costs, dict[tuple[str, str, bool], Costs]]:
    """Costs of all that is outside the edges, and of each kind of edge over all cells."""
    stem = STEM_MULTIPLIER * shape.channels
    size = shape.image_size
    fixed = _convolution(IMAGE_CHANNELS, stem, 3, size)
    table = {
        (kind, operation, from_input): Costs(0, 0)
        for kind in ("normal", "reduce")
        for operation in OPERATIONS
        for from_input in (True, False)
    }
    before_last, last, channels = stem, stem, shape.channels
    for position in range(shape.cells):
        reduction = position in shape.reductions
        channels *= 2 if reduction else 1
        # Both inputs are brought to the cell's channels at the size of the later one; the
        # factorized reduction that may stand in costs the same as a 1x1 convolution.
        fixed = fixed.plus(_convolution(before_last, channels, 1, size))
        fixed = fixed.plus(_convolution(last, channels, 1, size))
        size //= 2 if reduction else 1
        kind = "reduce" if reduction else "normal"
        for operation in OPERATIONS:
            for from_input in (True, False):
                stride = 2 if reduction and from_input else 1
                key = (kind, operation, from_input)
                table[key] = table[key].plus(_operation(operation, channels, stride, size))
        before_last, last = last, INTERMEDIATE_NODES * channels
    fixed = fixed.plus(Costs((last + 1) * shape.classes, last * shape.classes))
    if shape.auxiliary_head:
        # It hangs on the last reduction cell, behind which the channels stay the same. It has
        # parameters, but plays no part in a trained network's forward pass.
        fixed = fixed.plus(Costs(_auxiliary_params(last, shape.classes), 0))
    return fixed, table


def _auxiliary_params(inputs: int, classes: int) -> int:
    narrow, wide = AUXILIARY_CHANNELS
    convolutions = _convolution(inputs, narrow, 1, 1).plus(_convolution(narrow, wide, 2, 1))
    return convolutions.params + (wide + 1) * classes


def _operation(operation: str, channels: int, stride: int, size: int) -> Costs:
    """Costs of one edge whose output is `size` pixels wide."""
    if operation.endswith("pool_3x3"):
        return Costs(0, 0)
    if operation == "skip_connect":
        return _convolution(channels, channels, 1, size) if stride == 2 else Costs(0, 0)
    kernel = int(operation[-1])
    depthwise = Costs(kernel**2 * channels, kernel**2 * channels * size**2)
    block = depthwise.plus(_convolution(channels, channels, 1, size))
    return Costs(0, 0).plus(block, times=2 if operation.startswith("sep") else 1)


def _convolution(inputs: int, outputs: int, kernel: int, size: int) -> Costs:
    """A convolution without bias and the batch norm behind it."""
    weights = kernel**2 * inputs * outputs
    return Costs(weights + 2 * outputs, weights * size**2)

"""How many edits apart two genotypes are.

>>> edit_distances([genotype], others)      # int [1, len(others)]

An edit changes one operation or one input of an edge. The intermediate nodes of one cell are
matched with those of the other, and a node's two edges likewise, as suits best: relabelled
networks are 0 apart, neighbours 1.
"""

from collections.abc import Sequence
from functools import cache
from itertools import permutations

import numpy as np

from nasforge.space.darts.arrays import to_array
from nasforge.space.darts.genotype import INPUT_NODES, INTERMEDIATE_NODES, Genotype

NODES = INPUT_NODES + INTERMEDIATE_NODES


def edit_distances(genotypes: Sequence[Genotype], others: Sequence[Genotype]) -> np.ndarray:
    """Edits between each of some genotypes and each of others.

    Args:
        genotypes: n of them.
        others: m of them.

    Returns:
        int64 [n, m].
    """
    targets = to_array(others)
    distances = np.zeros((len(genotypes), len(others)), dtype=np.int64)
    for row, cells in enumerate(to_array(genotypes)):
        for number, cell in enumerate(cells):
            relabelled = _relabellings(cell)
            distances[row] += _cell_distances(relabelled, targets[:, number]).min(axis=0)
    return distances


def _relabellings(cell: np.ndarray) -> np.ndarray:
    """A cell int8 [8, 2] of (operation, input) in all numberings of its nodes: [24, 4, 2, 2].

    Also in those in which an edge would go backwards: a matching of nodes need not keep an order.
    """
    nodes = cell.reshape(INTERMEDIATE_NODES, 2, 2)
    orders, new = _renumberings()
    inputs = np.take_along_axis(new[:, None], nodes[orders, :, 1].reshape(len(orders), 1, -1), 2)
    return np.stack(
        [nodes[orders, :, 0], inputs.reshape(len(orders), INTERMEDIATE_NODES, 2)], axis=-1
    )


@cache
def _renumberings() -> tuple[np.ndarray, np.ndarray]:
    """Orders of the intermediate nodes [24, 4], and the new number of every node [24, 6]."""
    orders = np.array(list(permutations(range(INTERMEDIATE_NODES))))
    new = np.tile(np.arange(NODES), (len(orders), 1))
    places = np.broadcast_to(np.arange(INPUT_NODES, NODES), orders.shape)
    np.put_along_axis(new, INPUT_NODES + orders, places, axis=1)
    return orders, new


def _cell_distances(relabelled: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Edits from relabellings [r, 4, 2, 2] of one cell to cells [m, 8, 2]: [r, m]."""
    a = relabelled[:, None, :, :, None]
    b = cells.reshape(-1, INTERMEDIATE_NODES, 2, 2)[None, :, :, None]
    edits = (a != b).sum(axis=-1)  # [r, m, node, edge of a, edge of b]
    straight = edits[..., 0, 0] + edits[..., 1, 1]
    crossed = edits[..., 0, 1] + edits[..., 1, 0]
    return np.minimum(straight, crossed).sum(axis=-1)

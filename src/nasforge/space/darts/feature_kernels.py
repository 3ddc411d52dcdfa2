"""Features compiled by numba; `graph_features` and `encodings` of this package are the reference.

    >>> kernels("nasforge.space.darts.feature_kernels").graph_features(...)

Imported only through `nasforge.accelerator.kernels`.
"""

import numpy as np

from nasforge.accelerator import compile_kernel


@compile_kernel
def graph_features(
    array: np.ndarray,
    edges_in_sets: np.ndarray,
    table: np.ndarray,
    fixed_costs: np.ndarray,
    edge_costs: np.ndarray,
    first: int,
    rows: np.ndarray,
    costs: np.ndarray,
) -> None:
    """Fill all columns but the last two, and the costs whose logarithms those are.

    Args:
        array: int8 [n, 2, 8, 2] of `to_array`.
        edges_in_sets: uint8 [8, 7, 16], see `graph_features._tables`.
        table: uint8 [180, 256, 9] of `cell_table`.
        fixed_costs: int64 [2] of `cost_table`.
        edge_costs: int64 [2, 7, 5, 2] of `cost_table`.
        first: The first column.
        rows: float32 [n, first + 2 * 16 * 9 + 2], filled from there on.
        costs: int64 [n, 2], filled.
    """
    sets, kinds = edges_in_sets.shape[2], table.shape[2]
    inside = np.empty(sets, dtype=np.uint8)
    for n in range(len(array)):
        costs[n] = fixed_costs
        column = first
        for cell in range(2):
            topology = 0
            inside[:] = 0
            for node in range(4):
                a, b = 2 * node, 2 * node + 1
                if array[n, cell, a, 1] > array[n, cell, b, 1]:
                    a, b = b, a
                low, high = array[n, cell, a, 1], array[n, cell, b, 1]
                # Of 1, 3, 6 and 10 pairs of inputs, as the numbers of `lower_inputs_first`.
                topology = topology * ((node + 1) * (node + 2) // 2)
                topology += low + high * (high - 1) // 2
                for place, edge in ((2 * node, a), (2 * node + 1, b)):
                    operation, source = array[n, cell, edge, 0], array[n, cell, edge, 1]
                    costs[n, 0] += edge_costs[cell, operation, source, 0]
                    costs[n, 1] += edge_costs[cell, operation, source, 1]
                    for k in range(sets):
                        inside[k] |= edges_in_sets[place, operation, k]
            for k in range(sets):
                for kind in range(kinds):
                    rows[n, column] = table[topology, inside[k], kind]
                    column += 1


@compile_kernel
def one_hot(array: np.ndarray, offsets: np.ndarray, rows: np.ndarray) -> None:
    """Set a 1 for each of the 22 choices.

    Args:
        array: int8 [n, 2, 8, 2] of canonical genotypes: each node's lower input comes first.
        offsets: int64 [22], first column of every choice.
        rows: float32 [n, 150 or more], zeros, filled.
    """
    for n in range(len(array)):
        for cell in range(2):
            first = 11 * cell
            for edge in range(8):
                rows[n, offsets[first + edge] + array[n, cell, edge, 0]] = 1.0
            for node in range(1, 4):
                low, high = array[n, cell, 2 * node, 1], array[n, cell, 2 * node + 1, 1]
                rows[n, offsets[first + 7 + node] + _pair(low, high, node + 2)] = 1.0


@compile_kernel
def _pair(low: int, high: int, inputs: int) -> int:
    """Position of a pair among all pairs of so many inputs, in lexicographic order."""
    return low * (2 * inputs - low - 1) // 2 + high - low - 1

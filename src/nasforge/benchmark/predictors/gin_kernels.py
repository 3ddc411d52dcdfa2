"""Messages of graph networks compiled by numba; `GinPredictor` has the reference in numpy.

    >>> kernels("nasforge.benchmark.predictors.gin_kernels").sum_messages(...)

Imported only through `nasforge.accelerator.kernels`. Nothing here looks at bounds: nodes and
operations were checked. Sums are float32 in another order than the reference's.
"""

import numpy as np

from nasforge.accelerator import compile_kernel


@compile_kernel
def sum_messages(
    state: np.ndarray,
    edges: np.ndarray,
    operations: np.ndarray,
    self_weights: np.ndarray,
    nodes: int,
    total: np.ndarray,
) -> None:
    """What every node of a layer gets: its own weighted state and all messages.

    Args:
        state: float32 [n * nodes, members * hidden].
        edges: int64 [n, edges, 3], source, target and operation; a negative one is no edge.
        operations: float32 [2 * operations, members * hidden], along and then against edges.
        self_weights: float32 [members * hidden].
        nodes: Of a graph.
        total: As `state`, filled.
    """
    against = len(operations) // 2
    for n in range(len(edges)):
        for node in range(n * nodes, (n + 1) * nodes):
            for i in range(state.shape[1]):
                total[node, i] = self_weights[i] * state[node, i]
        for edge in range(edges.shape[1]):
            operation = edges[n, edge, 2]
            if operation >= 0:
                source, target = n * nodes + edges[n, edge, 0], n * nodes + edges[n, edge, 1]
                _send(state[source], operations[operation], total[target])
                _send(state[target], operations[against + operation], total[source])


@compile_kernel
def _send(state: np.ndarray, operation: np.ndarray, total: np.ndarray) -> None:
    for i in range(len(state)):
        message = state[i] + operation[i]
        total[i] += np.float32(0) if message < 0 else message  # nan stays nan

"""The messages of a graph network's layer, in numpy; `gin_kernels` has them compiled.

>>> routes = routes_of(edges, nodes, kinds)          # once for all layers
>>> sum_messages(state, routes, operations, self_weights)
"""

from typing import NamedTuple

import numpy as np

from nasforge.space.graph import NO_EDGE


class Routes(NamedTuple):
    """Where messages come from and go to, those along edges first.

    Attributes:
        senders: int64 [n, 2 * edges], rows of the state.
        operations: int64 [n, 2 * edges], rows of the operations.
        receivers: float32 [n, nodes, 2 * edges], sums messages at their receivers, those of edges
            that do not exist nowhere.
    """

    senders: np.ndarray
    operations: np.ndarray
    receivers: np.ndarray


def routes_of(edges: np.ndarray, nodes: int, kinds: int) -> Routes:
    """The messages along all edges, then those against them.

    Args:
        edges: int64 [n, edges, 3], source, target and operation; as `GinPredictor` checks them.
        nodes: Of a graph.
        kinds: Operations.
    """
    n, number, _ = edges.shape
    source, target, operation = np.moveaxis(edges, 2, 0)
    exists = operation != NO_EDGE
    operation = np.where(exists, operation, 0)
    row = np.arange(n)[:, None]
    receivers = np.zeros((n, nodes, 2 * number), np.float32)
    receivers[row, target, np.arange(number)] = exists
    receivers[row, source, np.arange(number, 2 * number)] = exists
    senders = np.concatenate([source, target], axis=1) + nodes * row
    operations = np.concatenate([operation, operation + kinds], axis=1)
    return Routes(senders, operations, receivers)


def sum_messages(
    state: np.ndarray, routes: Routes, operations: np.ndarray, self_weights: np.ndarray
) -> np.ndarray:
    """What `gin_kernels.sum_messages` does: self_weights * state + what each node receives."""
    messages = state[routes.senders]
    messages += operations[routes.operations]
    np.maximum(messages, 0, out=messages)
    total = np.matmul(routes.receivers, messages).reshape(state.shape)
    total += self_weights * state
    return total

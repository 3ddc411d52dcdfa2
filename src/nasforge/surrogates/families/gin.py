"""Graph isomorphism networks.

    >>> fit_gin(features, labels, seed=0, hidden=64)     # features of the encoding "graph"

Unlike in NAS-Bench-301's GIN, every operation is on its own edge, rows are shuffled and the loss
is the squared error alone: terms that rank pairs of rows made predictions worse.
"""

import numpy as np

from nasforge.benchmark.predictors.gin import COLUMNS_PER_EDGE, GinPredictor
from nasforge.errors import SurrogateError
from nasforge.space.graph import NO_EDGE
from nasforge.surrogates.families.torch_fitting import Training, fit_network, require_torch


def fit_gin(
    features: np.ndarray,
    labels: np.ndarray,
    seed: int,
    hidden: int = 64,
    layers: int = 3,
    readout: int = 32,
    epochs: int = 40,
    batch_size: int = 32,
    learning_rate: float = 0.003,
    weight_decay: float = 1.0,
) -> GinPredictor:
    """One network of `GinPredictor`'s definition.

    Args:
        features: float32 [n, 3 * edges].
        labels: float64 [n].
        seed: Of the first weights and the order of the rows.
        hidden: Width of a node's state.
        layers: Rounds of messages.
        readout: Hidden width of the perceptron at the end.
        epochs: Passes over the rows.
        batch_size: Rows per step.
        learning_rate: Its highest value.
        weight_decay: AdamW's.

    Raises:
        SurrogateError: PyTorch is not installed, or no graph has an edge.
    """
    require_torch("gin")
    from nasforge.surrogates.families.gin_network import GinNetwork

    edges = features.reshape(len(features), -1, COLUMNS_PER_EDGE).astype(np.int64)
    node_types = infer_node_types(edges)
    operations = int(edges[:, :, 2].max()) + 1
    arrays = fit_network(
        lambda: GinNetwork(node_types, operations, hidden, layers, readout),
        edges,
        labels,
        seed,
        Training(epochs, batch_size, learning_rate, weight_decay),
    )
    return GinPredictor(node_types=node_types.astype(np.int32), **arrays)


def infer_node_types(edges: np.ndarray) -> np.ndarray:
    """What the nodes are, from the edges that occur in any of the graphs.

    A node that is never a target is an input, one that is never a source an output; each has a
    type of its own. The others of one component are interchangeable and share a type.

    Args:
        edges: int64 [n, edges, 3].

    Returns:
        int64 [nodes], types from 0.

    Raises:
        SurrogateError: No graph has an edge.
    """
    exists = edges[:, :, 2] != NO_EDGE
    if not exists.any():
        raise SurrogateError("family gin cannot be fitted to graphs without edges")
    source, target = np.unique(edges[exists][:, :2], axis=0).T
    node = np.arange(max(source.max(), target.max()) + 1)
    component = node.copy()
    for _ in node:  # the lowest number spreads by one edge at a time
        np.minimum.at(component, source, component[target])
        np.minimum.at(component, target, component[source])
    inner = np.isin(node, source) & np.isin(node, target)
    # Inner nodes are named by their component, all others by themselves.
    names = np.where(inner, component, len(node) + node)
    return np.unique(names, return_inverse=True)[1]

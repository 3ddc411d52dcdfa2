"""Graph isomorphism networks.

    >>> fit_gin(features, labels, 0, DARTS.graph_layout)     # features of the encoding "graph"

Unlike in NAS-Bench-301's GIN, every operation is on its own edge, rows are shuffled and the loss
is the squared error alone: terms that rank pairs of rows made predictions worse.
"""

import numpy as np

from nasforge.benchmark.predictors.gin import COLUMNS_PER_EDGE, GinPredictor
from nasforge.space.graph import GraphLayout
from nasforge.surrogates.families.torch_fitting import Training, fit_network, require_torch


def fit_gin(
    features: np.ndarray,
    labels: np.ndarray,
    seed: int,
    layout: GraphLayout,
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
        layout: Types of the nodes, and how many operations there are: also those that none of
            these rows has.
        hidden: Width of a node's state.
        layers: Rounds of messages.
        readout: Hidden width of the perceptron at the end.
        epochs: Passes over the rows.
        batch_size: Rows per step.
        learning_rate: Its highest value.
        weight_decay: AdamW's.

    Raises:
        SurrogateError: PyTorch is not installed.
    """
    require_torch("gin")
    from nasforge.surrogates.families.gin_network import GinNetwork

    edges = features.reshape(len(features), -1, COLUMNS_PER_EDGE).astype(np.int64)
    node_types = np.array(layout.node_types, dtype=np.int32)
    arrays = fit_network(
        lambda: GinNetwork(node_types, layout.operations, hidden, layers, readout),
        edges,
        labels,
        seed,
        Training(epochs, batch_size, learning_rate, weight_decay),
    )
    return GinPredictor(node_types=node_types, **arrays)

"""Multilayer perceptrons, meant for columns of 0 and 1.

    >>> fit_mlp(features, labels, seed=0, hidden=64)     # features of the encoding "paths"

On path encodings this is the predictor of BANANAS (White et al., AAAI 2021).
"""

import numpy as np

from nasforge.benchmark.predictors.mlp import MlpPredictor
from nasforge.surrogates.families.torch_fitting import Training, fit_network, require_torch


def fit_mlp(
    features: np.ndarray,
    labels: np.ndarray,
    seed: int,
    min_rows: int = 5,
    hidden: int = 64,
    layers: int = 2,
    dropout: float = 0.5,
    epochs: int = 40,
    batch_size: int = 32,
    learning_rate: float = 0.003,
    weight_decay: float = 1.0,
) -> MlpPredictor:
    """One network with relu hidden layers of one width.

    Args:
        features: float32 [n, d].
        labels: float64 [n].
        seed: Of the first weights, the order of the rows and dropout.
        min_rows: A column is used if it is not 0 in so many rows at least.
        hidden: Width of the hidden layers.
        layers: Number of hidden layers.
        dropout: Part of a hidden layer's values that is dropped in training.
        epochs: Passes over the rows.
        batch_size: Rows per step.
        learning_rate: Its highest value.
        weight_decay: AdamW's.

    Raises:
        SurrogateError: PyTorch is not installed.
    """
    require_torch("mlp")
    from nasforge.surrogates.families.mlp_network import MlpNetwork

    columns = used_columns(features, min_rows)
    arrays = fit_network(
        lambda: MlpNetwork(len(columns), hidden, layers, dropout),
        features[:, columns],
        labels,
        seed,
        Training(epochs, batch_size, learning_rate, weight_decay),
    )
    return MlpPredictor(columns=columns.astype(np.int32), **arrays)


def used_columns(features: np.ndarray, min_rows: int) -> np.ndarray:
    """Columns worth a weight, int64 [used]: not 0 in at least `min_rows` rows, nor constant.

    Column 0 if there is none, for a network must have an input.

    Args:
        features: float32 [n, d].
        min_rows: How often a column must not be 0.
    """
    varies = features.max(axis=0) > features.min(axis=0)
    common = np.count_nonzero(features, axis=0) >= min_rows
    return np.flatnonzero(varies & common) if (varies & common).any() else np.zeros(1, np.int64)

"""The multilayer perceptron as PyTorch trains it.

    >>> network = MlpNetwork(inputs=900, hidden=64, layers=2)
    >>> network(rows)                        # float32 [n, inputs] -> float32 [n]

The names and axes of its parameters are those of `nasforge.benchmark.predictors.mlp`, without the
axis of members.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from nasforge.surrogates.families.torch_fitting import uniform_parameter


class MlpNetwork(nn.Module):
    """One member, on the scale of standardised labels.

    Args:
        inputs: Number of columns.
        hidden: Width of the hidden layers.
        layers: Number of hidden layers, at least 1.
        dropout: Part of a hidden layer's values that is dropped in training.
    """

    def __init__(self, inputs: int, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.input_weights = uniform_parameter(inputs, hidden, inputs=inputs)
        self.input_biases = nn.Parameter(torch.zeros(hidden))
        self.layer_weights = uniform_parameter(layers - 1, hidden, hidden, inputs=hidden)
        self.layer_biases = nn.Parameter(torch.zeros(layers - 1, hidden))
        self.output_weights = uniform_parameter(hidden, inputs=hidden)
        self.output_biases = nn.Parameter(torch.zeros(()))

    def forward(self, rows: Tensor) -> Tensor:
        """float32 [n, inputs] -> float32 [n]."""
        state = self._activate(torch.addmm(self.input_biases, rows, self.input_weights))
        for weights, biases in zip(self.layer_weights, self.layer_biases, strict=True):
            state = self._activate(torch.addmm(biases, state, weights))
        return state @ self.output_weights + self.output_biases

    def _activate(self, state: Tensor) -> Tensor:
        return functional.dropout(functional.relu(state), self.dropout, self.training)

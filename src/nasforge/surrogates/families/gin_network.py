"""The graph isomorphism network as PyTorch trains it.

    >>> network = GinNetwork(node_types, operations=15, hidden=64, layers=3, readout=32)
    >>> network(edges)                       # int64 [n, edges, 3] -> float32 [n]

Its definition and the names and axes of its parameters are those of
`nasforge.benchmark.predictors.gin`, without the axis of members.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from nasforge.space.graph import NO_EDGE
from nasforge.surrogates.families.torch_fitting import uniform_parameter


class GinNetwork(nn.Module):
    """One member, on the scale of standardised labels.

    All gathering and summing is multiplication with one-hot matrices: on graphs this small that is
    faster than indexing, and its gradient is summed in a fixed order.

    Args:
        node_types: int32 [nodes].
        operations: Number of operations.
        hidden: Width of a node's state.
        layers: Rounds of messages.
        readout: Hidden width of the perceptron at the end.
    """

    def __init__(
        self, node_types: np.ndarray, operations: int, hidden: int, layers: int, readout: int
    ) -> None:
        super().__init__()
        types = int(node_types.max()) + 1
        self.register_buffer("types", torch.eye(types)[torch.as_tensor(node_types)])
        self.node_embeddings = nn.Parameter(0.5 * torch.randn(types, hidden))
        self.operation_embeddings = nn.Parameter(0.5 * torch.randn(layers, 2, operations, hidden))
        self.self_weights = nn.Parameter(torch.ones(layers))
        self.layer_weights = uniform_parameter(layers, 2, hidden, hidden, inputs=hidden)
        self.layer_biases = nn.Parameter(torch.zeros(layers, 2, hidden))
        self.readout_weights = uniform_parameter(types, hidden, readout, inputs=types * hidden)
        self.readout_biases = nn.Parameter(torch.zeros(readout))
        self.output_weights = uniform_parameter(readout, inputs=readout)
        self.output_biases = nn.Parameter(torch.zeros(()))

    def forward(self, edges: Tensor) -> Tensor:
        """int64 [n, edges, 3] -> float32 [n]."""
        senders, operations, receivers = self._messages(edges)
        start = self.types @ self.node_embeddings
        state = start.expand(len(edges), *start.shape)
        for layer, self_weight in enumerate(self.self_weights):
            # Products with sums: on tensors this small, every operation less is felt.
            embeddings = operations @ self.operation_embeddings[layer].flatten(0, 1)
            messages = torch.baddbmm(embeddings, senders, state).relu_()
            total = torch.baddbmm(self_weight * state, receivers, messages)
            first, second = self.layer_weights[layer]
            first_bias, second_bias = self.layer_biases[layer]
            hidden = torch.addmm(first_bias, total.flatten(0, 1), first).relu_()
            state = state + torch.addmm(second_bias, hidden, second).view_as(state)
        sums = torch.einsum("vt,nvh->nth", self.types, state).flatten(1)
        values = torch.addmm(self.readout_biases, sums, self.readout_weights.flatten(0, 1))
        return functional.relu(values) @ self.output_weights + self.output_biases

    def _messages(self, edges: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The messages along all edges, then those against them, as one-hot float32 matrices.

        Returns:
            Senders [n, 2 * edges, nodes], operations [n, 2 * edges, 2 * operations] and receivers
            [n, nodes, 2 * edges]. Those of edges that do not exist are 0.
        """
        exists = edges[:, :, 2:] != NO_EDGE
        source, target, operation = (edges * exists).unbind(2)
        nodes, kinds = len(self.types), self.operation_embeddings.shape[2]
        exists = torch.cat([exists, exists], 1)

        def one_hot(along: Tensor, against: Tensor, number: int) -> Tensor:
            return functional.one_hot(torch.cat([along, against], 1), number) * exists.float()

        return (
            one_hot(source, target, nodes),
            one_hot(operation, operation + kinds, 2 * kinds),
            one_hot(target, source, nodes).transpose(1, 2).contiguous(),
        )

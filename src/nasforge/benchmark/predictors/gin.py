"""Graph isomorphism networks as arrays.

    >>> GinPredictor(**arrays).predict(features)     # features of the encoding "graph"

A row lists the edges of one graph, three columns each: source, target, operation; operation -1 is
an edge that does not exist. All rows have the same nodes, known by their types alone: nodes of one
type may be renumbered without changing a prediction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from nasforge.accelerator import kernels
from nasforge.benchmark.predictors.checks import (
    arrays_of,
    require_finite,
    require_range,
    widen,
)
from nasforge.benchmark.predictors.gin_messages import routes_of, sum_messages
from nasforge.errors import BenchmarkFormatError
from nasforge.space.graph import NO_EDGE

COLUMNS_PER_EDGE = 3
"""Source, target, operation."""

MAX_NODES = 1024
"""Bounds the memory of a row to a multiple of its arrays'."""

MAX_STATE = 2**22
"""Values of all nodes and members together, for the same reason; far more than any of ours has."""

CHUNK_BYTES = 2**20
"""Rows are computed as many at a time as stay in a core's cache."""


@dataclass(frozen=True, eq=False)
class GinPredictor:
    """Graph isomorphism networks with operations on the edges, all members in one pass.

    A node starts as its type's embedding x. In every layer it gets a message
    relu(x of the sender + operation) along each incoming edge and, with other embeddings of the
    operations, against each outgoing one, and becomes

        x + relu((self_weight * x + sum of messages) @ W1 + b1) @ W2 + b2

    The answer is a perceptron with one hidden layer on the sums of x over the nodes of each type.
    (Xu et al., "How powerful are graph neural networks?", ICLR 2019; the messages are those of
    Hu et al., "Strategies for pre-training graph neural networks", ICLR 2020.)

    Attributes:
        node_types: int32 [nodes], the same for all members.
        node_embeddings: float32 [members, types, hidden].
        operation_embeddings: float32 [members, layers, 2, operations, hidden]: along, against.
        self_weights: float32 [members, layers].
        layer_weights: float32 [members, layers, 2, hidden, hidden]: W1, W2.
        layer_biases: float32 [members, layers, 2, hidden]: b1, b2.
        readout_weights: float32 [members, types, hidden, readout].
        readout_biases: float32 [members, readout].
        output_weights: float64 [members, readout].
        output_biases: float64 [members].
    """

    node_types: np.ndarray
    node_embeddings: np.ndarray
    operation_embeddings: np.ndarray
    self_weights: np.ndarray
    layer_weights: np.ndarray
    layer_biases: np.ndarray
    readout_weights: np.ndarray
    readout_biases: np.ndarray
    output_weights: np.ndarray
    output_biases: np.ndarray

    kind: ClassVar[str] = "gin"

    def __post_init__(self) -> None:
        widen(
            self,
            node_types="i4",
            node_embeddings="f4",
            operation_embeddings="f4",
            self_weights="f4",
            layer_weights="f4",
            layer_biases="f4",
            readout_weights="f4",
            readout_biases="f4",
            output_weights="f8",
            output_biases="f8",
        )
        self._check_shapes()
        require_finite(self, *(name for name in arrays_of(self) if name != "node_types"))
        require_range("node_types", self.node_types, 0, self.node_embeddings.shape[1] - 1)

    def _check_shapes(self) -> None:
        # Each size is read from one array; an array without that axis differs from its shape below.
        sizes = {
            **dict.fromkeys("mthlor", 0),
            **dict(zip("mth", self.node_embeddings.shape, strict=False)),
            **dict(zip("ml2o", self.operation_embeddings.shape, strict=False)),
            **dict(zip("mr", self.readout_biases.shape, strict=False)),
        }
        members, types, hidden, layers, operations, readout = (sizes[axis] for axis in "mthlor")
        shapes = {
            "node_types": (len(self.node_types),),
            "node_embeddings": (members, types, hidden),
            "operation_embeddings": (members, layers, 2, operations, hidden),
            "self_weights": (members, layers),
            "layer_weights": (members, layers, 2, hidden, hidden),
            "layer_biases": (members, layers, 2, hidden),
            "readout_weights": (members, types, hidden, readout),
            "readout_biases": (members, readout),
            "output_weights": (members, readout),
            "output_biases": (members,),
        }
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array.shape != shape or not array.size:
                raise BenchmarkFormatError(
                    f"{name}: shape {list(array.shape)}, expected {list(shape)}, not empty"
                )
        if len(self.node_types) > MAX_NODES:
            raise BenchmarkFormatError(
                f"node_types: {len(self.node_types)} nodes, at most {MAX_NODES} are allowed"
            )
        if len(self.node_types) * members * hidden > MAX_STATE:
            raise BenchmarkFormatError(
                f"node_embeddings: {members} members of {hidden} values for {len(self.node_types)} "
                f"nodes, at most {MAX_STATE} are allowed together"
            )

    @property
    def members(self) -> int:
        """Number of models."""
        return len(self.output_biases)

    @property
    def features(self) -> int:
        """The columns of one edge."""
        return COLUMNS_PER_EDGE

    def accepts(self, width: int) -> bool:
        """Any number of edges."""
        return width > 0 and width % COLUMNS_PER_EDGE == 0

    def predict(self, features: np.ndarray) -> np.ndarray:
        """float32 [n, 3 * edges] -> float64 [n, members].

        Raises:
            BenchmarkFormatError: A row has a node or an operation that the arrays do not have.
        """
        n, width = features.shape
        edges = features.reshape(n, width // COLUMNS_PER_EDGE, COLUMNS_PER_EDGE)
        rows = max(1, CHUNK_BYTES // self._bytes_per_row(edges.shape[1]))
        predictions = np.empty((n, self.members))
        for begin in range(0, n, rows):
            predictions[begin : begin + rows] = self._predict_chunk(edges[begin : begin + rows])
        return predictions

    def _bytes_per_row(self, edges: int) -> int:
        """Of states, messages and the matrix that sums them."""
        nodes, wide = self._start.shape
        return 4 * ((nodes + 2 * edges) * wide + nodes * 2 * edges)

    def _predict_chunk(self, edges: np.ndarray) -> np.ndarray:
        """float32 [n, edges, 3] -> float64 [n, members].

        A node's state is a row with all members side by side, [members * hidden], so gathering
        and summing messages are single operations. Only the perceptrons see it as
        [members, n * nodes, hidden].
        """
        n, members = len(edges), self.members
        nodes, wide = self._start.shape
        edges = self._checked(edges)
        state = np.tile(self._start, (n, 1))
        compiled = kernels("nasforge.benchmark.predictors.gin_kernels")
        layers = self.self_weights.shape[1]
        kinds = self.operation_embeddings.shape[3]
        routes = routes_of(edges, nodes, kinds) if layers and not compiled else None
        for layer in range(layers):
            tables = self._operations[layer], self._self_weights[layer]
            if routes is None:
                total = np.empty_like(state)
                compiled.sum_messages(state, edges, *tables, nodes, total)
            else:
                total = sum_messages(state, routes, *tables)
            by_member = total.reshape(n * nodes, members, -1).transpose(1, 0, 2)
            hidden = np.matmul(by_member, self.layer_weights[:, layer, 0])
            hidden += self.layer_biases[:, layer, 0, None]
            np.maximum(hidden, 0, out=hidden)
            change = np.matmul(hidden, self.layer_weights[:, layer, 1])
            change += self.layer_biases[:, layer, 1, None]
            state += change.transpose(1, 0, 2).reshape(n * nodes, wide)
        return self._read_out(state.reshape(n, nodes, wide))

    def check_rows(self, features: np.ndarray) -> None:
        """Raise BenchmarkFormatError if a row of an encoding is none of this predictor's graphs."""
        self._checked(features.reshape(len(features), -1, COLUMNS_PER_EDGE))

    def _checked(self, edges: np.ndarray) -> np.ndarray:
        """float32 [n, edges, 3] as int64; an edge that does not exist is (0, 0, `NO_EDGE`)."""
        nodes, kinds = len(self.node_types), self.operation_embeddings.shape[3]
        exists = edges[:, :, 2] != NO_EDGE
        inside = ((edges >= 0) & (edges <= (nodes - 1, nodes - 1, kinds - 1))).all(axis=2)
        if not (inside | ~exists).all():  # a comparison with nan is False
            raise BenchmarkFormatError(
                f"a graph's nodes must be from 0 to {nodes - 1} and its operations from 0 to "
                f"{kinds - 1}, as in the arrays of this predictor"
            )
        return np.where(exists[:, :, None], edges, (0, 0, NO_EDGE)).astype(np.int64)

    def _read_out(self, state: np.ndarray) -> np.ndarray:
        """float32 [n, nodes, members * hidden] -> float64 [n, members]."""
        n, members = len(state), self.members
        _, types, hidden, readout = self.readout_weights.shape
        sums = np.matmul(self._types, state).reshape(n, types, members, hidden)
        inputs = sums.transpose(2, 0, 1, 3).reshape(members, n, types * hidden)
        weights = self.readout_weights.reshape(members, types * hidden, readout)
        values = np.maximum(np.matmul(inputs, weights) + self.readout_biases[:, None], 0)
        answers = np.matmul(values.astype(np.float64), self.output_weights[:, :, None])
        return answers[:, :, 0].T + self.output_biases

    @cached_property
    def _start(self) -> np.ndarray:
        """First states: [nodes, members * hidden]."""
        return _side_by_side(self.node_embeddings)[self.node_types]

    @cached_property
    def _operations(self) -> list[np.ndarray]:
        """Of each layer, along and then against: [2 * operations, members * hidden]."""
        members, layers, _, kinds, hidden = self.operation_embeddings.shape
        return [
            _side_by_side(self.operation_embeddings[:, layer].reshape(members, 2 * kinds, hidden))
            for layer in range(layers)
        ]

    @cached_property
    def _self_weights(self) -> np.ndarray:
        """[layers, members * hidden]."""
        return np.repeat(self.self_weights.T, self.node_embeddings.shape[2], axis=1)

    @cached_property
    def _types(self) -> np.ndarray:
        """Sums nodes by type: [types, nodes]."""
        types = np.arange(self.node_embeddings.shape[1])
        return (types[:, None] == self.node_types).astype(np.float32)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """All attributes."""
        return arrays_of(self)

    @classmethod
    def stack(cls, parts: Sequence[Self]) -> Self:
        """One ensemble of the members of several.

        Raises:
            BenchmarkFormatError: They differ in node types or sizes.
        """
        arrays = [part.to_arrays() for part in parts]
        first = arrays[0]
        for other in arrays:
            for name, array in other.items():
                same = (
                    np.array_equal(array, first[name])
                    if name == "node_types"
                    else array.shape[1:] == first[name].shape[1:]
                )
                if not same:
                    raise BenchmarkFormatError(
                        f"{name}: members of one ensemble must have the same node types and sizes"
                    )
        joined = {name: np.concatenate([part[name] for part in arrays]) for name in first}
        return cls(**{**joined, "node_types": first["node_types"]})


def _side_by_side(array: np.ndarray) -> np.ndarray:
    """[members, n, hidden] -> [n, members * hidden]."""
    return array.transpose(1, 0, 2).reshape(array.shape[1], -1)

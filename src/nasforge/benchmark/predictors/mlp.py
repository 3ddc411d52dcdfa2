"""Multilayer perceptrons as arrays.

>>> MlpPredictor(**arrays).predict(features)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from nasforge.benchmark.predictors.checks import arrays_of, require_finite, widen
from nasforge.errors import BenchmarkFormatError

CHUNK_VALUES = 2**22
"""Values of a chunk's hidden layer, of a network far wider than any of ours."""

ROWS_PER_CHUNK = 256
"""Rows computed at a time; bounds the memory of their used columns."""


@dataclass(frozen=True, eq=False)
class MlpPredictor:
    """Members with the same number and width of hidden layers, relu behind each.

    Attributes:
        columns: int32 [used], increasing, the columns that any member looks at.
        input_weights: float32 [members, used, hidden], 0 for columns that a member ignores.
        input_biases: float32 [members, hidden].
        layer_weights: float32 [members, layers, hidden, hidden], of the hidden layers behind the
            first; there may be none.
        layer_biases: float32 [members, layers, hidden].
        output_weights: float64 [members, hidden].
        output_biases: float64 [members].
    """

    columns: np.ndarray
    input_weights: np.ndarray
    input_biases: np.ndarray
    layer_weights: np.ndarray
    layer_biases: np.ndarray
    output_weights: np.ndarray
    output_biases: np.ndarray

    kind: ClassVar[str] = "mlp"

    def __post_init__(self) -> None:
        widen(
            self,
            columns="i4",
            input_weights="f4",
            input_biases="f4",
            layer_weights="f4",
            layer_biases="f4",
            output_weights="f8",
            output_biases="f8",
        )
        members, hidden = (*self.input_biases.shape, 0)[:2]
        layers = (*self.layer_biases.shape, 0)[1]
        shapes = {
            "columns": (len(self.columns),),
            "input_weights": (members, len(self.columns), hidden),
            "input_biases": (members, hidden),
            "layer_weights": (members, layers, hidden, hidden),
            "layer_biases": (members, layers, hidden),
            "output_weights": (members, hidden),
            "output_biases": (members,),
        }
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array.shape != shape or not (array.size or name.startswith("layer_")):
                raise BenchmarkFormatError(
                    f"{name}: shape {list(array.shape)}, expected {list(shape)}, not empty"
                )
        require_finite(self, *(name for name in shapes if name != "columns"))
        if self.columns[0] < 0 or (self.columns[1:] <= self.columns[:-1]).any():
            raise BenchmarkFormatError("columns: must start at 0 or above and increase")

    @property
    def members(self) -> int:
        """Number of models."""
        return len(self.output_biases)

    @property
    def features(self) -> int:
        """One more than the highest column used."""
        return int(self.columns[-1]) + 1

    def accepts(self, width: int) -> bool:
        """Columns that are not used may follow."""
        return width >= self.features

    def predict(self, features: np.ndarray) -> np.ndarray:
        """float32 [n, d] -> float64 [n, members]."""
        predictions = np.empty((len(features), self.members))
        wide = max(len(self.columns), self.input_biases.size)
        step = max(1, min(ROWS_PER_CHUNK, CHUNK_VALUES // wide))
        for begin in range(0, len(features), step):
            rows = slice(begin, begin + step)
            predictions[rows] = self._predict_chunk(features[rows][:, self.columns])
        return predictions

    def _predict_chunk(self, inputs: np.ndarray) -> np.ndarray:
        """float32 [n, used] -> float64 [n, members].

        The first layer is one product for all members, of the columns alone that are not 0 in
        every row: of a few rows of a path encoding that is a few.
        """
        n, members = len(inputs), self.members
        used = inputs.any(axis=0)
        first = inputs[:, used] @ self._side_by_side[used]
        state = first.reshape(n, members, -1).transpose(1, 0, 2) + self.input_biases[:, None]
        np.maximum(state, 0, out=state)
        for layer in range(self.layer_biases.shape[1]):
            state = np.matmul(state, self.layer_weights[:, layer])
            state += self.layer_biases[:, layer, None]
            np.maximum(state, 0, out=state)
        answers = np.matmul(state.astype(np.float64), self.output_weights[:, :, None])
        return answers[:, :, 0].T + self.output_biases

    @cached_property
    def _side_by_side(self) -> np.ndarray:
        """Input weights of all members: [used, members * hidden]."""
        return self.input_weights.transpose(1, 0, 2).reshape(len(self.columns), -1)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """All attributes."""
        return arrays_of(self)

    @classmethod
    def stack(cls, parts: Sequence[Self]) -> Self:
        """One ensemble of the members of several.

        Raises:
            BenchmarkFormatError: Their hidden layers differ in number or width.
        """
        if len({part.layer_weights.shape[1:] for part in parts}) > 1:
            raise BenchmarkFormatError(
                "layer_weights: members of one ensemble must have the same hidden layers"
            )
        columns = np.unique(np.concatenate([part.columns for part in parts]))
        hidden = parts[0].input_biases.shape[1]
        input_weights = []
        for part in parts:
            weights = np.zeros((part.members, len(columns), hidden), np.float32)
            weights[:, np.searchsorted(columns, part.columns)] = part.input_weights
            input_weights.append(weights)
        joined = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in part.to_arrays()
            if name not in ("columns", "input_weights")
        }
        return cls(columns=columns, input_weights=np.concatenate(input_weights), **joined)

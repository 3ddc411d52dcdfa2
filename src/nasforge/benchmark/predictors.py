"""Ensembles as arrays, predicting with numpy alone.

    >>> predictor = make_predictor("forest", arrays)
    >>> predictor.predict(features)          # [n, members] on the target's scale

A predictor is all that is kept of a fitted ensemble: what is scored is what is exported. It is
checked once, when made, so that a query on arrays from a stranger ends and stays in bounds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import ClassVar, Protocol, Self

import numpy as np

from nasforge.errors import BenchmarkFormatError

ROWS_PER_CHUNK = 1024
"""Rows that a forest walks at a time; bounds its memory to about 16 bytes * rows * trees."""


class Predictor(Protocol):
    """An ensemble for one target."""

    kind: ClassVar[str]

    @property
    def members(self) -> int:
        """Number of models."""
        ...

    @property
    def features(self) -> int:
        """Smallest number of feature columns it can be given."""
        ...

    def accepts(self, width: int) -> bool:
        """Whether it can be given that many feature columns."""
        ...

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Predictions of every member: float32 [n, d] -> float64 [n, members]."""
        ...

    def to_arrays(self) -> dict[str, np.ndarray]:
        """What `make_predictor` needs."""
        ...


@dataclass(frozen=True, eq=False)
class LinearPredictor:
    """Members `bias + features @ weights`.

    Attributes:
        weights: float64 [members, d].
        bias: float64 [members].
    """

    weights: np.ndarray
    bias: np.ndarray

    kind: ClassVar[str] = "linear"

    def __post_init__(self) -> None:
        _require_dtypes(self, weights="f8", bias="f8")
        members = len(self.bias)
        if self.weights.ndim != 2 or self.bias.shape != (self.weights.shape[0],) or not members:
            raise BenchmarkFormatError(
                f"weights {list(self.weights.shape)} and bias {list(self.bias.shape)} must be "
                "[members, d] and [members]"
            )
        _require_finite(self, "weights", "bias")

    @property
    def members(self) -> int:
        """Number of models."""
        return len(self.bias)

    @property
    def features(self) -> int:
        """Number of feature columns."""
        return self.weights.shape[1]

    def accepts(self, width: int) -> bool:
        """Only as many as there are weights."""
        return width == self.features

    def predict(self, features: np.ndarray) -> np.ndarray:
        """float32 [n, d] -> float64 [n, members]."""
        return features.astype(np.float64) @ self.weights.T + self.bias

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Weights and bias."""
        return _arrays(self)

    @classmethod
    def stack(cls, parts: Sequence[Self]) -> Self:
        """One ensemble of the members of several."""
        return cls(
            np.concatenate([part.weights for part in parts]),
            np.concatenate([part.bias for part in parts]),
        )


@dataclass(frozen=True, eq=False)
class ForestPredictor:
    """Members that are sums of decision trees; a node sends `feature <= threshold` to the left.

    Children stand behind their parent; a leaf is its own child. Trees are sorted by member.

    Attributes:
        feature: int32 [nodes], column that a node tests.
        threshold: float64 [nodes].
        left: int32 [nodes].
        right: int32 [nodes].
        value: float64 [nodes], what a leaf adds; 0 elsewhere.
        root: int32 [trees].
        first_tree: int32 [members], each member's first tree.
        base: float64 [members], what a member starts from.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    root: np.ndarray
    first_tree: np.ndarray
    base: np.ndarray

    kind: ClassVar[str] = "forest"

    def __post_init__(self) -> None:
        _require_dtypes(
            self,
            feature="i4",
            threshold="f8",
            left="i4",
            right="i4",
            value="f8",
            root="i4",
            first_tree="i4",
            base="f8",
        )
        nodes, trees = len(self.feature), len(self.root)
        shapes = {
            **dict.fromkeys(("feature", "threshold", "left", "right", "value"), (nodes,)),
            "root": (trees,),
            "first_tree": (self.members,),
            "base": (self.members,),
        }
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape or not shape[0]:
                raise BenchmarkFormatError(
                    f"{name}: shape {list(getattr(self, name).shape)}, expected {list(shape)}, "
                    "not empty"
                )
        _require_finite(self, "value", "base")
        if np.isnan(self.threshold).any():
            raise BenchmarkFormatError("threshold: holds nan")
        _require_range("feature", self.feature, 0, np.iinfo(np.int32).max)
        _require_range("root", self.root, 0, nodes - 1)
        _require_range("first_tree", self.first_tree, 0, trees - 1)
        if self.first_tree[0] != 0 or (np.diff(self.first_tree) <= 0).any():
            raise BenchmarkFormatError("first_tree: must start at 0 and increase")
        self._check_children(nodes)

    def _check_children(self, nodes: int) -> None:
        position = np.arange(nodes)
        leaf = (self.left == position) & (self.right == position)
        forward = (self.left > position) & (self.right > position)
        if not (leaf | forward).all():
            raise BenchmarkFormatError("left, right: a child must stand behind its parent")
        _require_range("left", self.left, 0, nodes - 1)
        _require_range("right", self.right, 0, nodes - 1)
        if self.value[~leaf].any():
            raise BenchmarkFormatError("value: only a leaf may have one")

    @property
    def members(self) -> int:
        """Number of models."""
        return len(self.base)

    @property
    def features(self) -> int:
        """One more than the highest column tested."""
        return int(self.feature.max()) + 1

    def accepts(self, width: int) -> bool:
        """Columns that no node tests may follow."""
        return width >= self.features

    def predict(self, features: np.ndarray) -> np.ndarray:
        """float32 [n, d] -> float64 [n, members]."""
        chunks = [
            self._predict_chunk(features[start : start + ROWS_PER_CHUNK])
            for start in range(0, len(features), ROWS_PER_CHUNK)
        ]
        return np.concatenate(chunks) if chunks else np.empty((0, self.members))

    def _predict_chunk(self, features: np.ndarray) -> np.ndarray:
        rows = np.arange(len(features))[:, None]
        node = np.broadcast_to(self.root, (len(features), len(self.root)))
        while True:  # ends, because children stand behind their parents
            goes_left = features[rows, self.feature[node]] <= self.threshold[node]
            child = np.where(goes_left, self.left[node], self.right[node])
            if (child == node).all():
                break
            node = child
        return np.add.reduceat(self.value[node], self.first_tree, axis=1) + self.base

    def to_arrays(self) -> dict[str, np.ndarray]:
        """All attributes."""
        return _arrays(self)

    @classmethod
    def stack(cls, parts: Sequence[Self]) -> Self:
        """One ensemble of the members of several."""
        node_offsets = np.cumsum([0, *(len(part.feature) for part in parts)])
        tree_offsets = np.cumsum([0, *(len(part.root) for part in parts)])

        def joined(name: str, offsets: np.ndarray | None = None) -> np.ndarray:
            arrays = [getattr(part, name) for part in parts]
            if offsets is not None:
                arrays = [a + offset for a, offset in zip(arrays, offsets, strict=False)]
            return np.concatenate(arrays).astype(getattr(parts[0], name).dtype)

        return cls(
            feature=joined("feature"),
            threshold=joined("threshold"),
            left=joined("left", node_offsets),
            right=joined("right", node_offsets),
            value=joined("value"),
            root=joined("root", node_offsets),
            first_tree=joined("first_tree", tree_offsets),
            base=joined("base"),
        )


PREDICTORS: dict[str, type[LinearPredictor] | type[ForestPredictor]] = {
    cls.kind: cls for cls in (LinearPredictor, ForestPredictor)
}
"""Predictor classes by the name they have in a manifest."""


def make_predictor(kind: str, arrays: Mapping[str, np.ndarray]) -> Predictor:
    """Build and check a predictor.

    Raises:
        BenchmarkFormatError: The kind is unknown, or an array is missing, unknown or malformed.
    """
    if kind not in PREDICTORS:
        raise BenchmarkFormatError(
            f"unknown kind of predictor {kind!r}; this version reads {', '.join(PREDICTORS)}"
        )
    cls = PREDICTORS[kind]
    expected = {field.name for field in fields(cls)}
    if set(arrays) != expected:
        raise BenchmarkFormatError(
            f"a {kind} predictor has arrays {sorted(arrays)}, expected {sorted(expected)}"
        )
    return cls(**arrays)


def _arrays(predictor: LinearPredictor | ForestPredictor) -> dict[str, np.ndarray]:
    return {field.name: getattr(predictor, field.name) for field in fields(predictor)}


def _require_dtypes(predictor: object, **dtypes: str) -> None:
    for name, dtype in dtypes.items():
        array = getattr(predictor, name)
        if array.dtype != np.dtype(dtype) or array.ndim == 0:
            raise BenchmarkFormatError(f"{name}: {array.dtype} array, expected {np.dtype(dtype)}")


def _require_finite(predictor: object, *names: str) -> None:
    for name in names:
        if not np.isfinite(getattr(predictor, name)).all():
            raise BenchmarkFormatError(f"{name}: holds nan or infinity")


def _require_range(name: str, array: np.ndarray, low: int, high: int) -> None:
    if array.min() < low or array.max() > high:
        raise BenchmarkFormatError(f"{name}: must be from {low} to {high}")

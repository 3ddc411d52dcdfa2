"""Ensembles of decision trees as arrays.

>>> ForestPredictor(feature, threshold, left, right, value, root, first_tree, base)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from nasforge.benchmark.predictors.checks import (
    arrays_of,
    require_dtypes,
    require_finite,
    require_range,
)
from nasforge.errors import BenchmarkFormatError

ROWS_PER_CHUNK = 1024
"""Rows that a forest walks at a time; bounds its memory to about 16 bytes * rows * trees."""


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
        require_dtypes(
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
        require_finite(self, "value", "base")
        if np.isnan(self.threshold).any():
            raise BenchmarkFormatError("threshold: holds nan")
        require_range("feature", self.feature, 0, np.iinfo(np.int32).max)
        require_range("root", self.root, 0, nodes - 1)
        require_range("first_tree", self.first_tree, 0, trees - 1)
        if self.first_tree[0] != 0 or (np.diff(self.first_tree) <= 0).any():
            raise BenchmarkFormatError("first_tree: must start at 0 and increase")
        self._check_children(nodes)

    def _check_children(self, nodes: int) -> None:
        position = np.arange(nodes)
        leaf = (self.left == position) & (self.right == position)
        forward = (self.left > position) & (self.right > position)
        if not (leaf | forward).all():
            raise BenchmarkFormatError("left, right: a child must stand behind its parent")
        require_range("left", self.left, 0, nodes - 1)
        require_range("right", self.right, 0, nodes - 1)
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
        return arrays_of(self)

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

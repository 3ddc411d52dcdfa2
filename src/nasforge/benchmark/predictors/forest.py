"""Ensembles of decision trees as arrays.

    >>> ForestPredictor(feature, threshold, left, right, value, root, first_tree, base)

All tests are evaluated once. Then trees of few leaves are answered with bits (`forest_tables`),
and others are walked; numba, where it is installed, does the same faster (`forest_kernels`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import ClassVar, Self

import numpy as np

from nasforge.accelerator import kernels
from nasforge.benchmark.predictors.checks import (
    arrays_of,
    require_finite,
    require_range,
    widen,
)
from nasforge.benchmark.predictors.forest_tables import DistinctTests, LeafBits, leaf_bits
from nasforge.errors import BenchmarkFormatError

ROWS_PER_CHUNK = 16
"""Rows that a forest answers at a time; keeps what they need in a core's cache."""

MAX_DEPTH = 1024
"""Tests from a root to a leaf, which bounds a query; far more than any of ours has."""

FEW_ROWS = 24
"""Fewer rows than this are faster one by one than as a block of 64."""


@dataclass(frozen=True, eq=False)
class ForestPredictor:
    """Members that are sums of decision trees; a node sends `feature <= threshold` to the left.

    Children stand behind their parent, and have no other; a leaf is its own child. Trees are sorted
    by member.

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
        widen(
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
        position = np.arange(nodes, dtype=np.int32)
        leaf = (self.left == position) & (self.right == position)
        forward = (self.left > position) & (self.right > position)
        if not (leaf | forward).all():
            raise BenchmarkFormatError("left, right: a child must stand behind its parent")
        require_range("left", self.left, 0, nodes - 1)
        require_range("right", self.right, 0, nodes - 1)
        del position, forward  # what is checked here must not take as much as the arrays
        places, taken = 0, np.zeros(nodes, dtype=bool)
        for nodes_there in (self.root, self.left[~leaf], self.right[~leaf]):
            taken[nodes_there] = True
            places += len(nodes_there)
        if np.count_nonzero(taken) < places:
            raise BenchmarkFormatError("root, left, right: a node must belong to one place only")
        if self.value[~leaf].any():
            raise BenchmarkFormatError("value: only a leaf may have one")
        self._check_depth()

    def _check_depth(self) -> None:
        """A walk takes as many steps as the deepest tree has, for all trees."""
        nodes = self.root
        for _ in range(MAX_DEPTH + 1):
            nodes = nodes[self.left[nodes] != nodes]
            if not len(nodes):
                return
            nodes = np.concatenate([self.left[nodes], self.right[nodes]])
        raise BenchmarkFormatError(f"left, right: a tree is deeper than {MAX_DEPTH} tests")

    @property
    def members(self) -> int:
        """Number of models."""
        return len(self.base)

    @property
    def features(self) -> int:
        """One more than the highest column tested."""
        return int(self.feature.max()) + 1

    @property
    def has_bits(self) -> bool:
        """Whether its trees are answered with bits, not walked (by numba: of few rows)."""
        return self._bits is not None

    def accepts(self, width: int) -> bool:
        """Columns that no node tests may follow."""
        return width >= self.features

    def predict(self, features: np.ndarray) -> np.ndarray:
        """float32 [n, d] -> float64 [n, members].

        Raises:
            IndexError: There are fewer columns than are tested.
        """
        answer = np.empty((len(features), self.members))
        if compiled := kernels("nasforge.benchmark.predictors.forest_kernels"):
            self._predict_compiled(compiled, features, answer)
            return answer
        for start in range(0, len(features), ROWS_PER_CHUNK):
            rows = slice(start, start + ROWS_PER_CHUNK)
            right = self._tests.go_right(features[rows])
            if bits := self._bits:
                answer[rows] = bits.predict(right, self.first_tree, self.base)
            else:
                answer[rows] = self._walk(right)
        return answer

    def _predict_compiled(
        self, compiled: ModuleType, features: np.ndarray, answer: np.ndarray
    ) -> None:
        tests, bits, few = self._tests, self._bits, len(features) < FEW_ROWS
        # Compiled code looks at no bounds, and a space of one's own may not keep its word.
        if len(tests.columns) and features.shape[1] <= tests.columns[-1]:
            raise IndexError(f"{features.shape[1]} columns, the forest tests {tests.columns[-1]}")
        if few and bits:
            tables = (bits.first, bits.tree, bits.kept, bits.all_leaves, bits.values, bits.leaves)
            ends = (self.first_tree, self.base, np.empty(len(self.root), bits.kept.dtype), answer)
            compiled.one_by_one(
                features, tests.columns, tests.first, tests.threshold, *tables, *ends
            )
        else:
            trees = (self._nodes, self.value, self.root, self.first_tree, self.base)
            kernel = compiled.walk if few else compiled.in_blocks
            kernel(features, tests.feature, tests.threshold, *trees, answer)

    def _walk(self, go_right: np.ndarray) -> np.ndarray:
        """From booleans [n, tests] to float64 [n, members]; there is a test."""
        nodes, right = self._nodes.ravel(), go_right.ravel()
        first = go_right.shape[1] * np.arange(len(go_right))[:, None]  # of a row in `right`
        node = np.broadcast_to(self.root.astype(np.int64), (len(go_right), len(self.root)))
        while True:  # ends, because children stand behind their parents
            place = 3 * node
            test = nodes.take(place) + first
            child = nodes.take(place + 1 + right.take(test))
            if (child == node).all():
                break
            node = child.astype(np.int64)
        return np.add.reduceat(self.value[node], self.first_tree, axis=1) + self.base

    @cached_property
    def _tests(self) -> DistinctTests:
        return DistinctTests.of(self.feature, self.threshold, self.left)

    @cached_property
    def _bits(self) -> LeafBits | None:
        return leaf_bits(self._tests, self.left, self.right, self.value, self.root)

    @cached_property
    def _nodes(self) -> np.ndarray:
        """Test, left and right of every node side by side: uint32 [nodes, 3]."""
        # Unsigned, because numba looks out for negative positions otherwise.
        return np.stack([self._tests.of_node, self.left, self.right], axis=1).astype(np.uint32)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """All attributes."""
        return arrays_of(self)

    @classmethod
    def stack(cls, parts: Sequence[Self]) -> Self:
        """One ensemble of the members of several."""
        node_offsets = np.cumsum([0, *(len(part.feature) for part in parts)], dtype=np.int32)
        tree_offsets = np.cumsum([0, *(len(part.root) for part in parts)], dtype=np.int32)

        def joined(name: str, offsets: np.ndarray | None = None) -> np.ndarray:
            arrays = [getattr(part, name) for part in parts]
            if offsets is not None:
                arrays = [a + offset for a, offset in zip(arrays, offsets, strict=False)]
            return np.concatenate(arrays)

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

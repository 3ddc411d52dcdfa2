"""What makes a forest fast: its distinct tests, and trees of few leaves as bits.

    >>> tests = DistinctTests.of(feature, threshold, left)
    >>> bits = leaf_bits(tests, left, right, value, root)

Only some thousand different tests (feature <= threshold) occur in the many nodes of an ensemble, so
all are evaluated once per architecture. A tree of up to 64 leaves then needs no walk: every node
whose test sends to the right excludes the leaves on its left, and the first leaf that nobody
excludes is the one reached (Lucchese et al., "QuickScorer", SIGIR 2015).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

MOST_LEAVES = 64
"""Of a tree as bits."""


@dataclass(frozen=True, eq=False)
class DistinctTests:
    """The tests of a forest, each once.

    Attributes:
        feature: int32 [tests], increasing.
        threshold: float64 [tests], increasing within a feature.
        columns: int32 [columns], the features that are tested.
        first: int32 [columns + 1], the first test of each.
        of_node: int32 [nodes], the test of a node; of a leaf: 0.
    """

    feature: np.ndarray
    threshold: np.ndarray
    columns: np.ndarray
    first: np.ndarray
    of_node: np.ndarray

    @classmethod
    def of(cls, feature: np.ndarray, threshold: np.ndarray, left: np.ndarray) -> Self:
        """Of arrays as `ForestPredictor` has them."""
        inner = np.flatnonzero(left != np.arange(len(left)))
        order = inner[np.lexsort((threshold[inner], feature[inner]))]
        new = np.ones(len(order), dtype=bool)
        new[1:] = np.diff(feature[order]) != 0
        new[1:] |= threshold[order][1:] != threshold[order][:-1]
        of_node = np.zeros(len(left), dtype=np.int32)
        of_node[order] = np.cumsum(new) - 1
        kept = order[new]
        columns, first = np.unique(feature[kept], return_index=True)
        first = np.append(first, len(kept)).astype(np.int32)
        return cls(feature[kept], threshold[kept], columns, first, of_node)

    def go_right(self, features: np.ndarray) -> np.ndarray:
        """Which tests fail: float32 [n, d] to booleans [n, tests]."""
        return ~(features[:, self.feature] <= self.threshold)  # nan goes to the right


@dataclass(frozen=True, eq=False)
class LeafBits:
    """Trees of at most 64 leaves, which are numbered from the left.

    Attributes:
        leaves: Places for the values of a tree's leaves.
        tree: uint32 [inner nodes], sorted by test, the tree that a node is in.
        kept: uint8, 16, 32 or 64 [inner nodes], has bit i if leaf i is not on the node's left.
        all_leaves: All bits, of the same type.
        first: int32 [tests + 1], the first node of every test.
        values: float64 [trees * leaves].
        test_in_tree: int64 [most inner nodes of a tree, trees], the tests of each tree's nodes;
            0 behind the last one.
        kept_in_tree: The same as `kept`, all bits behind the last one.
    """

    leaves: int
    tree: np.ndarray
    kept: np.ndarray
    all_leaves: np.unsignedinteger
    first: np.ndarray
    values: np.ndarray
    test_in_tree: np.ndarray
    kept_in_tree: np.ndarray

    def predict(self, go_right: np.ndarray, first_tree: np.ndarray, base: np.ndarray) -> np.ndarray:
        """From booleans [n, tests] to float64 [n, members]."""
        dtype = self.kept.dtype.type
        # A test that does not fail excludes nothing: all bits.
        allowed = go_right.astype(self.kept.dtype) - dtype(1)
        trees = np.full((len(go_right), self.kept_in_tree.shape[1]), self.all_leaves)
        for test, kept in zip(self.test_in_tree, self.kept_in_tree, strict=True):
            bits = allowed.take(test, axis=1)
            bits |= kept
            trees &= bits
        lowest = trees & (~trees + dtype(1))
        leaf = (lowest.astype(np.float64).view(np.int64) >> 52) - 1023  # the exponent of two
        values = self.values.take(leaf + self.leaves * np.arange(trees.shape[1]))
        return np.add.reduceat(values, first_tree, axis=1) + base


def leaf_bits(
    tests: DistinctTests,
    left: np.ndarray,
    right: np.ndarray,
    value: np.ndarray,
    root: np.ndarray,
) -> LeafBits | None:
    """Trees as bits; None if one has more than 64 leaves, or most have far fewer than the largest.

    Args:
        tests: Of the same forest.
        left: As `ForestPredictor` has it, every node with one parent at most; so the others.
        right: See there.
        value: See there.
        root: See there.
    """
    levels = _levels(left, right, root)
    if levels is None:
        return None
    count, tree, first_leaf = _leaves(levels, left, right, root)
    most = int(count[root].max())
    # Tables have a place for every leaf of the largest tree: not for few large ones among many.
    if most > MOST_LEAVES or len(root) * most > 4 * len(left):
        return None
    inner = np.concatenate([root[:0], *levels])
    del levels  # nothing is kept for longer than it is needed: there are as many as the arrays
    values = np.zeros(len(root) * most)
    for reached in (root, left[inner], right[inner]):
        leaf = reached[left[reached] == reached]
        values[tree[leaf].astype(np.int64) * most + first_leaf[leaf]] = value[leaf]
    dtype = np.dtype(f"u{max(1, 2 ** int(np.ceil(np.log2(most / 8))))}")
    kept = (np.uint64(1) << count[left[inner]].astype(np.uint64)) - np.uint64(1)
    kept <<= first_leaf[inner].astype(np.uint64)
    kept = (~kept).astype(dtype)
    test, tree = tests.of_node[inner], tree[inner]
    del inner, count, first_leaf
    by_tree = _by_tree(test, tree, kept, len(root))
    order = np.argsort(test, kind="stable")
    first = np.searchsorted(test[order], np.arange(len(tests.feature) + 1))
    return LeafBits(
        most,
        tree[order].astype(np.uint32),
        kept[order],
        dtype.type(np.iinfo(dtype).max),
        first.astype(np.int32),
        values,
        *by_tree,
    )


def _leaves(
    levels: list[np.ndarray], left: np.ndarray, right: np.ndarray, root: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every node: how many leaves it has, its tree, and the first of its leaves there."""
    count = np.ones(len(left), dtype=np.int32)
    for nodes in reversed(levels):
        count[nodes] = count[left[nodes]] + count[right[nodes]]
    tree, first_leaf = np.zeros((2, len(left)), dtype=np.int32)
    tree[root] = np.arange(len(root))
    for nodes in levels:
        tree[left[nodes]] = tree[right[nodes]] = tree[nodes]
        first_leaf[left[nodes]] = first_leaf[nodes]
        first_leaf[right[nodes]] = first_leaf[nodes] + count[left[nodes]]
    return count, tree, first_leaf


def _levels(left: np.ndarray, right: np.ndarray, root: np.ndarray) -> list[np.ndarray] | None:
    """Inner nodes by depth; None if a tree is as deep as only one with too many leaves is."""
    levels: list[np.ndarray] = []
    nodes = root
    while len(nodes := nodes[left[nodes] != nodes]):
        if len(levels) == MOST_LEAVES:
            return None
        levels.append(nodes)
        nodes = np.concatenate([left[nodes], right[nodes]])
    return levels


def _by_tree(
    test: np.ndarray, tree: np.ndarray, kept: np.ndarray, trees: int
) -> tuple[np.ndarray, np.ndarray]:
    """`test_in_tree` and `kept_in_tree`, of what every inner node has."""
    order = np.argsort(tree, kind="stable")
    number = np.bincount(tree, minlength=trees)
    place = np.arange(len(order)) - np.repeat(np.cumsum(number) - number, number)
    test_in_tree = np.zeros((number.max(), trees), dtype=np.int64)
    kept_in_tree = np.full(test_in_tree.shape, np.iinfo(kept.dtype).max, dtype=kept.dtype)
    test_in_tree[place, tree[order]] = test[order]
    kept_in_tree[place, tree[order]] = kept[order]
    return test_in_tree, kept_in_tree

"""Forests compiled by numba; `ForestPredictor.predict` has the reference in numpy.

    >>> kernels("nasforge.benchmark.predictors.forest_kernels").one_by_one(...)

Imported only through `nasforge.accelerator.kernels`. All arrays are those of a `ForestPredictor`
and its tables, checked when it was made: nothing here looks at bounds.
"""

import numpy as np

from nasforge.accelerator import compile_kernel

BLOCK = 64
"""Rows that walk a tree together, one bit each."""


# Multiplied by a power of two, the top six bits are different for each (a de Bruijn sequence).
_SEQUENCE = 0x03F79D71B4CB0A89
_POSITIONS = np.zeros(64, dtype=np.uint8)
_POSITIONS[[(_SEQUENCE << bit) % 2**64 >> 58 for bit in range(64)]] = range(64)


@compile_kernel
def _lowest_bit(word: int) -> int:
    """The position of the lowest bit of a word that is not 0."""
    word = np.uint64(word)
    lowest = word & (~word + np.uint64(1))
    return _POSITIONS[(lowest * np.uint64(_SEQUENCE)) >> np.uint64(58)]


@compile_kernel
def one_by_one(
    features: np.ndarray,
    columns: np.ndarray,
    first_test: np.ndarray,
    threshold: np.ndarray,
    first_node: np.ndarray,
    tree: np.ndarray,
    kept: np.ndarray,
    all_leaves: int,
    values: np.ndarray,
    leaves: int,
    first_tree: np.ndarray,
    base: np.ndarray,
    state: np.ndarray,
    out: np.ndarray,
) -> None:
    """`LeafBits.predict`, for few rows.

    Args:
        features: float32 [n, d].
        columns: Of `DistinctTests`; so the next two.
        first_test: See there.
        threshold: See there.
        first_node: `first` of `LeafBits`.
        tree: Of `LeafBits`; so the next four.
        kept: See there.
        all_leaves: See there.
        values: See there.
        leaves: See there.
        first_tree: int32 [members].
        base: float64 [members].
        state: Of the type of `kept` [trees], overwritten.
        out: float64 [n, members], filled.
    """
    for n in range(len(features)):
        state[:] = all_leaves
        for column in range(len(columns)):
            # A column's thresholds increase: the tests that fail come first, and so do their nodes.
            begin = test = first_test[column]
            while (
                test < first_test[column + 1]
                and not features[n, columns[column]] <= threshold[test]
            ):
                test += 1
            for node in range(first_node[begin], first_node[test]):
                state[tree[node]] &= kept[node]
        for member in range(len(base)):
            end = first_tree[member + 1] if member + 1 < len(base) else len(state)
            total = base[member]
            for t in range(first_tree[member], end):
                total += values[t * leaves + _lowest_bit(state[t])]
            out[n, member] = total


@compile_kernel
def walk(
    features: np.ndarray,
    test_feature: np.ndarray,
    test_threshold: np.ndarray,
    nodes: np.ndarray,
    value: np.ndarray,
    root: np.ndarray,
    first_tree: np.ndarray,
    base: np.ndarray,
    out: np.ndarray,
) -> None:
    """Any forest, for few rows. Arguments as of `in_blocks`."""
    go_right = np.empty(len(test_feature), dtype=np.uint8)
    for n in range(len(features)):
        for test in range(len(test_feature)):
            go_right[test] = not features[n, test_feature[test]] <= test_threshold[test]
        for member in range(len(base)):
            end = first_tree[member + 1] if member + 1 < len(base) else len(root)
            total = base[member]
            for t in range(first_tree[member], end):
                node = np.uint32(root[t])
                while True:  # ends, because children stand behind their parents
                    child = nodes[node, 2 if go_right[nodes[node, 0]] else 1]
                    if child == node:
                        break
                    node = child
                total += value[node]
            out[n, member] = total


@compile_kernel
def in_blocks(
    features: np.ndarray,
    test_feature: np.ndarray,
    test_threshold: np.ndarray,
    nodes: np.ndarray,
    value: np.ndarray,
    root: np.ndarray,
    first_tree: np.ndarray,
    base: np.ndarray,
    out: np.ndarray,
) -> None:
    """Any forest, for many rows: 64 of them walk each tree as one word of bits.

    Args:
        features: float32 [n, d].
        test_feature: Of `DistinctTests`; so the next one.
        test_threshold: See there.
        nodes: Test, left and right of every node, uint32 [nodes, 3].
        value: Of `ForestPredictor`; so the next three.
        root: See there.
        first_tree: See there.
        base: See there.
        out: float64 [n, members], filled.
    """
    go_right = np.empty(len(test_feature), dtype=np.uint64)
    columns = np.zeros((features.shape[1], BLOCK), dtype=np.float32)
    # No tree is deeper than there are nodes.
    waiting_nodes = np.empty(len(nodes), dtype=np.uint32)
    waiting_words = np.empty(len(nodes), dtype=np.uint64)
    total = np.empty(BLOCK)
    for begin in range(0, len(features), BLOCK):
        block = features[begin : begin + BLOCK]
        _evaluate(block, test_feature, test_threshold, columns, go_right)
        all_rows = ~np.uint64(0) >> np.uint64(BLOCK - len(block))
        for member in range(len(base)):
            total[:] = base[member]
            end = first_tree[member + 1] if member + 1 < len(base) else len(root)
            for t in range(first_tree[member], end):
                _add_tree(
                    np.uint32(root[t]),
                    all_rows,
                    nodes,
                    value,
                    go_right,
                    waiting_nodes,
                    waiting_words,
                    total,
                )
            out[begin : begin + BLOCK, member] = total[: len(block)]


@compile_kernel
def _evaluate(
    block: np.ndarray,
    test_feature: np.ndarray,
    test_threshold: np.ndarray,
    columns: np.ndarray,
    go_right: np.ndarray,
) -> None:
    """Set bit r of a test's word if row r of the block fails it."""
    for r in range(len(block)):
        for column in range(block.shape[1]):
            columns[column, r] = block[r, column]
    for test in range(len(test_feature)):
        word = np.uint64(0)
        column, threshold = test_feature[test], test_threshold[test]
        for r in range(BLOCK):
            word |= np.uint64(not columns[column, r] <= threshold) << np.uint64(r)
        go_right[test] = word


@compile_kernel
def _add_tree(
    node: int,
    word: int,
    nodes: np.ndarray,
    value: np.ndarray,
    go_right: np.ndarray,
    waiting_nodes: np.ndarray,
    waiting_words: np.ndarray,
    total: np.ndarray,
) -> None:
    """Walk down from a root with the rows of a word; add the leaves they reach to `total`."""
    waiting = 0
    while True:
        left, right = nodes[node, 1], nodes[node, 2]
        if left != node:
            to_right = word & go_right[nodes[node, 0]]
            to_left = word ^ to_right
            if to_left == 0:
                node = right
            else:
                if to_right:
                    waiting_nodes[waiting], waiting_words[waiting] = right, to_right
                    waiting += 1
                node, word = left, to_left
        else:
            for r in range(BLOCK):
                total[r] += value[node] * (word >> np.uint64(r) & np.uint64(1))
            if not waiting:
                break
            waiting -= 1
            node, word = waiting_nodes[waiting], waiting_words[waiting]

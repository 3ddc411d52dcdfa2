"""Forests by bits, by walks and by numba, against plain recursion."""

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nasforge.accelerator import kernels, numpy_alone
from nasforge.benchmark.predictors import ForestPredictor
from nasforge.benchmark.predictors.forest import FEW_ROWS
from nasforge.benchmark.predictors.forest_tables import MOST_LEAVES, DistinctTests
from nasforge.errors import BenchmarkFormatError

FEATURES = 5
NUMBA = kernels("nasforge.benchmark.predictors.forest_kernels") is not None


def random_forest(seed: int, members: int, trees: int, leaves: int) -> ForestPredictor:
    """Trees of 1 to `leaves` leaves, grown at random leaves; few thresholds, so tests recur.

    Values are multiples of 1/64, whose sums are exact in any order.
    """
    rng = np.random.default_rng(seed)
    nodes: list[list[float]] = []  # feature, threshold, left, right, value

    def add_leaf() -> int:
        nodes.append([0, np.inf, len(nodes), len(nodes), rng.integers(-200, 200) / 64])
        return len(nodes) - 1

    roots = []
    for _ in range(members * trees):
        open_leaves = [add_leaf()]
        roots.append(open_leaves[0])
        for _ in range(rng.integers(leaves) if len(roots) > 1 else leaves - 1):
            node = open_leaves.pop(rng.integers(len(open_leaves)))
            children = [add_leaf(), add_leaf()]
            rng.shuffle(children)
            nodes[node] = [rng.integers(FEATURES), rng.integers(6) / 2, *children, 0.0]
            open_leaves += children
    feature, threshold, left, right, value = map(np.array, zip(*nodes, strict=True))
    return ForestPredictor(
        *(feature.astype(np.int32), threshold, left.astype(np.int32), right.astype(np.int32)),
        value,
        np.array(roots, np.int32),
        np.arange(0, members * trees, trees, dtype=np.int32),
        rng.integers(-200, 200, size=members) / 64,
    )


def by_recursion(forest: ForestPredictor, features: np.ndarray) -> np.ndarray:
    def leaf(node: int, row: np.ndarray) -> float:
        if forest.left[node] == node:
            return forest.value[node]
        goes_left = row[forest.feature[node]] <= forest.threshold[node]
        return leaf(int((forest.left if goes_left else forest.right)[node]), row)

    parts = np.split(forest.root, forest.first_tree[1:])
    sums = [[sum(leaf(root, row) for root in part) for part in parts] for row in features]
    return np.array(sums) + forest.base


def rows(seed: int, n: int) -> np.ndarray:
    features = np.random.default_rng(seed).integers(7, size=(n, FEATURES)).astype(np.float32) / 2
    features[::5, 1] = np.nan
    features[1::7, 2] = -np.inf
    return features


@pytest.mark.parametrize(
    "numba", [False, pytest.param(True, marks=pytest.mark.skipif(not NUMBA, reason="no numba"))]
)
@pytest.mark.parametrize("leaves", [1, 2, 8, 9, 16, 17, 33, 64, 65, 150])
def test_every_size_of_tree(leaves: int, numba: bool) -> None:
    forest = random_forest(leaves, members=3, trees=4, leaves=leaves)
    assert (forest._bits is None) == (leaves > MOST_LEAVES)
    for n in (1, FEW_ROWS, 64, 65, 150):
        features = rows(n, n)
        with contextlib.nullcontext() if numba else numpy_alone():
            answer = forest.predict(features)
        np.testing.assert_array_equal(answer, by_recursion(forest, features))


@given(
    st.integers(0, 10_000),
    st.integers(1, 4),
    st.integers(1, 6),
    st.integers(1, 80),
    st.integers(1, 70),
)
@settings(max_examples=60)
def test_numba_and_numpy_agree(seed: int, members: int, trees: int, leaves: int, n: int) -> None:
    forest = random_forest(seed, members, trees, leaves)
    features = rows(seed, n)
    answer = forest.predict(features)
    with numpy_alone():
        np.testing.assert_array_equal(answer, forest.predict(features))
    if leaves > 1:  # nothing else is walked
        walked = forest._walk(forest._tests.go_right(features))
        np.testing.assert_array_equal(answer, walked)


@pytest.mark.parametrize("numba", [False, *[True] * NUMBA])
@pytest.mark.parametrize("n", [1, 100])
def test_rows_that_are_too_short_are_refused(n: int, numba: bool) -> None:
    forest = random_forest(0, members=2, trees=20, leaves=20)
    with contextlib.nullcontext() if numba else numpy_alone(), pytest.raises(IndexError):
        forest.predict(rows(0, n)[:, : FEATURES - 1])


def test_one_large_tree_among_stumps_does_not_blow_up_the_tables() -> None:
    large = random_forest(0, members=1, trees=1, leaves=60)
    forest = ForestPredictor.stack([large, *[random_forest(1, 1, 1, leaves=1)] * 200])
    assert large._bits is not None
    assert forest._bits is None
    np.testing.assert_allclose(
        forest.predict(rows(0, 30)), by_recursion(forest, rows(0, 30)), rtol=1e-12
    )


def test_every_test_is_there_once() -> None:
    forest = random_forest(0, members=2, trees=20, leaves=20)
    tests = DistinctTests.of(forest.feature, forest.threshold, forest.left)
    pairs = list(zip(tests.feature.tolist(), tests.threshold.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    inner = forest.left != np.arange(len(forest.left))
    np.testing.assert_array_equal(tests.feature[tests.of_node[inner]], forest.feature[inner])
    np.testing.assert_array_equal(tests.threshold[tests.of_node[inner]], forest.threshold[inner])
    assert tests.columns.tolist() == sorted(set(tests.feature.tolist()))
    assert tests.first.tolist() == [*np.searchsorted(tests.feature, tests.columns), len(pairs)]


def test_a_chain_deeper_than_64_levels_is_walked() -> None:
    depth = 300
    position = np.arange(2 * depth + 1)
    inner = position % 2 == 0
    inner[-1] = False
    forest = ForestPredictor(
        np.zeros(len(position), np.int32),
        np.where(inner, -position.astype(float), np.inf),
        np.where(inner, position + 1, position).astype(np.int32),
        np.where(inner, position + 2, position).astype(np.int32),
        np.where(inner, 0.0, position),
        *(np.zeros(1, np.int32), np.zeros(1, np.int32), np.zeros(1)),
    )
    features = np.array([[-700.0], [1.0], [-5.0]], np.float32)
    with numpy_alone():
        assert forest.predict(features)[:, 0].tolist() == [1.0, 600.0, 1.0]
    assert forest.predict(features)[:, 0].tolist() == [1.0, 600.0, 1.0]


@pytest.mark.parametrize(
    ("name", "position", "value"), [("right", 0, 1), ("root", 1, 0), ("root", 2, 6), ("left", 3, 7)]
)
def test_a_node_in_two_places_is_refused(
    forest_arrays, name: str, position: int, value: int
) -> None:
    changed = forest_arrays[name].copy()
    changed[position] = value
    with pytest.raises(BenchmarkFormatError, match="a node must belong to one place only"):
        ForestPredictor(**{**forest_arrays, name: changed})

"""Forests in fewer bytes."""

from collections.abc import Mapping
from operator import length_hint

import numpy as np
from explorer_benchmark import random_forest

from nasforge.benchmark.predictors import ForestPredictor
from nasforge.explorer.forests import compact_forest
from nasforge.space import DARTS


def answers(compact: Mapping[str, np.ndarray], row: np.ndarray) -> list[float]:
    """A member's sum of leaves each, by recursion over the preorder."""
    leaf, test, value = (iter(compact[name].tolist()) for name in ("is_leaf", "test", "value"))

    def answer() -> float:
        """Of the tree that comes next; both branches must be read."""
        if next(leaf):
            return next(value)
        asked = next(test)
        left, right = answer(), answer()
        goes_left = row[compact["feature"][asked]] <= compact["threshold"][asked]
        return left if goes_left else right

    every = []
    while length_hint(leaf):
        every.append(answer())
    firsts = [*compact["first_tree"].tolist(), len(every)]
    return [
        base + sum(every[a:b])
        for base, a, b in zip(compact["base"], firsts[:-1], firsts[1:], strict=True)
    ]


def test_it_answers_as_the_forest() -> None:
    rng = np.random.default_rng(1)
    arrays = random_forest(rng, members=3, trees=7, level=0.5)
    rows = DARTS.encode([DARTS.sample(rng) for _ in range(30)], "features")
    expected = ForestPredictor(**arrays).predict(rows)
    found = [answers(compact_forest(arrays), row.astype(float)) for row in rows]
    assert len(np.unique(expected)) > 30  # rows do differ
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_it_is_small() -> None:
    arrays = random_forest(np.random.default_rng(2), members=10, trees=50, level=0.5)
    before = sum(array.nbytes for array in arrays.values())
    assert sum(array.nbytes for array in compact_forest(arrays).values()) < before / 5


def test_many_different_tests_are_numbered_with_more_bits() -> None:
    number = 70_000  # stumps
    at = np.arange(3 * number, dtype=np.int32)
    root = at[::3]
    left, right = at.copy(), at.copy()
    left[root], right[root] = root + 1, root + 2
    threshold = np.zeros(3 * number)
    threshold[root] = np.arange(number)
    compact = compact_forest(
        {
            "feature": np.zeros(3 * number, np.int32),
            "threshold": threshold,
            "left": left,
            "right": right,
            "value": np.where(left == at, at, 0).astype(float),
            "root": root,
            "first_tree": np.zeros(1, np.int32),
            "base": np.zeros(1),
        }
    )
    assert compact["test"].dtype == np.uint32
    np.testing.assert_array_equal(compact["threshold"][compact["test"]], np.arange(number))

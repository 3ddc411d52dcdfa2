"""Predictors: hand-computed answers, and the refusal of every malformed array."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nasforge.benchmark.arrays import narrowed
from nasforge.benchmark.predictors import ForestPredictor, LinearPredictor, forest, make_predictor
from nasforge.errors import BenchmarkFormatError

Arrays = dict[str, np.ndarray]

LINEAR = {
    "weights": np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 0.5]]),
    "bias": np.array([10.0, 20.0]),
}


def binary_rows(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(2, size=(n, 8)).astype(np.float32)


def test_linear_members_are_bias_plus_weighted_features() -> None:
    features = np.array([[1, 0, 0], [1, 1, 1], [0, 0, 0]], np.float32)
    predictor = LinearPredictor(**LINEAR)
    assert predictor.predict(features).tolist() == [[11.0, 20.0], [13.0, 19.5], [10.0, 20.0]]
    assert (predictor.members, predictor.features) == (2, 3)


@pytest.mark.parametrize(
    ("x0", "x7", "x2", "first_member"),
    [
        (0.0, 0.0, 0.0, 0.3 + 0.1 + 0.01),
        (1.0, 0.0, 1.0, 0.3 + 0.2 + 0.01),
        (0.0, 1.0, 0.0, 0.3 + 0.1 + 0.02),
        (1.0, 1.0, 1.0, 0.3 + 0.2 + 0.04),
        (0.5, 0.5, 0.25, 0.3 + 0.1 + 0.01),
        (0.5, 0.75, 0.25, 0.3 + 0.1 + 0.02),
    ],
)
def test_forest_members_are_base_plus_the_leaves_reached(
    forest_arrays: Arrays, x0: float, x7: float, x2: float, first_member: float
) -> None:
    features = np.zeros((1, 8), np.float32)
    features[0, [0, 7, 2]] = x0, x7, x2
    predictor = ForestPredictor(**forest_arrays)
    [[first, second]] = predictor.predict(features)
    assert first == pytest.approx(first_member, rel=1e-15)
    assert second == 0.25 + 0.5
    assert (predictor.members, predictor.features) == (2, 8)


def test_a_forest_in_half_the_bits_answers_as_the_wide_one(forest_arrays: Arrays) -> None:
    rounded = {**forest_arrays, "value": forest_arrays["value"].astype(np.float32).astype(float)}
    narrow = make_predictor("forest", narrowed(rounded))
    assert narrowed(rounded)["value"].dtype == np.float32
    for name, array in narrow.to_arrays().items():
        np.testing.assert_array_equal(array, rounded[name], strict=True)
    features = binary_rows(20)
    expected = ForestPredictor(**rounded).predict(features)
    np.testing.assert_array_equal(narrow.predict(features), expected)


@pytest.mark.parametrize("dtype", ["f2", "i4", "c8", ">f8"])
def test_other_types_are_refused(dtype: str) -> None:
    bias = LINEAR["bias"].astype(dtype)
    with pytest.raises(BenchmarkFormatError, match=r"bias: .* expected float64 or float32"):
        LinearPredictor(LINEAR["weights"], bias)


def test_a_stack_of_forests_answers_as_its_parts(forest_arrays: Arrays) -> None:
    first = ForestPredictor(**forest_arrays)
    second = ForestPredictor(**{**forest_arrays, "base": np.array([-1.0, 7.0])})
    features = binary_rows(20)
    stack = ForestPredictor.stack([first, second, first])
    assert stack.members == 6
    np.testing.assert_array_equal(
        stack.predict(features),
        np.hstack([part.predict(features) for part in (first, second, first)]),
    )


def test_a_stack_of_linear_models_answers_as_its_parts() -> None:
    first = LinearPredictor(**LINEAR)
    second = LinearPredictor(-LINEAR["weights"], LINEAR["bias"] + 1)
    features = binary_rows(20)[:, :3]
    np.testing.assert_array_equal(
        LinearPredictor.stack([first, second]).predict(features),
        np.hstack([first.predict(features), second.predict(features)]),
    )


@pytest.mark.parametrize("extra", [0, 1, 2 * forest.ROWS_PER_CHUNK + 3])
def test_chunks_answer_as_single_rows(forest_arrays: Arrays, extra: int) -> None:
    features = binary_rows(forest.ROWS_PER_CHUNK + extra)
    predictor = ForestPredictor(**forest_arrays)
    distinct, position = np.unique(features, axis=0, return_inverse=True)
    one_by_one = np.vstack([predictor.predict(row[None]) for row in distinct])
    np.testing.assert_array_equal(predictor.predict(features), one_by_one[position.ravel()])


def test_no_rows_give_no_predictions(forest_arrays: Arrays) -> None:
    for predictor in (ForestPredictor(**forest_arrays), LinearPredictor(**LINEAR)):
        nothing = np.empty((0, predictor.features), np.float32)
        assert predictor.predict(nothing).shape == (0, 2)


def test_arrays_round_trip(forest_arrays: Arrays) -> None:
    for kind, arrays in (("forest", forest_arrays), ("linear", LINEAR)):
        predictor = make_predictor(kind, arrays)
        again = make_predictor(predictor.kind, predictor.to_arrays())
        assert set(again.to_arrays()) == set(arrays)
        features = binary_rows(9)[:, : predictor.features]
        np.testing.assert_array_equal(predictor.predict(features), again.predict(features))


def changed(array: np.ndarray, position: int, value: float) -> np.ndarray:
    copy = array.copy()
    copy[position] = value
    return copy


@pytest.mark.parametrize(
    ("name", "position", "value", "message"),
    [
        ("value", 1, np.nan, "value: holds nan"),
        ("value", 1, np.inf, "value: holds nan or infinity"),
        ("value", 0, 0.5, "value: only a leaf"),
        ("value", 5, -1e-9, "value: only a leaf"),
        ("base", 1, np.nan, "base: holds nan"),
        ("threshold", 0, np.nan, "threshold: holds nan"),
        ("feature", 3, -1, "feature: must be from 0"),
        ("left", 5, 3, "a child must stand behind its parent"),
        ("left", 5, 5, "a child must stand behind its parent"),
        ("right", 3, 0, "a child must stand behind its parent"),
        ("right", 1, 2, "a child must stand behind its parent"),
        ("left", 3, -1, "a child must stand behind its parent"),
        ("right", 0, 9, "right: must be from 0 to 8"),
        ("left", 0, 2**31 - 1, "left: must be from 0 to 8"),
        ("root", 0, -1, "root: must be from 0 to 8"),
        ("root", 2, 9, "root: must be from 0 to 8"),
        ("first_tree", 0, 1, "first_tree: must start at 0"),
        ("first_tree", 1, 0, "first_tree: must start at 0 and increase"),
        ("first_tree", 1, 3, "first_tree: must be from 0 to 2"),
        ("first_tree", 1, -1, "first_tree: must be from 0 to 2"),
    ],
)
def test_a_forest_with_a_bad_entry_is_refused(
    forest_arrays: Arrays, name: str, position: int, value: float, message: str
) -> None:
    arrays = {**forest_arrays, name: changed(forest_arrays[name], position, value)}
    with pytest.raises(BenchmarkFormatError, match=message):
        make_predictor("forest", arrays)


@pytest.mark.parametrize("name", ["feature", "threshold", "left", "right", "value"])
@pytest.mark.parametrize("change", [lambda a: a[:-1], lambda a: a[:, None]])
def test_a_forest_with_an_array_of_the_wrong_shape_is_refused(
    forest_arrays: Arrays, name: str, change: Any
) -> None:
    with pytest.raises(BenchmarkFormatError, match="shape"):
        make_predictor("forest", {**forest_arrays, name: change(forest_arrays[name])})


@pytest.mark.parametrize("name", ["root", "first_tree", "base"])
def test_a_forest_with_an_empty_array_is_refused(forest_arrays: Arrays, name: str) -> None:
    with pytest.raises(BenchmarkFormatError, match="shape"):
        make_predictor("forest", {**forest_arrays, name: forest_arrays[name][:0]})


def test_a_forest_without_nodes_is_refused(forest_arrays: Arrays) -> None:
    with pytest.raises(BenchmarkFormatError, match="not empty"):
        make_predictor("forest", {name: array[:0] for name, array in forest_arrays.items()})


@pytest.mark.parametrize(
    "name", ["feature", "threshold", "left", "right", "value", "root", "first_tree", "base"]
)
def test_a_forest_with_an_array_of_the_wrong_type_is_refused(
    forest_arrays: Arrays, name: str
) -> None:
    good = forest_arrays[name]
    swapped = good.dtype.newbyteorder(">")
    for bad in (good.astype(np.int64), good.astype(np.float16), good.astype(swapped), good[0]):
        with pytest.raises(BenchmarkFormatError, match=f"{name}: .* expected"):
            make_predictor("forest", {**forest_arrays, name: np.asarray(bad)})


@pytest.mark.parametrize(
    "arrays",
    [
        {"weights": LINEAR["weights"].astype(np.float16)},
        {"bias": np.array([1, 2])},
        {"bias": np.array(1.0)},
        {"bias": np.zeros(3)},
        {"bias": np.zeros((2, 1))},
        {"weights": np.zeros(2)},
        {"weights": np.zeros((2, 3, 1))},
        {"weights": np.zeros((0, 3)), "bias": np.zeros(0)},
        {"weights": np.full((2, 3), np.nan)},
        {"bias": np.array([0.0, np.inf])},
    ],
)
def test_a_malformed_linear_model_is_refused(arrays: Arrays) -> None:
    with pytest.raises(BenchmarkFormatError, match=r"weights|bias"):
        make_predictor("linear", {**LINEAR, **arrays})


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BenchmarkFormatError, match="'spline'; this version reads linear, forest"):
        make_predictor("spline", LINEAR)


def test_missing_and_extra_arrays_are_refused(forest_arrays: Arrays) -> None:
    missing = {name: array for name, array in forest_arrays.items() if name != "base"}
    for kind, arrays in (("forest", missing), ("linear", {**LINEAR, "extra": np.zeros(1)})):
        with pytest.raises(BenchmarkFormatError, match=f"a {kind} predictor has arrays"):
            make_predictor(kind, arrays)


@settings(deadline=None)
@given(st.data())
def test_whatever_passes_the_checks_ends_and_stays_in_bounds(data: st.DataObject) -> None:
    nodes = data.draw(st.integers(1, 6))
    node = st.integers(-1, nodes)

    def column(element: st.SearchStrategy, size: int, dtype: type) -> np.ndarray:
        return np.array(data.draw(st.lists(element, min_size=size, max_size=size)), dtype)

    arrays = {
        "feature": column(st.integers(0, 7), nodes, np.int32),
        "threshold": column(st.sampled_from([-1.0, 0.5, 2.0]), nodes, np.float64),
        "left": column(node, nodes, np.int32),
        "right": column(node, nodes, np.int32),
        "value": np.zeros(nodes),
        "root": column(node, 2, np.int32),
        "first_tree": np.array([0], np.int32),
        "base": np.array([1.5]),
    }
    try:
        predictor = make_predictor("forest", arrays)
    except BenchmarkFormatError:
        return
    assert (predictor.predict(binary_rows(5)) == 1.5).all()


@pytest.mark.parametrize("depth", [1024, 1025])
def test_a_tree_deeper_than_any_of_ours_is_refused(depth: int) -> None:
    nodes = 2 * depth + 1  # node 2i tests, its left child 2i + 1 is a leaf
    inner = np.arange(nodes) % 2 == 0
    inner[-1] = False
    position = np.arange(nodes)
    arrays = {
        "feature": np.zeros(nodes, np.int32),
        "threshold": np.zeros(nodes),
        "left": np.where(inner, position + 1, position).astype(np.int32),
        "right": np.where(inner, position + 2, position).astype(np.int32),
        "value": np.where(position == nodes - 1, 1.0, 0.0),
        "root": np.zeros(1, np.int32),
        "first_tree": np.zeros(1, np.int32),
        "base": np.zeros(1),
    }
    if depth > 1024:
        with pytest.raises(BenchmarkFormatError, match="deeper than 1024 tests"):
            make_predictor("forest", arrays)
        return
    predictor = make_predictor("forest", arrays)
    assert predictor.predict(np.array([[1.0], [0.0]], np.float32)).tolist() == [[1.0], [0.0]]

"""Perceptrons as arrays: by hand, stacking, and the refusal of malformed arrays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nasforge.benchmark.predictors import make_predictor, mlp
from nasforge.benchmark.predictors.mlp import MlpPredictor
from nasforge.errors import BenchmarkFormatError

Arrays = dict[str, np.ndarray]

# Two members that look at columns 1 and 3, with one hidden layer of width 2.
SMALL = {
    "columns": np.array([1, 3], np.int32),
    "input_weights": np.array([[[1, 0], [2, -1]], [[0, 0], [0, 1]]], np.float32),
    "input_biases": np.array([[0, 0.5], [-1, 0]], np.float32),
    "layer_weights": np.zeros((2, 0, 2, 2), np.float32),
    "layer_biases": np.zeros((2, 0, 2), np.float32),
    "output_weights": np.array([[1.0, 10.0], [5.0, 7.0]]),
    "output_biases": np.array([100.0, 200.0]),
}


def random_arrays(
    seed: int, members: int = 3, columns: tuple[int, ...] = (0, 2, 3, 9), hidden: int = 6
) -> Arrays:
    """Two more hidden layers."""
    rng = np.random.default_rng(seed)
    shapes = {
        "input_weights": (members, len(columns), hidden),
        "input_biases": (members, hidden),
        "layer_weights": (members, 2, hidden, hidden),
        "layer_biases": (members, 2, hidden),
        "output_weights": (members, hidden),
        "output_biases": (members,),
    }
    arrays = {
        name: rng.normal(size=shape).astype("f8" if name.startswith("output") else "f4")
        for name, shape in shapes.items()
    }
    return {"columns": np.array(columns, np.int32), **arrays}


def random_rows(n: int) -> np.ndarray:
    rows = np.random.default_rng(0).normal(size=(n, 12)).astype(np.float32)
    return np.where(rows > 0, rows, 0)


def by_definition(arrays: Arrays, rows: np.ndarray, member: int) -> np.ndarray:
    a = {name: array[member].astype(float) for name, array in arrays.items() if name != "columns"}
    state = np.maximum(rows[:, arrays["columns"]] @ a["input_weights"] + a["input_biases"], 0)
    for weights, biases in zip(a["layer_weights"], a["layer_biases"], strict=True):
        state = np.maximum(state @ weights + biases, 0)
    return state @ a["output_weights"] + a["output_biases"]


def test_a_network_computed_by_hand() -> None:
    # Row 1: hidden (1 + 2, 0.5 - 1 < 0) and (-1 < 0, 1). Row 2: hidden (0, 0.5) and (-1 < 0, 0).
    rows = np.array([[9, 1, 9, 1], [9, 0, 9, 0]], np.float32)
    predictor = make_predictor("mlp", SMALL)
    assert predictor.predict(rows).tolist() == [[103.0, 207.0], [105.0, 200.0]]
    assert (predictor.members, predictor.features) == (2, 4)
    assert [predictor.accepts(width) for width in (3, 4, 5)] == [False, True, True]


def test_against_the_definition() -> None:
    arrays, rows = random_arrays(0), random_rows(7)
    expected = np.stack([by_definition(arrays, rows, member) for member in range(3)], axis=1)
    np.testing.assert_allclose(MlpPredictor(**arrays).predict(rows), expected, atol=1e-4)


def test_a_stack_of_members_with_other_columns_answers_as_its_parts() -> None:
    rows = random_rows(20)
    parts = [
        MlpPredictor(**random_arrays(seed, members=seed, columns=columns))
        for seed, columns in ((1, (0, 5)), (2, (2, 5, 11)), (3, (1,)))
    ]
    stack = MlpPredictor.stack(parts)
    assert stack.members == 6
    assert stack.columns.tolist() == [0, 1, 2, 5, 11]
    np.testing.assert_allclose(
        stack.predict(rows), np.hstack([part.predict(rows) for part in parts]), atol=1e-4
    )


def test_parts_with_other_layers_are_not_stacked() -> None:
    first = MlpPredictor(**random_arrays(0))
    for second in (random_arrays(0, hidden=5), SMALL):
        with pytest.raises(BenchmarkFormatError, match="must have the same hidden layers"):
            MlpPredictor.stack([first, MlpPredictor(**second)])


def test_chunks_answer_as_single_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    predictor, rows = MlpPredictor(**random_arrays(0)), random_rows(23)
    one_by_one = np.vstack([predictor.predict(row[None]) for row in rows])
    for rows_per_chunk in (1, 5, 100):
        monkeypatch.setattr(mlp, "ROWS_PER_CHUNK", rows_per_chunk)
        np.testing.assert_allclose(predictor.predict(rows), one_by_one, atol=1e-4)


def test_no_rows_give_no_predictions() -> None:
    predictor = MlpPredictor(**random_arrays(0))
    assert predictor.predict(np.empty((0, 12), np.float32)).shape == (0, 3)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("change", ["dtype", "bytes", "scalar", "shorter", "axis", "empty"])
def test_an_array_of_the_wrong_type_or_shape_is_refused(name: str, change: str) -> None:
    arrays = random_arrays(0)
    good = arrays[name]
    bad = {
        "dtype": good.astype(np.int64),
        "bytes": good.astype(good.dtype.newbyteorder(">")),
        "scalar": np.array(good.flat[0]),
        "shorter": good[:-1],
        "axis": good[..., None],
        "empty": good[:0],
    }[change]
    with pytest.raises(BenchmarkFormatError, match=r"^\w+: (shape|.* array)"):
        make_predictor("mlp", {**arrays, name: bad})


@pytest.mark.parametrize("name", [name for name in SMALL if name != "columns"])
@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_values_that_are_not_finite_are_refused(name: str, value: float) -> None:
    arrays = random_arrays(0)
    arrays[name].flat[-1] = value
    with pytest.raises(BenchmarkFormatError, match=f"{name}: holds nan or infinity"):
        make_predictor("mlp", arrays)


@pytest.mark.parametrize("columns", [(-1, 2, 3, 9), (0, 2, 2, 9), (3, 2, 5, 9)])
def test_columns_out_of_order_are_refused(columns: tuple[int, ...]) -> None:
    with pytest.raises(BenchmarkFormatError, match="columns: must start at 0 or above"):
        make_predictor("mlp", random_arrays(0, columns=columns))


@settings(deadline=None)
@given(st.data())
def test_whatever_passes_the_checks_answers(data: st.DataObject) -> None:
    arrays = random_arrays(0, members=2, hidden=2)
    for name in data.draw(st.lists(st.sampled_from(sorted(arrays)), min_size=1, max_size=3)):
        array = arrays[name]
        axis = data.draw(st.integers(0, array.ndim - 1))
        size = data.draw(st.integers(0, 3))
        if array.shape[axis]:
            arrays[name] = np.take(array, np.arange(size) % array.shape[axis], axis)
    try:
        predictor = make_predictor("mlp", arrays)
    except BenchmarkFormatError:
        return
    answer = predictor.predict(random_rows(4))
    assert answer.shape == (4, len(arrays["output_biases"]))
    assert np.isfinite(answer).all()

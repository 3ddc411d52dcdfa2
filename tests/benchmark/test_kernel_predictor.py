"""Kernel machines as arrays: what they compute and what they refuse."""

import dataclasses

import numpy as np
import pytest

from nasforge.benchmark.predictors import KernelPredictor, make_predictor
from nasforge.errors import BenchmarkFormatError


@pytest.fixture
def predictor() -> KernelPredictor:
    """Two members: an RBF on 3 rows and a Matern 5/2 on 2."""
    rng = np.random.default_rng(0)
    return KernelPredictor(
        rows=rng.normal(size=(5, 4)).astype(np.float32),
        dual=rng.normal(size=5),
        first_row=np.array([0, 3], dtype=np.int32),
        scale=np.array([[1.0, 0.5, 0.0, 2.0], [0.3, 0.0, 1.0, 1.0]]),
        kernel=np.array([0, 1], dtype=np.int32),
        bias=np.array([0.5, -1.0]),
    )


def test_it_is_the_sum_of_similarities(predictor: KernelPredictor) -> None:
    features = np.random.default_rng(1).normal(size=(600, 4)).astype(np.float32)
    answer = predictor.predict(features)
    for row in (0, 1, 599):
        rbf = matern = 0.0
        for i in range(3):
            d = np.linalg.norm((features[row] - predictor.rows[i]) * predictor.scale[0])
            rbf += predictor.dual[i] * np.exp(-(d**2) / 2)
        for i in (3, 4):
            d = np.sqrt(5) * np.linalg.norm(
                (features[row] - predictor.rows[i]) * predictor.scale[1]
            )
            matern += predictor.dual[i] * (1 + d + d**2 / 3) * np.exp(-d)
        np.testing.assert_allclose(answer[row], [rbf + 0.5, matern - 1.0], rtol=1e-5)


def test_a_row_counts_as_often_as_a_member_has_it(predictor: KernelPredictor) -> None:
    rows = predictor.rows[[0, 1, 0, 1, 0]]  # member 0 has 0, 1, 0; member 1 has 1, 0
    twice = dataclasses.replace(predictor, rows=rows)
    features = np.random.default_rng(2).normal(size=(3, 4)).astype(np.float32)
    d = np.linalg.norm((features[:, None] - rows[None, :3]) * predictor.scale[0], axis=2)
    expected = np.exp(-(d**2) / 2) @ predictor.dual[:3] + 0.5
    np.testing.assert_allclose(twice.predict(features)[:, 0], expected, rtol=1e-5)


def test_without_a_column_all_distances_are_zero(predictor: KernelPredictor) -> None:
    blind = dataclasses.replace(predictor, scale=np.zeros((2, 4)))
    answer = blind.predict(np.ones((2, 4), np.float32))
    expected = [predictor.dual[:3].sum() + 0.5, predictor.dual[3:].sum() - 1.0]
    np.testing.assert_allclose(answer, [expected, expected])


def test_more_members_than_a_query_should_compare_are_refused(predictor: KernelPredictor) -> None:
    with pytest.raises(BenchmarkFormatError, match="bias: 258 members, at most 256 are allowed"):
        KernelPredictor.stack([predictor] * 129)


def test_stacked_members_predict_as_alone(predictor: KernelPredictor) -> None:
    features = np.random.default_rng(1).normal(size=(7, 4)).astype(np.float32)
    stacked = KernelPredictor.stack([predictor, predictor])
    alone = predictor.predict(features)
    np.testing.assert_array_equal(stacked.predict(features), np.hstack([alone, alone]))
    again = make_predictor("kernel", stacked.to_arrays())
    np.testing.assert_array_equal(again.predict(features), stacked.predict(features))
    assert again.accepts(4)
    assert not again.accepts(5)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("rows", np.zeros((5, 4)), "rows: float64 array"),
        ("rows", np.zeros((0, 4), np.float32), "must have two axes and not be empty"),
        ("rows", np.full((5, 4), np.nan, np.float32), "rows: holds nan"),
        ("dual", np.zeros(4), "dual: shape"),
        ("scale", np.zeros((2, 3)), "scale: shape"),
        ("kernel", np.array([0, 2], np.int32), "kernel: must be from 0 to 1"),
        ("first_row", np.array([0, 5], np.int32), "first_row: must be from 0 to 4"),
        ("first_row", np.array([1, 3], np.int32), "first_row: must start at 0"),
        ("first_row", np.array([0, 0], np.int32), "first_row: must start at 0"),
        ("bias", np.array([np.inf, 0.0]), "bias: holds nan"),
    ],
)
def test_malformed_arrays_are_refused(
    predictor: KernelPredictor, name: str, value: np.ndarray, message: str
) -> None:
    with pytest.raises(BenchmarkFormatError, match=message):
        dataclasses.replace(predictor, **{name: value})


def test_too_many_members_times_rows_are_refused() -> None:
    rows, members = 2**15 + 1, 256
    with pytest.raises(BenchmarkFormatError, match="256 members times 32769 rows, at most 8388608"):
        KernelPredictor(
            rows=np.zeros((rows, 1), np.float32),
            dual=np.zeros(rows),
            first_row=np.arange(members, dtype=np.int32),
            scale=np.zeros((members, 1)),
            kernel=np.zeros(members, np.int32),
            bias=np.zeros(members),
        )

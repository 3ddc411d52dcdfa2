"""Scores against their formulas."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nasforge.surrogates.metrics import METRICS

TRUE = np.array([0.90, 0.91, 0.93, 0.92, 0.95])
PREDICTED = np.array([0.91, 0.90, 0.94, 0.92, 0.93])

values = st.lists(st.integers(0, 6), min_size=2, max_size=12)


def test_errors_follow_their_formulas() -> None:
    errors = TRUE - PREDICTED
    assert METRICS["mae"](TRUE, PREDICTED) == pytest.approx(0.01)
    assert METRICS["rmse"](TRUE, PREDICTED) == pytest.approx(math.sqrt((errors**2).sum() / 5))
    total = ((TRUE - 0.922) ** 2).sum()
    assert METRICS["r2"](TRUE, PREDICTED) == pytest.approx(1 - (errors**2).sum() / total)


@given(st.data(), values)
def test_kendalls_tau_is_tau_b(data: st.DataObject, true: list[int]) -> None:
    predicted = data.draw(st.lists(st.integers(0, 6), min_size=len(true), max_size=len(true)))
    signs = [
        (np.sign(a[0] - b[0]), np.sign(a[1] - b[1]))
        for a, b in itertools.combinations(zip(true, predicted, strict=True), 2)
    ]
    untied = [sum(sign[side] != 0 for sign in signs) for side in (0, 1)]
    tau = METRICS["kendall_tau"](np.array(true), np.array(predicted))
    if 0 in untied:
        assert math.isnan(tau)
    else:
        assert tau == pytest.approx(sum(a * b for a, b in signs) / math.sqrt(math.prod(untied)))


@given(st.permutations(range(8)))
def test_spearman_is_the_correlation_of_ranks(predicted: list[int]) -> None:
    true = np.arange(8.0)
    expected = np.corrcoef(true, stats.rankdata(predicted))[0, 1]
    assert METRICS["spearman"](true, np.exp(predicted)) == pytest.approx(expected)


def test_sparse_tau_rounds_the_prediction_to_a_tenth_of_a_point() -> None:
    predicted = np.array([0.9004, 0.9001, 0.9026])
    true = np.array([0.1, 0.2, 0.3])
    assert METRICS["kendall_tau"](true, predicted) == pytest.approx(1 / 3)
    # The first two are tied at 0.900: 2 of 3 pairs, both in order.
    assert METRICS["sparse_kendall_tau"](true, predicted) == pytest.approx(2 / math.sqrt(3 * 2))


def test_sparse_tau_does_not_round_the_truth() -> None:
    true = np.array([0.9001, 0.9002, 0.9003])
    assert METRICS["sparse_kendall_tau"](true, np.array([0.1, 0.2, 0.3])) == 1.0


@pytest.mark.parametrize("name", METRICS)
def test_perfect_predictions_have_the_best_score(name: str) -> None:
    best = 0.0 if name in ("mae", "rmse") else 1.0
    assert METRICS[name](TRUE, TRUE) == pytest.approx(best)


@pytest.mark.parametrize("name", ["kendall_tau", "sparse_kendall_tau", "spearman"])
def test_ranks_of_constants_are_undefined(name: str) -> None:
    assert math.isnan(METRICS[name](TRUE, np.full(5, 0.9)))
    assert math.isnan(METRICS[name](np.full(5, 0.9), PREDICTED))
    assert math.isnan(METRICS[name](TRUE[:1], PREDICTED[:1]))


def test_r2_of_a_constant_truth_is_undefined() -> None:
    assert math.isnan(METRICS["r2"](np.full(5, 0.9), PREDICTED))


def test_the_mean_explains_nothing() -> None:
    assert METRICS["r2"](TRUE, np.full(5, TRUE.mean())) == pytest.approx(0.0)


def test_the_overlap_counts_the_best_tenth_rounded_up() -> None:
    true = np.arange(25.0)
    predicted = np.arange(25.0)
    predicted[23] = -1.0
    # The best three are 22, 23, 24 and, predicted, 21, 22, 24.
    assert METRICS["top_tenth_overlap"](true, predicted) == pytest.approx(2 / 3)
    assert METRICS["top_tenth_overlap"](true, true) == 1.0
    assert METRICS["top_tenth_overlap"](true, -true) == 0.0
    assert math.isnan(METRICS["top_tenth_overlap"](true, np.zeros(25)))

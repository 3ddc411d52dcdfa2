"""Where errors are equal, against curves whose crossing is known."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasforge.studies.equal_error import TrainingCost, equal_error, overtaking_size, read_cost
from nasforge.studies.judges import SEEN, UNSEEN, Answer, Judges

SIZES = np.array([50, 100, 200, 400])


def test_a_curve_that_is_straight_on_log_n_crosses_where_it_does() -> None:
    # Behind by log(150 / n): zero at 150, whatever the sizes.
    assert overtaking_size(SIZES, np.log(150 / SIZES)) == pytest.approx(150)
    assert overtaking_size(SIZES[[0, 3]], np.log(150 / SIZES[[0, 3]])) == pytest.approx(150)
    assert overtaking_size(SIZES, np.array([1.0, 0.5, 0.0, -1.0])) == 200


def test_only_what_stays_better_has_overtaken() -> None:
    assert 100 < overtaking_size(SIZES, np.array([-0.1, 0.1, -0.1, -0.2])) < 200
    assert math.isinf(overtaking_size(SIZES, np.array([-0.1, -0.1, -0.1, 0.1])))
    assert overtaking_size(SIZES, np.array([-0.1, -0.1, 0.0, -0.1])) == 0


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4))
def test_from_that_size_on_it_is_not_behind(behind: list[float]) -> None:
    size = overtaking_size(SIZES, np.array(behind))
    after = [error for n, error in zip(SIZES, behind, strict=True) if n > size * (1 + 1e-9)]
    assert all(error <= 0 for error in after)
    if 0 < size < math.inf:
        assert np.interp(np.log(size), np.log(SIZES), behind) == pytest.approx(0, abs=1e-9)
    assert math.isinf(size) == (behind[-1] > 0)


def judged(number: int) -> Judges:
    """Truths of 0; a table that errs by .01 on every judge."""
    ids = np.array([str(i) for i in range(number)])
    return Judges(ids, np.zeros(number), np.full(number, 0.01), {})


def said(errors: dict[int, np.ndarray]) -> list[Answer]:
    return [Answer(UNSEEN, str(n), n, error) for n, error in errors.items()]


def test_judges_that_agree_leave_no_doubt() -> None:
    errors = {n: np.full(30, 0.01 * 150 / n) for n in (300, 75)}  # in any order
    seen = [Answer(SEEN, "all", 10, np.zeros(30))]  # the paper's variant has no part in it
    row = equal_error(judged(30), [*said(errors), *seen], TrainingCost(0.5, 2.0))
    assert (row["smallest"], row["largest"], row["judges"]) == (75, 300, 30)
    # Between errors of .02 and .005: two thirds of the way.
    assert row["size"] == pytest.approx(75 * 4 ** (2 / 3))
    assert row["size_low"] == row["size_high"] == pytest.approx(row["size"])
    assert row["networks"] == pytest.approx(2 * row["size"])  # two trainings an architecture
    assert row["core_hours"] == pytest.approx(row["size"])
    assert row["overtaking"] == 1.0


def test_draws_that_do_not_overtake_are_part_of_the_interval() -> None:
    # At 300 five of 30 judges err by a lot, the others by nothing: sometimes too many are drawn.
    far = np.where(np.arange(30) < 5, 0.04, 0.0)
    row = equal_error(judged(30), said({75: far + 0.01, 300: far}), TrainingCost(1.0, 1.0))
    assert 75 < row["size"] < 300
    assert math.isinf(row["size_high"])
    assert 75 < row["size_low"] < row["size"]
    assert 0.5 < row["overtaking"] < 1.0
    assert math.isinf(row["core_hours_high"])


@pytest.mark.parametrize(("error", "bound"), [(0.0, 0.0), (0.02, math.inf)])
def test_outside_of_the_sizes_nothing_is_made_up(error: float, bound: float) -> None:
    errors = {n: np.full(30, error) for n in (75, 300)}
    row = equal_error(judged(30), said(errors), TrainingCost(1.0, 1.0))
    for column in ("size", "networks", "core_hours"):
        assert {row[column], row[f"{column}_low"], row[f"{column}_high"]} == {bound}


def test_trainings_without_a_time_cost_the_mean(tmp_path: Path) -> None:
    rows = {"architecture_id": ["a", "a", "a", "b"], "train_time_s": [1800.0, np.nan, 5400.0, 3600]}
    pd.DataFrame(rows).to_parquet(tmp_path / "development.parquet")
    cost = read_cost(tmp_path / "development.parquet")
    assert cost == TrainingCost(core_hours=1.0, trainings=2.0)
    assert cost.of_architectures(10) == pytest.approx(20)

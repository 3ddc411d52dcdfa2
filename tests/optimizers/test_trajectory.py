"""Trajectories: the incumbent, and the table."""

import dataclasses
import math

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasforge.errors import EvaluationsError
from nasforge.optimizers import Trajectory, read_trajectories, write_trajectories


def trajectory(seen, value=None, seed=0, best_known=0.9):
    number = len(seen)
    return Trajectory(
        optimizer="random",
        backend="tiny-v1/linear",
        seed=seed,
        workers=2,
        generation_size=0,
        best_known=best_known,
        asked=np.arange(number)[::-1].copy(),
        start_s=np.arange(number) * 1.0,
        wall_time_s=np.arange(number) + 0.5,
        architectures=tuple(f"network{i}" for i in range(number)),
        value_seen=np.array(seen, float),
        value=np.array(seen if value is None else value, float),
    )


def test_the_incumbent_is_the_best_that_was_seen_and_worth_its_own_value():
    run = trajectory([0.5, 0.7, 0.6, 0.8], value=[0.55, 0.5, 0.7, 0.6])
    assert run.incumbent.tolist() == [0, 1, 1, 3]
    assert run.incumbent_seen.tolist() == [0.5, 0.7, 0.7, 0.8]
    assert run.incumbent_value.tolist() == [0.55, 0.5, 0.5, 0.6]
    np.testing.assert_allclose(run.regret, [0.35, 0.4, 0.4, 0.3])


def test_failed_evaluations_are_no_incumbents():
    run = trajectory([math.nan, 0.5, math.nan, 0.6])
    assert run.incumbent.tolist() == [-1, 1, 1, 3]
    np.testing.assert_array_equal(run.incumbent_value, [math.nan, 0.5, 0.5, 0.6])


def test_of_equal_ones_the_first_stays():
    assert trajectory([0.5, 0.5, 0.4]).incumbent.tolist() == [0, 0, 0]


@given(st.lists(st.sampled_from([math.nan, 0.1, 0.2, 0.3]), min_size=1))
def test_the_incumbent_is_what_a_loop_finds(seen):
    best, expected = -1, []
    for number, value in enumerate(seen):
        if not math.isnan(value) and (best < 0 or value > seen[best]):
            best = number
        expected.append(best)
    assert trajectory(seen).incumbent.tolist() == expected


def test_a_table_holds_every_run_and_what_follows_from_it(tmp_path):
    runs = [trajectory([math.nan, 0.7, 0.6]), trajectory([0.5], seed=1)]
    write_trajectories(tmp_path / "t.parquet", runs)
    rows = pq.read_table(tmp_path / "t.parquet").to_pylist()
    assert [row["seed"] for row in rows] == [0, 0, 0, 1]
    assert [row["evaluation"] for row in rows] == [1, 2, 3, 1]
    assert [row["incumbent"] for row in rows] == [0, 2, 2, 1]
    assert rows[2]["architecture"] == "network2"
    assert rows[2]["incumbent_value"] == 0.7
    assert rows[2]["regret"] == pytest.approx(0.2)
    assert rows[2]["wall_time_s"] == 2.5
    assert (rows[2]["optimizer"], rows[2]["backend"]) == ("random", "tiny-v1/linear")


def test_reading_gives_what_was_written(tmp_path):
    runs = [trajectory([math.nan, 0.7, 0.6]), trajectory([0.5], seed=1, best_known=math.nan)]
    write_trajectories(tmp_path / "t.parquet", runs)
    for read, written in zip(read_trajectories(tmp_path / "t.parquet"), runs, strict=True):
        for field in dataclasses.fields(Trajectory):
            np.testing.assert_array_equal(getattr(read, field.name), getattr(written, field.name))


def test_other_files_are_refused(tmp_path):
    (tmp_path / "t.parquet").write_text("nonsense")
    with pytest.raises(EvaluationsError, match="not a table of trajectories"):
        read_trajectories(tmp_path / "t.parquet")
    with pytest.raises(EvaluationsError, match="no such file"):
        read_trajectories(tmp_path / "u.parquet")

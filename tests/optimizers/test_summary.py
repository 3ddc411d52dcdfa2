"""What several runs gave, in numbers."""

import math

import numpy as np

from nasforge.optimizers import Trajectory
from nasforge.optimizers.summary import format_summary, milestones, summarise


def trajectory(optimizer, seed, value, evaluations=20, best_known=0.9):
    """The incumbent never changes."""
    seen = np.full(evaluations, value + 0.01)
    return Trajectory(
        optimizer,
        "tiny",
        seed,
        1,
        0,
        best_known,
        asked=np.arange(evaluations),
        start_s=np.arange(evaluations) * 3600.0,
        wall_time_s=np.arange(1, evaluations + 1) * 3600.0,
        architectures=("a",) * evaluations,
        value_seen=seen,
        value=seen - 0.01,
    )


def test_milestones_are_powers_of_ten_and_the_end():
    assert milestones(5) == [5]
    assert milestones(10) == [10]
    assert milestones(2500) == [10, 100, 1000, 2500]


def test_a_summary_has_medians_and_quartiles():
    runs = [trajectory("tpe", seed, 0.8 + 0.01 * seed) for seed in range(5)]
    first, second = summarise([*runs, trajectory("random", 0, 0.7)])
    assert (first.optimizer, first.runs, first.evaluations) == ("tpe", 5, 20)
    np.testing.assert_allclose(first.regret[10], [0.07, 0.08, 0.09])
    np.testing.assert_allclose([first.value, first.seen], [0.82, 0.83])
    assert first.wall_time_s == 20 * 3600
    assert (second.optimizer, second.runs) == ("random", 1)


def test_the_text_is_in_percentage_points():
    text = format_summary(summarise([trajectory("tpe", 0, 0.85)]))
    assert text.splitlines()[1].split()[:5] == ["tpe", "1", "20.00", "0.8600", "0.8500"]
    assert text.count("5.00 [5.00, 5.00]") == 2


def test_what_is_unknown_is_a_dash_and_null():
    [summary] = summarise([trajectory("tpe", 0, 0.85, best_known=math.nan)])
    assert format_summary([summary]).splitlines()[1].split()[-2:] == ["-", "-"]
    assert summary.to_json()["regret"] == {10: None, 20: None}

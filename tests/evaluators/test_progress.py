"""Progress lines."""

import logging

import pytest

from nasforge.evaluations.schema import CurvePoint
from nasforge.evaluators.progress import ShardProgress, format_duration


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def point(epoch: int) -> CurvePoint:
    return CurvePoint(epoch, 1.0, 0.5, 1.0, 0.51234, 3.0)


def test_a_line_says_what_is_done_and_what_is_left(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    progress = ShardProgress("a/gen0/shard1", trainings=3, epochs=4, clock=clock)
    for epoch in (1, 2, 3, 4):
        clock.now += 5.0
        progress.epoch_done(point(epoch))
    progress.training_done()
    clock.now += 5.0
    with caplog.at_level(logging.INFO):
        progress.epoch_done(point(1))
        clock.now += 5.0
        progress.epoch_done(point(2))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == ("a/gen0/shard1: 0/3 trainings, epoch 2/4, val_accuracy 0.5123, 0:50 left")
    # 6 epochs in 30 s, 6 of 12 left.
    assert lines[-1] == ("a/gen0/shard1: 1/3 trainings, epoch 2/4, val_accuracy 0.5123, 0:30 left")
    assert caplog.messages == [lines[-1]]


def test_lines_are_not_more_frequent_than_the_interval(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    progress = ShardProgress("a", trainings=1, epochs=100, clock=clock)
    for epoch in range(1, 101):
        clock.now += 1.0
        progress.epoch_done(point(epoch))
    assert len(capsys.readouterr().err.splitlines()) == 10


def test_trainings_found_in_the_cache_count_as_done(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    progress = ShardProgress("a", trainings=3, epochs=1, clock=clock)
    progress.training_done()
    progress.training_done()
    clock.now += 20.0
    progress.epoch_done(point(1))
    assert "2/3 trainings, epoch 1/1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0:00"), (61, "1:01"), (3600 * 3 + 7 * 60, "3:07:00"), (-5, "0:00")]
)
def test_durations(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text

"""How far a shard is: a plain line every now and then, for a terminal and a log file alike.

    >>> progress = ShardProgress("random/gen0/shard1", trainings=6, epochs=8)
    >>> progress.epoch_done(point)
    random/gen0/shard1: 2/6 trainings, epoch 3/8, val_accuracy 0.8123, 0:42 left

No control characters: several shards write to one terminal.
"""

import logging
import sys
import time
from collections.abc import Callable

from nasforge.evaluations.schema import CurvePoint

_LOG = logging.getLogger(__name__)

INTERVAL_S = 10.0


class ShardProgress:
    """Counts a shard's trainings and epochs, and estimates the time that is left.

    Args:
        label: Which shard.
        trainings: Trainings in it.
        epochs: Epochs of each.
        clock: Seconds, for the estimate and the interval between lines.
        interval_s: Least time between two lines.
    """

    def __init__(
        self,
        label: str,
        trainings: int,
        epochs: int,
        clock: Callable[[], float] = time.monotonic,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._label = label
        self._trainings = trainings
        self._epochs = epochs
        self._clock = clock
        self._interval_s = interval_s
        self._start = self._shown = clock()
        self._done = 0
        self._epochs_run = 0

    def epoch_done(self, point: CurvePoint) -> None:
        """An epoch ended: show a line, unless the last one is too recent."""
        self._epochs_run += 1
        now = self._clock()
        if now - self._shown < self._interval_s:
            return
        self._shown = now
        left = (self._trainings - self._done) * self._epochs - point.epoch
        eta_s = (now - self._start) / self._epochs_run * left
        line = (
            f"{self._label}: {self._done}/{self._trainings} trainings, "
            f"epoch {point.epoch}/{self._epochs}, val_accuracy {point.val_accuracy:.4f}, "
            f"{format_duration(eta_s)} left"
        )
        _LOG.info("%s", line)
        print(line, file=sys.stderr, flush=True)

    def training_done(self) -> None:
        """A training ended, or was found in the cache."""
        self._done += 1


def format_duration(seconds: float) -> str:
    """`0:42`, `12:05` or `3:07:00`."""
    minutes, rest = divmod(round(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

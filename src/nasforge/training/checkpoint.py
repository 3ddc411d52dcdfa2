"""The state of a long training between two epochs, so that a killed one goes on where it was.

>>> checkpoint = Checkpoint(cache.checkpoint_path(evaluation_id))
>>> train_network(genotype, recipe, images, seed, checkpoint=checkpoint)
>>> checkpoint.remove()
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from nasforge.evaluations.files import atomic_path
from nasforge.evaluations.schema import CurvePoint

_LOG = logging.getLogger(__name__)

INTERVAL_S = 60.0
"""Time between two writes; a shorter training has no file, unless it is asked to stop."""

_CURVE = "curve"


@dataclass
class Checkpoint:
    """One training's state in a file.

    Batches are a function of the epoch, so the trainer's arrays and the curve are all there is.

    Attributes:
        path: The file, an uncompressed .npz.
        interval_s: Least time between two writes.
    """

    path: Path
    interval_s: float = INTERVAL_S
    _saved_at: float = field(default_factory=time.monotonic, init=False)
    _held: dict[str, np.ndarray] | None = field(default=None, init=False)

    def save(
        self, state: Callable[[], Mapping[str, np.ndarray]], curve: Sequence[CurvePoint]
    ) -> None:
        """Write the state, atomically, or hold it in memory if the last write is too recent.

        Args:
            state: Gives copies of the trainer's arrays.
            curve: The epochs so far.
        """
        points = np.array([astuple(point) for point in curve], dtype=np.float64)
        self._held = {**state(), _CURVE: points}
        if time.monotonic() - self._saved_at >= self.interval_s:
            self.keep()

    def keep(self) -> None:
        """Write the state that was last saved, unless it is written already.

        A disk that refuses is logged: the training can go on without.
        """
        if self._held is None:
            return
        try:
            with atomic_path(self.path) as temporary, temporary.open("wb") as file:
                np.savez(file, allow_pickle=False, **self._held)
        except OSError as error:
            _LOG.warning("%s cannot be written, the training goes on: %s", self.path, error)
        else:
            self._held = None
        self._saved_at = time.monotonic()

    def load(self) -> tuple[dict[str, np.ndarray], list[CurvePoint]] | None:
        """The trainer's state and the curve so far; None if there is none.

        A damaged file counts as none, which is logged.
        """
        try:
            with self.path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                state = dict(file.items())
            points = state.pop(_CURVE)
            curve = [CurvePoint(int(row[0]), *map(float, row[1:])) for row in points]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
            _LOG.warning("%s is damaged, the training starts again: %s", self.path, error)
            return None
        return state, curve

    def remove(self) -> None:
        """Forget the state; the training has ended."""
        self.path.unlink(missing_ok=True)

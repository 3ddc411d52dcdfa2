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
"""Time between two saves; a training shorter than that has no checkpoint at all."""

_CURVE = "curve"


@dataclass
class Checkpoint:
    """One training's state in a file.

    Batches are a function of the epoch, so the trainer's arrays and the curve are all there is.

    Attributes:
        path: The file, an uncompressed .npz.
        interval_s: Least time between two saves.
    """

    path: Path
    interval_s: float = INTERVAL_S
    _saved_at: float = field(default_factory=time.monotonic, init=False)

    def save(
        self, state: Callable[[], Mapping[str, np.ndarray]], curve: Sequence[CurvePoint]
    ) -> None:
        """Write the state, atomically, unless the last save is too recent.

        Args:
            state: Gives the trainer's arrays; called only if they are written.
            curve: The epochs so far.
        """
        if time.monotonic() - self._saved_at < self.interval_s:
            return
        points = np.array([astuple(point) for point in curve], dtype=np.float64)
        with atomic_path(self.path) as temporary, temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **state(), **{_CURVE: points})
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

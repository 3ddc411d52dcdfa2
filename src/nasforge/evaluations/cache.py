"""The cache of finished evaluations: a training that is in it is never repeated.

    >>> cache = EvaluationCache(Path("results/.cache"), "train", recipe.recipe_id)
    >>> with cache.claim(evaluation_id):
    ...     evaluation = cache.get(evaluation_id) or train()

One JSON file per evaluation, `<root>/<evaluator>/<recipe_id>/<id[:2]>/<evaluation_id>.json`,
written atomically the moment a training ends and shared by all configs. It is no output of any
rule, because Snakemake deletes those before a rerun.
"""

import fcntl
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nasforge.errors import EvaluationsError
from nasforge.evaluations.files import write_text
from nasforge.evaluations.schema import Evaluation

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class EvaluationCache:
    """The evaluations of one recipe by one evaluator.

    Attributes:
        root: The cache folder (`execution.cache_dir`).
        evaluator: Kind of evaluation.
        recipe_id: Id of the recipe.
    """

    root: Path
    evaluator: str
    recipe_id: str

    def path(self, evaluation_id: str) -> Path:
        """Where that evaluation is, or would be."""
        folder = self.root / self.evaluator / self.recipe_id / evaluation_id[:2]
        return folder / f"{evaluation_id}.json"

    def checkpoint_path(self, evaluation_id: str) -> Path:
        """Where the state of that training is kept while it goes on."""
        return self.path(evaluation_id).with_suffix(".checkpoint.npz")

    def get(self, evaluation_id: str) -> Evaluation | None:
        """That evaluation, or None if it is not there or its file is damaged (which is logged)."""
        path = self.path(evaluation_id)
        try:
            evaluation = Evaluation.from_json(json.loads(path.read_text(encoding="utf-8")))
            if evaluation.evaluation_id != evaluation_id:
                raise EvaluationsError(f"it holds evaluation {evaluation.evaluation_id}")
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError, EvaluationsError) as error:
            _LOG.warning("%s is damaged and will be made again: %s", path, error)
            return None
        return evaluation

    def put(self, evaluation: Evaluation) -> None:
        """Store an evaluation, replacing an earlier attempt."""
        text = json.dumps(evaluation.to_json(), allow_nan=False)
        write_text(self.path(evaluation.evaluation_id), text + "\n")

    @contextmanager
    def claim(self, evaluation_id: str) -> Iterator[None]:
        """Keep other processes from training the same evaluation meanwhile.

        A lock of the operating system: it ends with its process, however that ends.
        """
        lock = self.path(evaluation_id).with_suffix(".lock")
        lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _lock(lock)
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)
            os.close(descriptor)


def _lock(path: Path) -> int:
    """Open and lock `path`, making sure that the locked file is still the one of that name."""
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            if os.fstat(descriptor).st_ino == path.stat().st_ino:
                return descriptor
        except FileNotFoundError:
            pass
        os.close(descriptor)  # its last holder removed it while we waited

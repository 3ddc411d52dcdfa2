"""The cache of finished evaluations: a training that is in it is never repeated.

    >>> cache = EvaluationCache(Path("results/.cache"), "train", recipe.recipe_id)
    >>> with cache.claim(evaluation_id):
    ...     evaluation = cache.get(evaluation_id) or train()

One JSON file per evaluation, `<root>/<evaluator>/<recipe_id>/<id[:2]>/<evaluation_id>.json`,
written atomically the moment a training ends and shared by all configs. It is no output of any
rule, because Snakemake deletes those before a rerun. When a generation is complete, finished
entries of folders that hold many are put into packs (`evaluations.packs`), so that no folder has
more than some hundred files.
"""

import fcntl
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from nasforge.errors import EvaluationsError
from nasforge.evaluations.files import write_text
from nasforge.evaluations.packs import packs_in, read_pack, read_packed, write_pack
from nasforge.evaluations.schema import Evaluation

_LOG = logging.getLogger(__name__)

FEWEST_TO_PACK = 64
"""Entries of a folder that are worth a pack: at 60,000 evaluations a folder has some 230."""


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

    @classmethod
    def all_in(cls, root: Path) -> list[Self]:
        """The caches in a cache folder, of every evaluator and recipe."""
        folders = (path.parent for path in root.glob("*/*/[0-9a-f][0-9a-f]"))
        return [cls(root, path.parent.name, path.name) for path in sorted(set(folders))]

    @property
    def folder(self) -> Path:
        """Where all of it is."""
        return self.root / self.evaluator / self.recipe_id

    def path(self, evaluation_id: str) -> Path:
        """Where that evaluation is until it is packed, or would be."""
        return self.folder / evaluation_id[:2] / f"{evaluation_id}.json"

    def checkpoint_path(self, evaluation_id: str) -> Path:
        """Where the state of that training is kept while it goes on."""
        return self.path(evaluation_id).with_suffix(".checkpoint.npz")

    def get(self, evaluation_id: str) -> Evaluation | None:
        """That evaluation, or None if it is not there or its file is damaged (which is logged)."""
        path = self.path(evaluation_id)
        with suppress(FileNotFoundError):
            evaluation = _parse(path, evaluation_id, path.read_bytes())
            if evaluation is not None:
                return evaluation
        packed = [_parse(path, evaluation_id, c) for c in read_packed(path.parent, evaluation_id)]
        return max(filter(None, packed), key=lambda row: row.attempts, default=None)

    def put(self, evaluation: Evaluation) -> None:
        """Store an evaluation, replacing an earlier attempt."""
        text = json.dumps(evaluation.to_json(), allow_nan=False)
        write_text(self.path(evaluation.evaluation_id), text + "\n", self._durable)

    def evaluations(self) -> Iterator[Evaluation]:
        """All there are, in the order of their ids; damaged ones are logged."""
        for folder in self._folders():
            packed = {name for pack in packs_in(folder) for name in _names(pack)}
            for name in sorted({path.stem for path in folder.glob("*.json")} | packed):
                if (evaluation := self.get(name)) is not None:
                    yield evaluation

    def compact(self, fewest: int = FEWEST_TO_PACK) -> int:
        """Put finished entries into packs; failed ones stay files, because they are tried again.

        Nothing is lost if it is killed: the pack is on disk before the files are deleted. A pack
        takes in the packs that are no larger, so a folder never has many.

        Args:
            fewest: Files that a folder must have.

        Returns:
            The number of entries packed.
        """
        packed = 0
        for folder in self._folders():
            if len(list(folder.glob("*.json"))) < fewest:
                continue
            try:
                packed += self._compact(folder)
            except OSError as error:  # a full or read-only disk; the files serve as well
                _LOG.warning("%s cannot be packed: %s", folder, error)
        return packed

    def retry(self) -> int:
        """Forget failed evaluations, so that they count as never tried; returns their number."""
        forgotten = 0
        for folder in self._folders():
            for path in sorted(folder.glob("*.json")):
                with self.claim(path.stem):
                    evaluation = self.get(path.stem)
                    if evaluation is not None and evaluation.status == "failed":
                        path.unlink()
                        forgotten += 1
        return forgotten

    @contextmanager
    def claim(self, evaluation_id: str) -> Iterator[None]:
        """Keep other processes from training the same evaluation meanwhile.

        A lock of the operating system: it ends with its process, however that ends.
        """
        with _locked(self.path(evaluation_id).with_suffix(".lock")):
            yield

    @property
    def _durable(self) -> bool:
        """What costs nothing to make again need not outlive a crash of the machine."""
        return self.evaluator == "train"

    def _folders(self) -> list[Path]:
        return sorted(self.folder.glob("[0-9a-f][0-9a-f]"))

    def _compact(self, folder: Path) -> int:
        with _locked(folder / "pack.lock"):
            found = {path.stem: path.read_bytes() for path in folder.glob("*.json")}
            final = {name: entry for name, entry in found.items() if self._is_final(name, entry)}
            if not final:
                return 0
            entries, absorbed = dict(final), []
            for pack in packs_in(folder):
                try:
                    held = read_pack(pack)
                except EvaluationsError as error:
                    _LOG.warning("%s; it is put aside", error)
                    pack.rename(pack.with_suffix(".damaged"))
                    continue
                if len(held) <= len(entries):
                    entries = held | entries
                    absorbed.append(pack)
            for left in folder.glob(".*.zip.*.tmp"):  # by one who was killed where we are now
                left.unlink()
            written = write_pack(folder, entries, self._durable)
            for name, entry in final.items():
                self._remove_packed(name, entry)
            for pack in absorbed:
                if pack != written:
                    pack.unlink()
            return len(final)

    def _is_final(self, evaluation_id: str, entry: bytes) -> bool:
        evaluation = _parse(self.path(evaluation_id), evaluation_id, entry)
        return evaluation is not None and evaluation.status != "failed"

    def _remove_packed(self, evaluation_id: str, entry: bytes) -> None:
        """Delete an entry's file, unless it was written anew since it was packed."""
        path = self.path(evaluation_id)
        with self.claim(evaluation_id), suppress(FileNotFoundError):
            if path.read_bytes() == entry:
                path.unlink()


def _parse(path: Path, evaluation_id: str, entry: bytes) -> Evaluation | None:
    try:
        evaluation = Evaluation.from_json(json.loads(entry.decode()))
        if evaluation.evaluation_id != evaluation_id:
            raise EvaluationsError(f"it holds evaluation {evaluation.evaluation_id}")
    except (ValueError, RecursionError, EvaluationsError) as error:
        _LOG.warning("%s is damaged and will be made again: %s", path, error)
        return None
    return evaluation


def _names(pack: Path) -> list[str]:
    try:
        return list(read_pack(pack))
    except EvaluationsError as error:
        _LOG.warning("%s", error)
        return []


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock file, which is removed behind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _lock(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
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

"""Packs: many cache entries in one file, for file systems that many small files would hurt.

    >>> write_pack(folder, {evaluation_id: entry})
    >>> read_packed(folder, evaluation_id)

A pack is a zip file. Its directory finds one entry without reading the others, and every entry has
a checksum and stays as it was, byte for byte. Looking one entry up in a parquet file of 64 takes
four times as long (benchmarks/cache_packs.py).
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from nasforge.errors import EvaluationsError
from nasforge.evaluations.files import atomic_path

_LOG = logging.getLogger(__name__)
_SUFFIX = ".zip"


def packs_in(folder: Path) -> list[Path]:
    """The packs of a folder; a link that leads nowhere is none."""
    return sorted(path for path in folder.glob(f"*{_SUFFIX}") if path.is_file())


def write_pack(folder: Path, entries: Mapping[str, bytes], durable: bool = True) -> Path:
    """Write entries to one pack, atomically; the same entries give the same file.

    Args:
        folder: Where the pack is written.
        entries: By evaluation_id.
        durable: As of `files.atomic_path`.
    """
    content = hashlib.sha256(b"".join(entries[name] for name in sorted(entries)))
    path = folder / f"{content.hexdigest()[:16]}{_SUFFIX}"
    with atomic_path(path, durable) as temporary, ZipFile(temporary, "w", ZIP_DEFLATED) as file:
        for name in sorted(entries):
            file.writestr(ZipInfo(f"{name}.json"), entries[name], ZIP_DEFLATED)
    return path


def read_pack(path: Path) -> dict[str, bytes]:
    """All entries of a pack by evaluation_id.

    Raises:
        EvaluationsError: It is damaged.
    """
    with _opened(path) as file:
        return {Path(name).stem: file.read(name) for name in file.namelist()}


def read_packed(folder: Path, evaluation_id: str) -> list[bytes]:
    """Entries of one evaluation in a folder's packs; damaged packs are logged and passed over."""
    while True:
        try:
            return list(_find(packs_in(folder), f"{evaluation_id}.json"))
        except FileNotFoundError:  # it was made part of a larger pack meanwhile
            continue


def _find(packs: Iterable[Path], name: str) -> Iterator[bytes]:
    for path in packs:
        try:
            with _opened(path) as file:
                found = [file.read(name)] if name in file.namelist() else []
        except EvaluationsError as error:
            _LOG.warning("%s is damaged; what was in it will be made again: %s", path, error)
            continue
        yield from found


@contextmanager
def _opened(path: Path) -> Iterator[ZipFile]:
    """A pack to read from.

    Raises:
        EvaluationsError: It is damaged.
        OSError: The file cannot be opened; FileNotFoundError if it is gone.
    """
    with path.open("rb") as content:
        try:
            with ZipFile(content) as file:
                yield file
        # A flipped bit may also say encrypted, another method of compression, or a place before
        # the file: beside BadZipFile the parsers raise RuntimeError, OSError and others.
        except Exception as error:
            raise EvaluationsError(f"{path} is damaged: {error}") from None

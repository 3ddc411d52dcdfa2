"""Packs: many cache entries in one file, for file systems that many small files would hurt.

    >>> write_pack(folder, {evaluation_id: entry})
    >>> read_packed(folder, evaluation_id)

A pack is a zip file. Its directory finds one entry without reading the others, and every entry has
a checksum and stays as it was, byte for byte. Looking one entry up in a parquet file of 64 takes
four times as long (benchmarks/cache_packs.py).
"""

import hashlib
import logging
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from nasforge.errors import EvaluationsError
from nasforge.evaluations.files import atomic_path

_LOG = logging.getLogger(__name__)
_SUFFIX = ".zip"
_DAMAGED = (BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError)


def packs_in(folder: Path) -> list[Path]:
    """The packs of a folder."""
    return sorted(folder.glob(f"*{_SUFFIX}"))


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
    try:
        with ZipFile(path) as file:
            return {Path(name).stem: file.read(name) for name in file.namelist()}
    except _DAMAGED as error:
        raise EvaluationsError(f"{path} is damaged: {error}") from None


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
            with ZipFile(path) as file:
                if name in file.namelist():
                    yield file.read(name)
        except _DAMAGED as error:
            _LOG.warning("%s is damaged; what was in it will be made again: %s", path, error)

"""Frozen benchmarks in .zip files, read in place: nothing is unpacked to disk.

>>> read_member(Path("darts-cifar10-cpu-v1.zip"), "manifest.json", limit=2**20)

A zip holds what the folder holds, at its top or in one folder; compressed or not.
"""

import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasforge.benchmark.section import SAFE_NAME
from nasforge.benchmark.zip_directory import TAIL_BYTES, require_small_directory
from nasforge.errors import BenchmarkFormatError

MAX_ENTRIES = 1000
"""Far more files than any benchmark has."""

CHUNK_BYTES = 2**16
"""Read at a time: zlib needs twice that beside what was read, and so twice a file read at once."""


def read_member(path: Path, name: str, limit: int) -> bytes:
    """One file's content.

    Args:
        path: The zip.
        name: The file's name in the benchmark.
        limit: Most bytes it may have, both as declared and in fact.

    Raises:
        BenchmarkFormatError: The zip is damaged, has other names than a benchmark's, does not
            hold the file, or the file is larger.
    """
    with _opened(path) as archive:
        info = _find(archive, path, name)
        if info.file_size > limit:
            raise BenchmarkFormatError(
                f"{path}, {name}: {info.file_size} bytes, at most {limit} are expected"
            )
        content = io.BytesIO()
        with archive.open(info) as file:
            while content.tell() <= limit and (chunk := file.read(CHUNK_BYTES)):
                content.write(chunk)  # no more than the limit, whatever size is declared
    if content.tell() > limit:
        raise BenchmarkFormatError(f"{path}, {name}: larger than the {limit} bytes expected")
    return content.getvalue()


def list_files(path: Path) -> list[str]:
    """Names of all files, without their folder.

    Raises:
        BenchmarkFormatError: As `read_member`.
    """
    with _opened(path) as archive:
        return [_file_name(info) for info in _files(archive, path)]


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive; whatever its parser raises becomes our error."""
    try:
        _check_directory(path)
        with zipfile.ZipFile(path) as archive:
            yield archive
    except BenchmarkFormatError:
        raise
    except Exception as error:  # on bytes made to harm, the parsers raise nearly anything
        reason = str(error).partition("\n")[0][:200] or type(error).__name__
        raise BenchmarkFormatError(f"{path}: not a readable .zip file ({reason})") from None


def _check_directory(path: Path) -> None:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read(TAIL_BYTES)
    try:
        require_small_directory(tail)
    except BenchmarkFormatError as error:
        raise BenchmarkFormatError(f"{path}: {error}") from None


def _file_name(info: zipfile.ZipInfo) -> str:
    return info.filename.rpartition("/")[2]


def _files(archive: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    """The entries that are files; their names are safe, and in one folder."""
    files = [info for info in archive.infolist() if not info.is_dir()]
    if len(files) > MAX_ENTRIES:
        raise BenchmarkFormatError(f"{path}: {len(files)} files, at most {MAX_ENTRIES} are allowed")
    folders = set()
    for info in files:
        folder, _, file = info.filename.rpartition("/")
        if not SAFE_NAME.fullmatch(file) or (folder and not SAFE_NAME.fullmatch(folder)):
            raise BenchmarkFormatError(f"{path}: unsafe name {info.filename[:80]!r}")
        folders.add(folder)
    if len(folders) > 1:
        raise BenchmarkFormatError(f"{path}: files in {len(folders)} folders, must be in one")
    return files


def _find(archive: zipfile.ZipFile, path: Path, name: str) -> zipfile.ZipInfo:
    found = [info for info in _files(archive, path) if _file_name(info) == name]
    if len(found) != 1:
        raise BenchmarkFormatError(f"{path}: holds {name!r} {len(found)} times, must be once")
    if found[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BenchmarkFormatError(f"{path}, {name}: must be stored or deflated")
    return found[0]

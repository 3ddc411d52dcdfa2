"""Frozen folders on disk: written whole, read (or a .zip of one) only if every checksum holds.

>>> folder = write_frozen(Path("export"), manifest, files)
>>> write_zip(folder, Path("export.zip"))
>>> manifest = read_manifest(folder)
"""

import hashlib
import io
import json
import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nasforge.benchmark.manifest import Manifest
from nasforge.benchmark.plain_text import MAY_ESCAPE, require_plain_texts
from nasforge.benchmark.section import FILE
from nasforge.benchmark.zipped import list_files, read_member
from nasforge.errors import BenchmarkFormatError

MAX_MANIFEST_BYTES = 2**20
"""Ten times that of any of ours; Python's objects may take thirty times the text."""

MAX_FILE_BYTES = 2**30
"""Far beyond any benchmark of ours; what claims more is refused before it is read."""


def write_frozen(parent: Path, manifest: Manifest, files: Mapping[str, bytes]) -> Path:
    """Write `<parent>/<name>-v<version>/`, replacing one of the same name.

    Args:
        parent: Folder that will hold it.
        manifest: Its `files` entry is filled in here.
        files: Content of every file but the manifest, by name.

    Returns:
        The folder.

    Raises:
        BenchmarkFormatError: The manifest is larger than a reader accepts.
    """
    entries = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in sorted(files.items())
    }
    text = json.dumps(replace(manifest, files=entries).to_json(), indent=1, allow_nan=False)
    content = f"{text}\n".encode()
    if len(content) > MAX_MANIFEST_BYTES:
        raise BenchmarkFormatError(
            f"{manifest.full_name}: a manifest of {len(content):,} bytes, at most "
            f"{MAX_MANIFEST_BYTES:,} are read; export fewer surrogates or targets"
        )
    parent.mkdir(parents=True, exist_ok=True)
    final = parent / manifest.full_name
    temporary = Path(tempfile.mkdtemp(prefix=f".{manifest.full_name}.", dir=parent))
    try:
        for name, data in {**files, FILE: content}.items():
            _write_bytes(temporary / name, data)
        temporary.chmod(0o755)
        if final.exists():
            shutil.rmtree(final)
        temporary.replace(final)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return final


def write_zip(folder: Path, path: Path) -> None:
    """Write a benchmark as one file, its checksums checked; files the manifest lacks stay behind.

    The same benchmark gives the same bytes with the same zlib.

    Args:
        folder: The benchmark, a folder or a .zip.
        path: The .zip to write, whole or not at all; one that is there is replaced.

    Raises:
        BenchmarkFormatError: The benchmark is damaged.
        OSError: The file cannot be written.
    """
    manifest = read_manifest(folder)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in (FILE, *sorted(manifest.files)):
            if name == FILE:
                content = _read(folder, FILE, MAX_MANIFEST_BYTES, "at most")
            else:
                content = read_file(folder, manifest, name)
            info = zipfile.ZipInfo(f"{manifest.full_name}/{name}")  # dated 1980
            info.external_attr = 0o644 << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED, compresslevel=9)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write_bytes(temporary, buffer.getvalue())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest alone.

    Raises:
        BenchmarkFormatError: It is missing, not JSON, or malformed.
    """
    path = folder / FILE
    try:
        text = _read(folder, FILE, MAX_MANIFEST_BYTES, "at most").decode("utf-8")
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BenchmarkFormatError(f"{path}: not JSON ({error})") from None
    try:
        if MAY_ESCAPE.search(text):
            require_plain_texts(data)
        return Manifest.from_json(data)
    except BenchmarkFormatError as error:
        raise BenchmarkFormatError(f"{folder}: {error}") from None


def read_file(folder: Path, manifest: Manifest, name: str) -> bytes:
    """One file's content, after its size and checksum were found right.

    Raises:
        BenchmarkFormatError: They are not.
    """
    path, expected = folder / name, manifest.files[name]
    if not 0 <= expected["bytes"] <= MAX_FILE_BYTES:
        raise BenchmarkFormatError(
            f"{path}: {expected['bytes']} bytes, at most {MAX_FILE_BYTES} are allowed"
        )
    content = _read(folder, name, expected["bytes"], "the manifest says")
    if len(content) != expected["bytes"]:
        raise BenchmarkFormatError(
            f"{path}: {len(content)} bytes, the manifest says {expected['bytes']}"
        )
    if hashlib.sha256(content).hexdigest() != expected["sha256"]:
        raise BenchmarkFormatError(
            f"{path}: wrong checksum; the file is damaged or was changed, get the benchmark again"
        )
    return content


def unlisted_files(folder: Path, manifest: Manifest) -> list[str]:
    """Names in the folder or zip that the manifest does not list: nobody vouches for them.

    Raises:
        BenchmarkFormatError: The folder or zip cannot be listed.
    """
    try:
        names = list_files(folder) if _is_zip(folder) else [path.name for path in folder.iterdir()]
    except OSError as error:
        raise BenchmarkFormatError(f"{folder}: cannot be listed ({error.strerror})") from None
    return sorted(set(names) - {FILE, *manifest.files})


def _is_zip(folder: Path) -> bool:
    return not folder.is_dir() and folder.suffix == ".zip"


def _read(folder: Path, name: str, limit: int, rule: str) -> bytes:
    """A file of a folder or zip, if it has no more bytes than that; `rule` says why, for errors."""
    path = folder / name
    if _is_zip(folder):
        return read_member(folder, name, limit)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe or device could be read for ever
            raise BenchmarkFormatError(f"{path}: is no regular file")
        if status.st_size > limit:
            raise BenchmarkFormatError(f"{path}: {status.st_size} bytes, {rule} {limit}")
        with path.open("rb") as file:
            return file.read(status.st_size + 1)  # no more, even if it grows
    except OSError as error:
        raise BenchmarkFormatError(f"{path}: cannot be read ({error.strerror})") from None


def _write_bytes(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())

"""A zip with a directory of very many entries is refused before it is parsed."""

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from nasforge.benchmark.arrays import unpack_arrays
from nasforge.benchmark.zip_directory import MAX_DIRECTORY_BYTES, require_small_directory
from nasforge.benchmark.zipped import read_member
from nasforge.errors import BenchmarkFormatError


def small_zip(comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", b"content")
        archive.comment = comment
    return buffer.getvalue()


def many_entries(number: int) -> bytes:
    """All entries point to the same content."""
    data = small_zip()
    begin, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    directory = data[begin:end] * number
    record = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, number % 2**16, number % 2**16, len(directory), begin, 0
    )
    return data[:begin] + directory + record


@pytest.mark.parametrize("comment", [b"", b"a comment", b"x" * 65535, b"ends in zeros\0\0"])
def test_ordinary_zips_pass(comment: bytes) -> None:
    require_small_directory(small_zip(comment))


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"x" * 100, small_zip()[:-1]])
def test_what_is_no_zip_is_left_to_the_parser(content: bytes) -> None:
    require_small_directory(content)


def test_very_many_entries_are_refused_in_little_memory(tmp_path: Path) -> None:
    number = 10 * MAX_DIRECTORY_BYTES // 51
    data = many_entries(number)
    (tmp_path / "b.zip").write_bytes(data)
    tracemalloc.start()
    with pytest.raises(BenchmarkFormatError, match=r"model.npz: has a directory of \d+ bytes"):
        unpack_arrays(data, "model.npz")
    with pytest.raises(BenchmarkFormatError, match=r"b\.zip: has a directory of \d+ bytes"):
        read_member(tmp_path / "b.zip", "a.npy", 100)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < len(data)


def test_the_size_is_not_hidden_by_a_later_mark() -> None:
    data = many_entries(MAX_DIRECTORY_BYTES // 51 + 1)
    inner = bytearray(data)
    inner[-10:-6] = b"PK\x05\x06"  # within the record: no record of its own
    for content in (bytes(inner), data[:-2] + b"\5\0" + b"PK\5\6x"):
        try:
            require_small_directory(content)
        except BenchmarkFormatError:
            continue
        with pytest.raises(zipfile.BadZipFile):  # then zipfile does not find it either
            zipfile.ZipFile(io.BytesIO(content))


def test_a_zip64_is_refused() -> None:
    data = small_zip()
    end = data.index(b"PK\x05\x06")
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    with pytest.raises(BenchmarkFormatError, match="zip64"):
        require_small_directory(data[:end] + locator + data[end:])

"""Arrays in .npz files: reproducible when written, distrusted when read."""

import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nasforge.benchmark.arrays import narrowed, pack_arrays, unpack_arrays
from nasforge.errors import BenchmarkFormatError

ARRAYS = {
    "weights": np.arange(6.0).reshape(2, 3),
    "left": np.array([1, 2, -3], np.int32),
    "vectors": np.arange(4, dtype=np.uint8)[:, None],
    "empty": np.empty((0, 3)),
}


def npy(header: str, content: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    text = header.encode("latin1") + b"\n"
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H", len(text)) + text + content


def header(
    shape: str = "(1,)", descr: str = "'<f8'", fortran_order: str = "False", extra: str = ""
) -> str:
    return f"{{'descr': {descr}, 'fortran_order': {fortran_order}, 'shape': {shape}{extra}}}"


def npz(member: bytes, compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr("a.npy", member)
    return buffer.getvalue()


def assert_refused(data: bytes, message: str = "") -> None:
    with pytest.raises(BenchmarkFormatError, match=rf"model\.npz.*{message}") as caught:
        unpack_arrays(data, "model.npz")
    assert "\n" not in str(caught.value)


def test_arrays_round_trip() -> None:
    read = unpack_arrays(pack_arrays(ARRAYS), "model.npz")
    assert set(read) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array, strict=True)


@pytest.mark.parametrize(
    ("values", "wide", "narrow"),
    [
        ([0.5, -3.0, np.inf], "f8", "f4"),
        ([0.5, -3.0, np.inf], "f4", "f2"),
        ([0.1], "f8", "f8"),
        ([1e-7, 1.0], "f4", "f4"),
        ([65504.0], "f4", "f2"),
        ([65520.0], "f4", "f4"),
        ([1e300], "f8", "f8"),
        ([32767, -32768], "i4", "i2"),
        ([32768], "i4", "i4"),
    ],
)
def test_arrays_are_narrowed_if_they_lose_nothing(
    values: list[float], wide: str, narrow: str
) -> None:
    array = narrowed({"a": np.array(values, wide)})["a"]
    assert array.dtype == narrow
    np.testing.assert_array_equal(array.astype(wide), np.array(values, wide), strict=True)


def test_a_transposed_array_round_trips() -> None:
    read = unpack_arrays(pack_arrays({"a": ARRAYS["weights"].T}), "model.npz")
    np.testing.assert_array_equal(read["a"], ARRAYS["weights"].T)


def test_the_same_arrays_give_the_same_bytes_in_any_order() -> None:
    shuffled = {name: ARRAYS[name].copy() for name in reversed(ARRAYS)}
    assert pack_arrays(ARRAYS) == pack_arrays(shuffled)


def test_numpy_reads_the_files_without_pickle() -> None:
    with np.load(io.BytesIO(pack_arrays(ARRAYS)), allow_pickle=False) as read:
        assert sorted(read.files) == sorted(ARRAYS)
        np.testing.assert_array_equal(read["weights"], ARRAYS["weights"])


def test_the_hand_made_file_of_these_tests_is_read() -> None:
    read = unpack_arrays(npz(npy(header(), struct.pack("<d", 1.5))), "model.npz")
    assert read["a"].tolist() == [1.5]


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_compressed_members_are_refused(compression: int) -> None:
    assert_refused(npz(npy(header("(100,)"), bytes(800)), compression), "compressed")


def test_encrypted_members_are_refused() -> None:
    data = bytearray(npz(npy(header(), bytes(8))))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    assert_refused(bytes(data))


def test_object_arrays_are_refused() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.array([{}], dtype=object))
    assert_refused(buffer.getvalue(), "objects")


@pytest.mark.parametrize(
    "member",
    [
        pytest.param(member, id=name)
        for name, member in {
            "80 GB": npy(header("(10000000000,)"), bytes(8)),
            "more than 2^64": npy(header("(1000000000000000000000,)"), bytes(8)),
            "8 PB": npy(header("(100000, 100000, 100000)"), bytes(8)),
            "too short": npy(header("(2,)"), bytes(8)),
            "too long": npy(header("(0,)"), bytes(8)),
            "negative": npy(header("(-1,)"), bytes(8)),
            "negative twice": npy(header("(-1, -1)"), bytes(8)),
            "0 times 2^70": npy(header(f"(0, {2**70})")),
            "items of no size": npy(header("(1000000000,)", descr="'|V0'")),
            "objects": npy(header(descr="'|O'"), bytes(8)),
            "unknown type": npy(header(descr="'nonsense'"), bytes(8)),
            "type is a list": npy(header(descr="[]"), bytes(8)),
            "type is a tuple": npy(header(descr="()"), bytes(8)),
            "type is a number": npy(header(descr="3"), bytes(8)),
            "shape holds a bool": npy(header("(True,)"), bytes(8)),
            "shape is a text": npy(header("'a'"), bytes(8)),
            "Fortran order": npy(header(fortran_order="True"), bytes(8)),
            "another key": npy(header(extra=", 'more': 1"), bytes(8)),
            "nested too deep": npy(header("(" * 5000), bytes(8)),
            "negated too often": npy(header("-" * 9000 + "1"), bytes(8)),
            "no keys": npy("{}", bytes(8)),
            "code": npy("__import__('os')", bytes(8)),
            "a long header": npy("x" * 60000, bytes(8)),
            "version 2": npy(header(), bytes(8), version=(2, 0)),
            "version 9": npy(header(), bytes(8), version=(9, 9)),
            "empty": b"",
            "cut off": b"\x93NUMPY",
            "no array": b"no array",
        }.items()
    ],
)
def test_a_member_that_is_no_plain_array_is_refused_without_allocating(member: bytes) -> None:
    data = npz(member)
    tracemalloc.start()
    assert_refused(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50e6


@pytest.mark.parametrize("size", [2**31, 2**32 - 2])
def test_a_member_that_claims_to_be_huge_is_refused_without_allocating(size: int) -> None:
    data = bytearray(npz(npy(header(), bytes(8))))
    for signature, offset in ((b"PK\x03\x04", 18), (b"PK\x01\x02", 20)):
        struct.pack_into("<II", data, data.index(signature) + offset, size, size)
    tracemalloc.start()
    assert_refused(bytes(data))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50e6


def test_every_truncation_is_refused() -> None:
    data = pack_arrays(ARRAYS)
    for length in range(0, len(data), 7):
        assert_refused(data[:length])


@pytest.mark.parametrize(
    "data",
    [b"", b"text", bytes(1000), b"PK\x05\x06" + bytes(10)],
    ids=["empty", "text", "zeros", "an end record cut off"],
)
def test_bytes_that_are_no_zip_are_refused(data: bytes) -> None:
    assert_refused(data, "not a readable")


@settings(deadline=None)
@given(st.integers(0, len(pack_arrays(ARRAYS)) - 1), st.integers(1, 255))
def test_a_flipped_byte_gives_arrays_or_our_error(position: int, mask: int) -> None:
    data = bytearray(pack_arrays(ARRAYS))
    data[position] ^= mask
    try:
        read = unpack_arrays(bytes(data), "model.npz")
    except BenchmarkFormatError:
        return
    assert all(isinstance(array, np.ndarray) for array in read.values())


def test_members_that_overlap_are_refused_unread() -> None:
    data = bytearray(pack_arrays({"a": np.zeros(10), "b": np.zeros(1000)}))
    size = len(data) - 100  # so the first would hold most of the second
    struct.pack_into("<II", data, data.index(b"PK\x01\x02") + 20, size, size)
    assert_refused(bytes(data), "declares more bytes than it has")


def test_a_name_that_stands_twice_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", npy(header(), bytes(8)))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.npy", npy(header(), bytes(8)))
    assert_refused(buffer.getvalue(), "different names")

"""Arrays in .npz files: the same bytes for the same arrays, and read without trusting the file.

    >>> data = pack_arrays({"bias": np.zeros(3)})
    >>> unpack_arrays(data, "linear.npz")["bias"]

The files are ordinary uncompressed .npz, readable by numpy.load(..., allow_pickle=False).
"""

import io
import math
import zipfile
from collections.abc import Mapping

import numpy as np

from nasforge.benchmark.zip_directory import require_small_directory
from nasforge.errors import BenchmarkFormatError

_EPOCH = (1980, 1, 1, 0, 0, 0)


def half_of(dtype: np.dtype) -> np.dtype:
    """The type of the same kind with half the bits."""
    return np.dtype(f"{dtype.kind}{dtype.itemsize // 2}")


def narrowed(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays in half the bits, of those that lose nothing by it."""
    return {name: _narrowed(array) for name, array in arrays.items()}


def _narrowed(array: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        narrow = array.astype(half_of(array.dtype))
    return narrow if np.array_equal(narrow, array) else array


def pack_arrays(arrays: Mapping[str, np.ndarray]) -> bytes:
    """An .npz file's bytes: sorted names, fixed dates, no compression (zlibs differ)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            member = io.BytesIO()
            np.lib.format.write_array(
                member, np.ascontiguousarray(arrays[name]), version=(1, 0), allow_pickle=False
            )
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), member.getvalue())
    return buffer.getvalue()


def unpack_arrays(data: bytes, file: str) -> dict[str, np.ndarray]:
    """Read `pack_arrays`'s bytes.

    Args:
        data: The file's bytes.
        file: Its name, for errors.

    Raises:
        BenchmarkFormatError: It is no such file, is compressed, holds objects, or an array's
            declared size is not the size it has (checked before anything is allocated).
    """
    try:
        require_small_directory(data)
    except BenchmarkFormatError as error:
        raise BenchmarkFormatError(f"{file}: {error}") from None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            names = [info.filename for info in members]
            if len(set(names)) < len(names) or not all(name.endswith(".npy") for name in names):
                raise BenchmarkFormatError(f"{file}: arrays must be .npy files of different names")
            # Members that overlap could make a small file large.
            if sum(info.compress_size for info in members) > len(data):
                raise BenchmarkFormatError(f"{file}: declares more bytes than it has")
            return {
                info.filename.removesuffix(".npy"): _read_member(archive, info, file)
                for info in members
            }
    except BenchmarkFormatError:
        raise
    except Exception as error:  # on bytes made to harm, the parsers raise nearly anything
        reason = str(error).partition("\n")[0][:200] or type(error).__name__
        raise BenchmarkFormatError(f"{file}: not a readable .npz file ({reason})") from None


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, file: str) -> np.ndarray:
    where = f"{file}, array {info.filename[:80]!r}"
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        raise BenchmarkFormatError(f"{where}: compressed; benchmarks hold stored arrays only")
    content = archive.read(info)
    stream = io.BytesIO(content)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise BenchmarkFormatError(f"{where}: not in version 1.0 of the .npy format")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.hasobject or fortran_order:
        raise BenchmarkFormatError(f"{where}: holds objects or is in Fortran order")
    offset = stream.tell()
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(content) - offset:
        raise BenchmarkFormatError(
            f"{where}: declares shape {list(shape)}, but holds {len(content) - offset} bytes"
        )
    return np.frombuffer(content, dtype=dtype, offset=offset).reshape(shape)

"""The size of a zip's directory, known before it is parsed.

>>> require_small_directory(content)        # or its last TAIL_BYTES

Python's zipfile makes an object of each entry of the directory, twenty times its bytes, so a
stranger's file of many entries would take far more memory than it has.
"""

import struct

from nasforge.errors import BenchmarkFormatError

MAX_DIRECTORY_BYTES = 2**20
"""Some thousand files; a benchmark has tens."""

_END = struct.Struct("<4s4H2LH")
_END_MARK, _LARGE_MARK, _LARGE_BYTES = b"PK\x05\x06", b"PK\x06\x07", 20

TAIL_BYTES = _END.size + 2**16 + _LARGE_BYTES
"""Where the record of the directory's size stands, behind it a comment of up to 64 KiB."""


def require_small_directory(content: bytes) -> None:
    """Check what the end of a zip says of its directory; a file without an end is left to zipfile.

    Args:
        content: The zip, or at least its last `TAIL_BYTES`.

    Raises:
        BenchmarkFormatError: The directory is larger than any of ours, or the zip is a zip64.
    """
    content = content[-TAIL_BYTES:]
    # As zipfile looks for it: first without a comment behind it.
    end = len(content) - _END.size
    if end < 0 or content[end : end + 4] != _END_MARK or content[-2:] != b"\0\0":
        end = content.rfind(_END_MARK)
    record = content[end : end + _END.size]
    if end < 0 or len(record) < _END.size:
        return
    if content[max(0, end - _LARGE_BYTES) : end].startswith(_LARGE_MARK):
        raise BenchmarkFormatError("is a zip64 file; benchmarks need none")
    size = _END.unpack(record)[5]
    if size > MAX_DIRECTORY_BYTES:
        raise BenchmarkFormatError(
            f"has a directory of {size} bytes, at most {MAX_DIRECTORY_BYTES} are allowed"
        )

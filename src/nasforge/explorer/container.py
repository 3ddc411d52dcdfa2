"""JSON with arrays in it, as text that is safe in an HTML page.

    >>> pack({"name": "tiny-v1", "support": {"nearest": np.zeros(3, np.uint16)}})
    'H4sIAAAAAAAC...'

The text is base64 of gzip of: the length of a JSON document (uint32, little-endian), the document
in UTF-8, then the arrays. In the document an array is `{"array": TYPE, "shape": [...], "at": 0}`,
with its first byte's place among the arrays, a multiple of 8.
"""

import base64
import gzip
import json
from typing import Any

import numpy as np

TYPES = {"float64", "float32", "int32", "uint32", "uint16", "uint8"}
"""Of arrays: those that JavaScript has."""

_ALIGNED = 8


def pack(content: Any) -> str:
    """The text; the same content always gives the same one.

    Args:
        content: What JSON knows, and arrays of `TYPES`. nan becomes null.
    """
    chunks: list[bytes] = []
    document = json.dumps(_described(content, chunks), allow_nan=False).encode()
    packed = gzip.compress(
        b"".join([len(document).to_bytes(4, "little"), document, *chunks]), 9, mtime=0
    )
    return base64.b64encode(packed).decode("ascii")


def _described(value: Any, chunks: list[bytes]) -> Any:
    if isinstance(value, np.ndarray):
        return _array(value, chunks)
    if isinstance(value, dict):
        return {key: _described(part, chunks) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_described(part, chunks) for part in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def _array(array: np.ndarray, chunks: list[bytes]) -> dict[str, Any]:
    name = array.dtype.name
    if name not in TYPES:
        raise TypeError(f"an array of {name} cannot be packed; allowed: {', '.join(sorted(TYPES))}")
    at = sum(map(len, chunks))
    content = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    chunks.append(content + bytes(-len(content) % _ALIGNED))
    return {"array": name, "shape": list(array.shape), "at": at}

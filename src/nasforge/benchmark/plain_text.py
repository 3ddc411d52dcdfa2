"""Texts of a stranger's manifest, which are printed: no control characters, all of them encodable.

>>> if MAY_ESCAPE.search(text):
...     require_plain_texts(json.loads(text))

A terminal obeys control characters, and half a surrogate pair cannot be printed at all.
"""

import re

from nasforge.benchmark.section import FILE, plain_key
from nasforge.errors import BenchmarkFormatError

MAY_ESCAPE = re.compile(r"\\|[\x7f-\x9f]")
"""JSON has other control characters only behind a backslash, which is rare: so this is fast."""

WHOLE = "the file"

_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def require_plain_texts(data: object) -> None:
    """Every text in a JSON value, keys too, has no control character but tab and new line.

    Raises:
        BenchmarkFormatError: Naming the key.
    """
    left = [(WHOLE, data)]
    while left:
        where, value = left.pop()
        if isinstance(value, str) and (found := _FORBIDDEN.search(value)):
            raise BenchmarkFormatError(
                f"{FILE}: {where} holds the character U+{ord(found[0]):04X}, which is not printed"
            )
        if isinstance(value, dict):
            left += [(f"a key of {where}", key) for key in value]
            top = "" if where == WHOLE else f"{where}."
            left += [(top + plain_key(key), part) for key, part in value.items()]
        elif isinstance(value, list):
            left += [(f"{where}[{number}]", part) for number, part in enumerate(value)]

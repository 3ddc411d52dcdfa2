"""Reading what a page holds, in Python.

>>> unpack(pack({"x": 1}))
{'x': 1}
>>> content_of(Path("explorer.html"))["benchmark"]["full_name"]
'tiny-v1'
"""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np


def content_of(page: Path) -> Any:
    """All that was put into a page."""
    [text] = re.findall(r'id="content">([^<]*)<', page.read_text(encoding="utf-8"))
    return unpack(text)


def unpack(text: str) -> Any:
    """As explorer/src/container.ts does it."""
    content = gzip.decompress(base64.b64decode(text))
    length = int.from_bytes(content[:4], "little")
    arrays = content[4 + length :]

    def array(value: dict[str, Any]) -> Any:
        if "array" not in value:
            return value
        number = int(np.prod(value["shape"]))
        assert value["at"] % 8 == 0
        flat = np.frombuffer(arrays, value["array"], number, value["at"])
        return flat.reshape(value["shape"])

    return json.loads(content[4 : 4 + length], object_hook=array)

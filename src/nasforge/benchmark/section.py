"""Reading a manifest's JSON: every value checked, every error with the key's place.

>>> Section({"name": "a"}, "space").get("name", str)
'a'
"""

import re
from typing import Any

from nasforge.errors import BenchmarkFormatError

FILE = "manifest.json"
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""Names of files and folders of a benchmark: none leads out of its folder."""


def plain_key(key: str) -> str:
    """A stranger's key as part of an error: in one line, and not too long."""
    return (key if key.isprintable() else ascii(key))[:100]


class Section:
    """A JSON object that knows where it stands, for errors."""

    def __init__(self, data: object, where: str) -> None:
        if not isinstance(data, dict):
            raise BenchmarkFormatError(f"{FILE}: {where or 'the file'} must be an object")
        self.data = data
        self.where = where

    def path(self, key: str) -> str:
        """The key's place in the file."""
        key = plain_key(key)
        return f"{self.where}.{key}" if self.where else key

    def get(self, key: str, kind: type) -> Any:
        """A value of that type; a bool is no int."""
        if key not in self.data:
            raise BenchmarkFormatError(f"{FILE}: {self.path(key)} is missing")
        value = self.data[key]
        wrong = not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)
        if wrong:
            raise BenchmarkFormatError(
                f"{FILE}: {self.path(key)} is {str(value)[:60]!r}, must be a {kind.__name__}"
            )
        return value

    def number(self, key: str) -> float:
        """A finite number."""
        value = self.data.get(key)
        # The comparison is False for nan, and exact for an integer that no float can hold.
        if isinstance(value, bool) or not (isinstance(value, int | float) and abs(value) < 1e300):
            raise BenchmarkFormatError(f"{FILE}: {self.path(key)} must be a finite number")
        return float(value)

    def whole(self, key: str, low: int, high: int) -> int:
        """An integer in a range, ends included."""
        value = self.get(key, int)
        if not low <= value <= high:
            raise BenchmarkFormatError(f"{FILE}: {self.path(key)} must be from {low} to {high}")
        return value

    def name(self, key: str) -> str:
        """A string that is safe as the name of a file in this folder."""
        value = self.get(key, str)
        if not SAFE_NAME.fullmatch(value):
            raise BenchmarkFormatError(f"{FILE}: {self.path(key)}: unsafe name {value[:60]!r}")
        return value

    def sections(self, key: str) -> list[tuple[str, "Section"]]:
        """The objects in an object, which must not be empty, with safe names."""
        parts = self.get(key, dict)
        for name in parts:
            if not SAFE_NAME.fullmatch(name):
                raise BenchmarkFormatError(f"{FILE}: {self.path(key)}: unsafe name {name[:60]!r}")
        if not parts:
            raise BenchmarkFormatError(f"{FILE}: {self.path(key)} is empty")
        return [(name, Section(part, f"{self.path(key)}.{name}")) for name, part in parts.items()]

    def rows(self, key: str) -> list["Section"]:
        """The objects in a list; none if the key is missing."""
        parts = self.get(key, list) if key in self.data else []
        return [Section(part, f"{self.path(key)}[{n}]") for n, part in enumerate(parts)]

"""One way to print a score and its ceiling, wherever they are printed.

>>> score_text(row), ceiling_text(row)
('0.8914 [0.8702, 0.9087]', 'not estimable')
"""

import math
from collections.abc import Mapping
from typing import Any


def score_text(row: Mapping[str, Any], digits: int = 4) -> str:
    """Score with its 90 % interval; a rank correlation of constants is undefined."""
    if _missing(row["score"]):
        return "undefined"
    low, high = (_number(row[key], digits) for key in ("low", "high"))
    return f"{_number(row['score'], digits)} [{low}, {high}]"


def bare_score_text(row: Mapping[str, Any], digits: int = 4) -> str:
    """Score without its interval, where there is no room for it."""
    return score_text(row, digits).partition(" ")[0]


def ceiling_text(row: Mapping[str, Any], digits: int = 4) -> str:
    """What a perfect surrogate would score, if the data can tell."""
    return _number(row["ceiling"], digits) if row["estimable"] else "not estimable"


def table_text(row: Mapping[str, Any], digits: int = 4) -> str:
    """What a table of one training per architecture would score, if the data can tell."""
    return _number(row["table"], digits) if row["estimable"] else "not estimable"


def _number(value: float | None, digits: int) -> str:
    return "-" if _missing(value) else f"{value:z.{digits}f}"


def _missing(value: float | None) -> bool:
    return value is None or math.isnan(value)

"""What kind of machine an evaluation was trained on.

>>> machine_name({"device": "cpu", "cpu": "AMD EPYC (2 cores)", "backend": "native", ...})
'cpu, AMD EPYC (2 cores), native, fp32'
"""

from collections.abc import Mapping

COLUMNS = ("device", "cpu", "backend", "precision")
"""Of an evaluation; the same processor takes other times with another engine."""

UNKNOWN = "unknown"
"""The name where an evaluation says nothing of it, as imported ones do."""


def machine_name(row: Mapping[str, str]) -> str:
    """The kind of machine, by all that its speed depends on.

    Args:
        row: An evaluation, with at least `COLUMNS`.
    """
    return ", ".join(dict.fromkeys(row[column] for column in COLUMNS if row[column])) or UNKNOWN

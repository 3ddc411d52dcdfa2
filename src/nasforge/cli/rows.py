"""Rows of answers, written as a table, CSV, JSON or parquet.

>>> write_rows(rows, "csv", Path("answers.csv"))
>>> print(format_table([["metric", "score"], ["r2", "0.89"]]))
metric  score
r2       0.89
"""

import argparse
import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nasforge.cli.outputs import check_output, writing
from nasforge.cli.parsing import cell_text, require
from nasforge.errors import NasforgeError

Rows = Sequence[Mapping[str, Any]]

FORMATS = ("table", "csv", "json", "parquet")
GAP = "  "


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how and where rows are written."""
    parser.add_argument(
        "--format", choices=FORMATS, help="how (default: by the output file's name, else a table)"
    )
    parser.add_argument("-o", "--output", type=Path, help="file to write instead of printing")


def chosen_format(options: argparse.Namespace) -> str:
    """One of `FORMATS`, from --format, --json, and the name of the output file.

    Raises:
        NasforgeError: They contradict each other, the file cannot be written, or the format
            cannot be printed.
    """
    if options.output is not None:
        check_output(options.output)
    name = options.format
    if options.json and name not in (None, "json"):
        raise NasforgeError(f"--json and --format {name} contradict each other; give one of them")
    if name is None and not options.json and options.output is not None:
        suffix = options.output.suffix.removeprefix(".")
        if suffix not in FORMATS[1:]:
            raise NasforgeError(
                f"--output {options.output}: its name ends in none of .csv, .json, .parquet; "
                "say --format"
            )
        name = suffix
    name = name or ("json" if options.json else "table")
    if name == "parquet" and options.output is None:
        raise NasforgeError("parquet is not for printing: name a file with --output")
    return name


def write_rows(rows: Rows, name: str, output: Path | None) -> None:
    """Write rows with the same keys in a format, to a file or standard output.

    Raises:
        NasforgeError: The file cannot be written, or pyarrow is not installed.
    """
    if output is None:
        print(_text(rows, name), end="")
        return
    with writing(output):
        if name == "parquet":
            _write_parquet(rows, output)
        else:
            output.write_text(_text(rows, name), encoding="utf-8")


def format_table(lines: Sequence[Sequence[str]]) -> str:
    """Columns under a heading, numbers to the right."""
    columns = list(zip(*lines, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [all(map(_is_number, column[1:])) for column in columns]
    return "\n".join(
        GAP.join(
            cell.rjust(width) if numeric else cell.ljust(width)
            for cell, width, numeric in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def _text(rows: Rows, name: str) -> str:
    if name == "json":
        return json.dumps(list(rows), indent=1) + "\n"
    if name == "csv":
        stream = io.StringIO()
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return stream.getvalue()
    # What none of them has is left out, so that lines stay short.
    names = [key for key in rows[0] if any(row[key] is not None for row in rows)]
    return format_table([names, *([cell_text(row[key]) for key in names] for row in rows)]) + "\n"


def _write_parquet(rows: Rows, output: Path) -> None:
    require("pyarrow")
    import pyarrow
    from pyarrow import parquet

    columns = {key: pyarrow.array([row[key] for row in rows]) for key in rows[0]}
    # What is never known is a number all the same.
    typed = {
        key: column.cast("float64") if column.type == pyarrow.null() else column
        for key, column in columns.items()
    }
    parquet.write_table(pyarrow.table(typed), output)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text == "-"
    return True

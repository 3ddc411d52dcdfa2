"""Importing a table: an architecture per row, and a column per training's validation accuracy.

    >>> import_table(space, Path("accuracies.csv"), Path("data/mine"), "arch", ["seed0", "seed1"])

Reads csv, and parquet by its suffix. Several columns, and several rows of one network, are its
replicates. An empty cell is no training; a nan is one that diverged.
"""

import csv
import difflib
import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nasforge.errors import EvaluationsError
from nasforge.evaluations.imported import Imported, ImportedTables, Result
from nasforge.space import SearchSpace

SAMPLER = "imported"
"""The sampler of all rows where the table names none."""

Cells = dict[str, Any]
"""Of a row, by column."""


def import_table(
    space: SearchSpace,
    file: Path,
    folder: Path,
    architecture: str,
    targets: Sequence[str],
    percent: bool = False,
    sampler: str | None = None,
) -> Imported:
    """Write a table's trainings as tables of evaluations.

    Args:
        space: How the architectures are read.
        file: A csv or parquet file.
        folder: Where evaluations.parquet, curves.parquet and proposals.parquet are written.
        architecture: Column of the architectures' texts.
        targets: Columns of validation accuracies.
        percent: Whether accuracies are from 0 to 100.
        sampler: Column that says where an architecture comes from.

    Raises:
        EvaluationsError: The file cannot be read, a column is missing, or a cell is wrong;
            nothing is written.
    """
    columns, cells = _read(file)
    for name in (architecture, *targets, *([] if sampler is None else [sampler])):
        _check_column(file, name, columns)
    rows = [
        _Row(
            place,
            str(row[architecture]),
            _parse(space, row[architecture], f"{file}, {place}"),
            _accuracies(row, targets, percent, f"{file}, {place}"),
            SAMPLER if sampler is None else str(row[sampler] or SAMPLER),
        )
        for place, row in cells
    ]
    if not any(row.values for row in rows):
        raise EvaluationsError(f"{file}: no row has a value in {', '.join(targets)}")
    if percent:
        _check_percentages(file, rows)
    source = {"imported": "csv", "file": file.name, "sha256": _sha256(file)}
    tables = ImportedTables(space, {**source, "val_accuracy": list(targets)}, source)
    for row in rows:
        ids = [tables.add(row.architecture, Result(val_accuracy=value)) for value in row.values]
        if ids:
            tables.propose(row.sampler, row.text, ids[0])
    return tables.write(folder, _notes(space, rows))


@dataclass(frozen=True)
class _Row:
    """A row, understood.

    Attributes:
        place: Where it stands in the file.
        text: The architecture as it is written.
        architecture: What that means.
        values: Accuracies from 0 to 1 of its trainings, nan of those that diverged.
        sampler: Where the architecture comes from.
    """

    place: str
    text: str
    architecture: Any
    values: list[float]
    sampler: str


def _check_percentages(file: Path, rows: Sequence[_Row]) -> None:
    """Fractions that are taken for percentages would shrink to nothing, unnoticed."""
    largest = 100 * max((v for row in rows for v in row.values if v == v), default=100.0)
    if largest <= 1:
        raise EvaluationsError(
            f"{file}: the largest accuracy is {largest:g}, so these are fractions and not "
            "percentages; leave --percent out"
        )


def _notes(space: SearchSpace, rows: Sequence[_Row]) -> dict[str, list[str]]:
    """Rows that a user may not have meant."""
    seen: dict[str, set[float]] = defaultdict(set)
    repeated = []
    for row in rows:
        key = space.architecture_id(row.architecture)
        finite = {value for value in row.values if not math.isnan(value)}
        if seen[key] & finite:
            repeated.append(row.place)
        seen[key] |= finite
    return {
        "rows without a value": [row.place for row in rows if not row.values],
        "rows that repeat a value of their architecture; remove copies, which are no replicates": (
            repeated
        ),
    }


def _read(file: Path) -> tuple[list[str], Iterable[tuple[str, Cells]]]:
    """Names of the columns, and (place, row) of every row."""
    try:
        if file.suffix == ".parquet":
            import pyarrow.parquet as pq

            table = pq.read_table(file)
            rows = enumerate(table.to_pylist(), start=1)
            return table.column_names, [(f"row {number}", row) for number, row in rows]
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            columns = next(reader, [])
            if not columns:
                raise EvaluationsError(f"{file}: its first line is empty, must name the columns")
            return columns, list(_csv_rows(file, columns, reader))
    except EvaluationsError:
        raise
    except OSError as error:
        raise EvaluationsError(f"{file}: cannot be read ({error.strerror or error})") from None
    except Exception as error:  # on a damaged file, the parsers raise nearly anything
        raise EvaluationsError(f"{file}: not a table ({error})") from None


def _csv_rows(file: Path, columns: list[str], reader: Any) -> Iterator[tuple[str, Cells]]:
    for cells in reader:
        if not cells:
            continue  # a blank line
        if len(cells) != len(columns):
            raise EvaluationsError(
                f"{file}, line {reader.line_num}: {len(cells)} cells, the header has {len(columns)}"
            )
        values = (cell if cell.strip() else None for cell in cells)
        yield f"line {reader.line_num}", dict(zip(columns, values, strict=True))


def _check_column(file: Path, name: str, columns: list[str]) -> None:
    if columns.count(name) == 1:
        return
    if name in columns:
        raise EvaluationsError(f"{file}: {columns.count(name)} columns are named {name!r}")
    close = difflib.get_close_matches(name, columns, n=3)
    hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    raise EvaluationsError(f"{file}: no column {name!r}; {hint}it has: {', '.join(columns)}")


def _parse(space: SearchSpace, text: object, where: str) -> Any:
    if not isinstance(text, str):
        raise EvaluationsError(f"{where}: {text!r} is no architecture's text")
    try:
        return space.parse(text)
    except Exception as error:  # a user's own space may raise anything
        raise EvaluationsError(f"{where}: {error or type(error).__name__}") from None


def _accuracies(row: Cells, targets: Sequence[str], percent: bool, where: str) -> list[float]:
    """Of the trainings that there are."""
    values = (_accuracy(row[name], percent, f"{where}: {name}") for name in targets)
    return [value for value in values if value is not None]


def _accuracy(cell: object, percent: bool, where: str) -> float | None:
    """A fraction; None for an empty cell."""
    if cell is None:
        return None
    try:
        value = float(cell)
    except (TypeError, ValueError):
        raise EvaluationsError(f"{where}: {str(cell)[:60]!r} is not a number") from None
    if not math.isfinite(value):
        return math.nan
    fraction = value / 100 if percent else value
    if not 0.0 <= fraction <= 1.0:
        limit = "100" if percent else "1 (--percent reads percentages)"
        raise EvaluationsError(f"{where}: {value:g} is not from 0 to {limit}")
    return fraction


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

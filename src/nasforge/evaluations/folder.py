"""Where the tables of some evaluations are: three files, or a folder of parts for each.

>>> find_tables(Path("results/quickstart/collect/parts"))
[TablePaths(evaluations=...), ...]
"""

from dataclasses import dataclass, fields
from pathlib import Path

from nasforge.errors import EvaluationsError


@dataclass(frozen=True)
class TablePaths:
    """Paths of the three tables of a campaign, or of a part of it."""

    evaluations: Path
    curves: Path
    proposals: Path


KINDS = tuple(field.name for field in fields(TablePaths))


def tables_in(folder: Path) -> TablePaths:
    """The three files of a folder, whether they are there or not."""
    return TablePaths(*(folder / f"{kind}.parquet" for kind in KINDS))


def find_tables(folder: Path) -> list[TablePaths]:
    """The parts in a folder, in the order of their names; one if it holds the three files.

    Args:
        folder: Holds evaluations.parquet, curves.parquet and proposals.parquet, or folders
            evaluations/, curves/ and proposals/ with files of the same names.

    Raises:
        EvaluationsError: It holds neither, or a table is missing.
    """
    if not folder.is_dir():
        raise EvaluationsError(f"no folder {folder}")
    names = sorted(file.name for file in (folder / "evaluations").glob("*.parquet"))
    parts = [TablePaths(*(folder / kind / name for kind in KINDS)) for name in names]
    if tables_in(folder).evaluations.exists():
        parts = [tables_in(folder)]
    if not parts:
        raise EvaluationsError(
            f"{folder} holds neither evaluations.parquet nor evaluations/*.parquet"
        )
    for part in parts:
        for kind in KINDS:
            file = getattr(part, kind)
            if not file.exists():
                raise EvaluationsError(f"{file} is missing beside {part.evaluations}")
    return parts

"""The parquet tables of evaluations, learning curves and proposals, and their metadata.

    >>> write_evaluations(path, evaluations, sources)
    >>> table, sources = read_table(path, "evaluations")

Every file's metadata hold the schema version, the search space, and the record behind every id of a
recipe or data set in it, so that a file explains itself; an id is the digest of its record, and
reading checks that.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from nasforge.benchmark.fingerprint import describe_space
from nasforge.errors import EvaluationsError
from nasforge.evaluations.columns import table_of
from nasforge.evaluations.files import atomic_path
from nasforge.evaluations.schema import SCHEMA_VERSION, CurvePoint, Evaluation
from nasforge.recipe import digest
from nasforge.space import DARTS, SearchSpace

_METADATA_KEY = b"nasforge"
_ARROW_TYPES = {str: pa.string(), int: pa.int64(), float: pa.float64()}

EVALUATIONS = pa.schema(
    [(f.name, _ARROW_TYPES[f.type]) for f in fields(Evaluation) if f.name != "curve"]
)
CURVES = pa.schema(
    [
        ("evaluation_id", pa.string()),
        *((field.name, _ARROW_TYPES[field.type]) for field in fields(CurvePoint)),
    ]
)
PROPOSALS = pa.schema(
    [
        ("sampler", pa.string()),
        ("optimizer", pa.string()),
        ("generation", pa.int64()),
        ("position", pa.int64()),
        ("raw_architecture", pa.string()),
        ("evaluation_id", pa.string()),
    ]
)
SCHEMAS = {"evaluations": EVALUATIONS, "curves": CURVES, "proposals": PROPOSALS}
"""Columns of each kind of table."""


@cache
def _darts() -> Mapping[str, Any]:
    """What nasforge trains; tables that name no space are of this one."""
    return describe_space(DARTS)


@dataclass(frozen=True)
class Provenance:
    """What the ids in a table stand for, and which space its architectures are from.

    A record is what an id is the digest of, not what today's code would hash for it: so a table
    stays readable when an option or a protocol is added. That of an imported evaluation is any
    JSON object.

    Attributes:
        recipes: `Recipe.record` by recipe_id.
        datasets: `DatasetSpec.record` by dataset_id.
        space: `describe_space` of the search space.
    """

    recipes: Mapping[str, Mapping[str, Any]]
    datasets: Mapping[str, Mapping[str, Any]]
    space: Mapping[str, Any] = field(default_factory=_darts)

    def merged(self, other: Self) -> Self:
        """The ids of both.

        Raises:
            EvaluationsError: They are of different spaces.
        """
        if self.space != other.space:
            raise EvaluationsError(
                f"tables of space {_space_text(self.space)} and of {_space_text(other.space)} are "
                "not mixed"
            )
        recipes = {**self.recipes, **other.recipes}
        return type(self)(recipes, {**self.datasets, **other.datasets}, self.space)

    def check_space(self, space: SearchSpace) -> None:
        """Make sure that the architectures are of this space.

        Raises:
            EvaluationsError: They are not, or the space has changed since.
        """
        wanted = describe_space(space)
        if self.space != wanted:
            raise EvaluationsError(
                f"made for space {_space_text(self.space)}, the config's is {_space_text(wanted)}"
            )

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "recipes": {key: dict(record) for key, record in self.recipes.items()},
            "datasets": {key: dict(record) for key, record in self.datasets.items()},
            "space": dict(self.space),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read `to_json`'s object and check every id.

        Raises:
            EvaluationsError: A record or the space is none, or an id is not the digest of its
                record.
        """
        records = {**data["recipes"], **data["datasets"]}
        for key, record in records.items():
            if not isinstance(record, dict):
                raise EvaluationsError(f"id {key} stands for {record!r}, which is no record")
            if digest(record) != key:
                raise EvaluationsError(f"id {key} stands for what has id {digest(record)}")
        space = data.get("space", _darts())
        if not isinstance(space, dict) or set(space) != set(_darts()):
            raise EvaluationsError(f"space {str(space)[:80]} must have {', '.join(_darts())}")
        return cls(data["recipes"], data["datasets"], space)


def write_evaluations(path: Path, rows: Sequence[Evaluation], provenance: Provenance) -> None:
    """Write evaluations.parquet, without curves."""
    values = {name: [getattr(row, name) for row in rows] for name in EVALUATIONS.names}
    write_table(path, table_of(values, EVALUATIONS), "evaluations", provenance)


def write_curves(path: Path, rows: Sequence[Evaluation], provenance: Provenance) -> None:
    """Write curves.parquet."""
    write_table(path, curves_table(rows), "curves", provenance)


def curves_table(rows: Sequence[Evaluation]) -> pa.Table:
    """One row per evaluation and epoch."""
    points = [(row.evaluation_id, point) for row in rows for point in row.curve]
    values = {"evaluation_id": [evaluation_id for evaluation_id, _ in points]}
    for name in CURVES.names[1:]:
        values[name] = [getattr(point, name) for _, point in points]
    return table_of(values, CURVES)


def write_table(path: Path, table: pa.Table, kind: str, provenance: Provenance) -> None:
    """Write a table with its metadata, atomically."""
    metadata = {"schema_version": SCHEMA_VERSION, "kind": kind, **provenance.to_json()}
    encoded = {_METADATA_KEY: json.dumps(metadata, sort_keys=True).encode()}
    with atomic_path(path) as temporary:
        pq.write_table(table.replace_schema_metadata(encoded), temporary, compression="zstd")


def read_table(
    path: Path, kind: str, columns: Sequence[str] | None = None
) -> tuple[pa.Table, Provenance]:
    """Read and check one of our tables.

    Args:
        path: A parquet file.
        kind: A key of `SCHEMAS`.
        columns: Those to read; None for all. The ids are checked if all are read.

    Raises:
        EvaluationsError: The file is damaged, of another kind or version, its columns differ, or
            its ids are not those of its metadata.
    """
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            table = file.read(columns, use_threads=False)
        metadata = json.loads((schema.metadata or {})[_METADATA_KEY])
        found = (metadata["kind"], metadata["schema_version"])
        provenance = Provenance.from_json(metadata)
    except FileNotFoundError:
        raise EvaluationsError(f"{path}: no such file") from None
    except EvaluationsError as error:
        raise EvaluationsError(f"{path}: {error}") from None
    except Exception as error:  # on a damaged file, the parsers raise nearly anything
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise EvaluationsError(f"{path}: not a nasforge table ({reason})") from None
    if found != (kind, SCHEMA_VERSION):
        raise EvaluationsError(
            f"{path}: {found[0]} of schema version {found[1]}, expected {kind} of {SCHEMA_VERSION}"
        )
    if not schema.equals(SCHEMAS[kind], check_metadata=False):
        raise EvaluationsError(f"{path}: columns {schema.names}, expected {SCHEMAS[kind].names}")
    if kind == "evaluations" and columns is None:
        _check_ids(path, table, provenance)
    return table.replace_schema_metadata(None), provenance


def read_tables(
    paths: Iterable[Path], kind: str, columns: Sequence[str] | None = None
) -> tuple[pa.Table, Provenance]:
    """Read several tables of a kind as one; see `read_table`."""
    parts = [read_table(path, kind, columns) for path in paths]
    if not parts:
        return table_of(dict.fromkeys(SCHEMAS[kind].names, ()), SCHEMAS[kind]), Provenance({}, {})
    provenance = parts[0][1]
    for _, other in parts[1:]:
        provenance = provenance.merged(other)
    return pa.concat_tables([table for table, _ in parts]), provenance


def _space_text(space: Mapping[str, Any]) -> str:
    name, version, fingerprint = (str(space[key])[:60] for key in _darts())
    return f"{name!r} version {version} ({fingerprint[:8]})"


def _check_ids(path: Path, table: pa.Table, provenance: Provenance) -> None:
    for column, known in (("recipe_id", provenance.recipes), ("dataset_id", provenance.datasets)):
        for value in table[column].unique().to_pylist():
            if value not in known:
                raise EvaluationsError(f"{path}: {column} {value} is not in the file's metadata")

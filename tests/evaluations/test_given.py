"""Evaluations made elsewhere: merged if every row is what it says, else refused."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from nasforge.errors import EvaluationsError
from nasforge.evaluations.folder import TablePaths, find_tables, tables_in
from nasforge.evaluations.given import collect_evaluations
from nasforge.evaluations.imported import ImportedTables, Result
from nasforge.evaluations.schema import CurvePoint
from nasforge.evaluations.tables import read_table, write_table
from nasforge.space import DARTS
from nasforge.space.darts.space import DartsSpace

GENOTYPES = [DARTS.from_vector([operation] + [0] * 21) for operation in range(6)]
RECORD = {"imported": "a test"}


def make(folder: Path, numbers: range, sampler: str = "a", **record: Any) -> None:
    """Tables of some of GENOTYPES, with two trainings of the first and a curve each."""
    tables = ImportedTables(DARTS, {**RECORD, **record}, RECORD)
    for number in [numbers[0], *numbers]:
        curve = (CurvePoint(1, 1.0, 0.5, 1.0, 0.5, 1.0),)
        key = tables.add(GENOTYPES[number], Result(0.5 + number / 100, curve=curve))
        tables.propose(sampler, DARTS.format(GENOTYPES[number]), key)
    tables.write(folder, {})


def collect(folder: Path, space: DartsSpace = DARTS) -> dict[str, list[dict[str, Any]]]:
    outputs = tables_in(folder / "collected")
    collect_evaluations(space, find_tables(folder), outputs)
    return {
        kind: read_table(path, kind)[0].to_pylist()
        for kind, path in dataclasses.asdict(outputs).items()
    }


def edit(folder: Path, kind: str, change: Callable[[list[dict]], object]) -> None:
    """Change a table's rows, keeping its metadata."""
    file = folder / f"{kind}.parquet"
    table, provenance = read_table(file, kind)
    rows = table.to_pylist()
    change(rows)
    write_table(file, pa.Table.from_pylist(rows, schema=table.schema), kind, provenance)


def test_tables_are_taken_over(tmp_path: Path) -> None:
    make(tmp_path, range(6))
    tables = collect(tmp_path)
    assert [row["val_accuracy"] for row in tables["evaluations"]] == [
        0.5 + number / 100 for number in (0, 0, 1, 2, 3, 4, 5)
    ]
    assert len(tables["curves"]) == len(tables["proposals"]) == 7


def test_parts_are_merged(tmp_path: Path) -> None:
    for name, numbers in (("x", range(3)), ("y", range(2, 6))):
        make(tmp_path / name, numbers, sampler=name)
        for kind in ("evaluations", "curves", "proposals"):
            (tmp_path / kind).mkdir(exist_ok=True)
            (tmp_path / name / f"{kind}.parquet").rename(tmp_path / kind / f"{name}.parquet")
    tables = collect(tmp_path)
    assert [row["replicate"] for row in tables["evaluations"]] == [0, 1, 0, 0, 1, 0, 0, 0]
    assert [row["sampler"] for row in tables["proposals"]] == ["x"] * 4 + ["y"] * 5
    assert {row["evaluation_id"] for row in tables["curves"]} == {
        row["evaluation_id"] for row in tables["evaluations"]
    }


def test_tables_of_another_space_are_refused(tmp_path: Path) -> None:
    class Newer(DartsSpace):
        version = 2

    make(tmp_path, range(3))
    with pytest.raises(EvaluationsError, match=r"space 'darts' version 1 .* config's is 'darts' v"):
        collect(tmp_path, Newer())
    assert not (tmp_path / "collected").exists()


def test_several_recipes_are_refused(tmp_path: Path) -> None:
    parts = []
    for name, record in (("x", {}), ("y", {"epochs": 3})):
        make(tmp_path / name, range(3), **record)
        parts += find_tables(tmp_path / name)
    with pytest.raises(EvaluationsError, match="evaluations of several recipe_ids"):
        collect_evaluations(DARTS, parts, TablePaths(*[tmp_path / "out"] * 3))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("architecture", "normal:x", "'normal:x' is no genotype"),
        ("architecture", DARTS.format(GENOTYPES[5]), "is not that of its architecture"),
        ("replicate", 7, "the id does not belong to the row"),
        ("evaluation_id", "0" * 16, "evaluation 0000000000000000: the id does not belong"),
        ("status", "fine", "status 'fine'; allowed: ok, diverged, failed"),
        ("val_accuracy", 93.5, r"val_accuracy 93\.5 is not from 0 to 1"),
        ("test_accuracy", -0.1, r"test_accuracy -0\.1 is not from 0 to 1"),
        ("val_accuracy", math.nan, "status ok without a val_accuracy"),
        ("val_accuracy", None, "column val_accuracy: 1 rows are empty"),
    ],
)
def test_a_row_that_is_not_what_it_says_is_refused(
    tmp_path: Path, column: str, value: object, message: str
) -> None:
    make(tmp_path, range(3))
    edit(tmp_path, "evaluations", lambda rows: rows[1].update({column: value}))
    with pytest.raises(EvaluationsError, match=message):
        collect(tmp_path)


def test_an_unknown_evaluator_is_refused(tmp_path: Path) -> None:
    make(tmp_path, range(3))
    edit(tmp_path, "evaluations", lambda rows: [row.update(evaluator="guess") for row in rows])
    with pytest.raises(EvaluationsError, match="evaluator 'guess'; allowed: train, simulate"):
        collect(tmp_path)


def test_a_proposal_without_an_evaluation_is_refused(tmp_path: Path) -> None:
    make(tmp_path, range(3))
    edit(tmp_path, "proposals", lambda rows: rows[0].update(evaluation_id="0" * 16))
    with pytest.raises(EvaluationsError, match="proposal's evaluation 0000000000000000 is missing"):
        collect(tmp_path)


def test_an_architecture_that_no_sampler_proposed_is_refused(tmp_path: Path) -> None:
    make(tmp_path, range(3))
    edit(tmp_path, "proposals", lambda rows: rows.pop())
    with pytest.raises(EvaluationsError, match="no sampler proposed evaluation"):
        collect(tmp_path)


def test_tables_without_a_row_are_refused(tmp_path: Path) -> None:
    make(tmp_path, range(3))
    edit(tmp_path, "evaluations", lambda rows: rows.clear())
    with pytest.raises(EvaluationsError, match="no evaluations"):
        collect(tmp_path)

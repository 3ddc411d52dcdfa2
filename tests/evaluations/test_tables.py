"""The parquet tables: round trips, and metadata that must explain every id."""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nasforge.errors import EvaluationsError
from nasforge.evaluations.schema import Evaluation
from nasforge.evaluations.tables import (
    CURVES,
    EVALUATIONS,
    PROPOSALS,
    Provenance,
    read_table,
    read_tables,
    write_curves,
    write_evaluations,
    write_table,
)
from nasforge.recipe import DatasetSpec, Recipe
from nasforge.space import DARTS

RECIPE = Recipe(cells=3, channels=4, epochs=2, batch_size=32, learning_rate=0.1)
OTHER_RECIPE = dataclasses.replace(RECIPE, epochs=3)
SPEC = DatasetSpec("digits", 8, 100, 50, 50)
SOURCES = {"digits.csv": "0" * 64}
DATASET_ID = SPEC.dataset_id(SOURCES)
DATASETS = {DATASET_ID: SPEC.record(SOURCES)}
PROVENANCE = Provenance({RECIPE.recipe_id: RECIPE.record}, DATASETS)


@pytest.fixture
def rows(evaluation: Evaluation) -> list[Evaluation]:
    """Two replicates, the second one failed."""
    first = dataclasses.replace(evaluation, recipe_id=RECIPE.recipe_id, dataset_id=DATASET_ID)
    second = dataclasses.replace(
        first, replicate=1, status="failed", error="OSError: ü", val_accuracy=math.nan, curve=()
    )
    return [
        dataclasses.replace(row, evaluation_id=row.key.evaluation_id) for row in (first, second)
    ]


@pytest.fixture
def path(tmp_path: Path, rows: list[Evaluation]) -> Path:
    """An evaluations table on disk."""
    path = tmp_path / "folder" / "evaluations.parquet"
    write_evaluations(path, rows, PROVENANCE)
    return path


def test_evaluations_round_trip(path: Path, rows: list[Evaluation]) -> None:
    table, provenance = read_table(path, "evaluations")
    assert table.schema.equals(EVALUATIONS)
    for row, read in zip(rows, table.to_pylist(), strict=True):
        expected = dataclasses.asdict(row)
        del expected["curve"]
        # repr, because nan is not equal to itself.
        assert {k: repr(v) for k, v in read.items()} == {k: repr(v) for k, v in expected.items()}
    assert provenance == PROVENANCE


def test_curves_have_a_row_per_epoch(tmp_path: Path, rows: list[Evaluation]) -> None:
    write_curves(tmp_path / "curves.parquet", rows, PROVENANCE)
    table, _ = read_table(tmp_path / "curves.parquet", "curves")
    assert table.schema.equals(CURVES)
    assert table.to_pylist() == [
        {"evaluation_id": rows[0].evaluation_id, **dataclasses.asdict(point)}
        for point in rows[0].curve
    ]


@pytest.mark.parametrize("kind", ["evaluations", "curves"])
def test_no_rows_round_trip(tmp_path: Path, kind: str) -> None:
    write = {"evaluations": write_evaluations, "curves": write_curves}[kind]
    write(tmp_path / "t.parquet", [], PROVENANCE)
    table, provenance = read_table(tmp_path / "t.parquet", kind)
    assert len(table) == 0
    assert provenance == PROVENANCE


def test_nothing_is_left_beside_a_table(path: Path) -> None:
    assert [item.name for item in path.parent.iterdir()] == ["evaluations.parquet"]


def test_the_metadata_explain_the_file_to_others(path: Path) -> None:
    metadata = json.loads(pq.read_schema(path).metadata[b"nasforge"])
    assert metadata["kind"] == "evaluations"
    assert metadata["schema_version"] == 1
    assert metadata["recipes"][RECIPE.recipe_id]["recipe"]["epochs"] == 2
    assert metadata["datasets"][DATASET_ID]["sources"] == SOURCES


def test_several_tables_are_read_as_one(tmp_path: Path, rows: list[Evaluation]) -> None:
    other = dataclasses.replace(rows[0], recipe_id=OTHER_RECIPE.recipe_id)
    write_evaluations(tmp_path / "a.parquet", rows, PROVENANCE)
    write_evaluations(
        tmp_path / "b.parquet",
        [other],
        Provenance({OTHER_RECIPE.recipe_id: OTHER_RECIPE.record}, DATASETS),
    )
    files = [tmp_path / "b.parquet", tmp_path / "a.parquet"]
    table, provenance = read_tables(files, "evaluations")
    assert table["recipe_id"].to_pylist() == [OTHER_RECIPE.recipe_id] + 2 * [RECIPE.recipe_id]
    assert set(provenance.recipes) == {RECIPE.recipe_id, OTHER_RECIPE.recipe_id}


def test_no_tables_are_an_empty_one() -> None:
    table, provenance = read_tables([], "proposals")
    assert table.schema.equals(PROPOSALS)
    assert len(table) == 0
    assert provenance == Provenance({}, {})


def rewrite(path: Path, **changes: Any) -> None:
    """Change the metadata, and nothing else."""
    table = pq.read_table(path)
    metadata = json.loads(table.schema.metadata[b"nasforge"])
    for key, value in changes.items():
        metadata[key] = value
    text = json.dumps(metadata)
    pq.write_table(table.replace_schema_metadata({b"nasforge": text.encode()}), path)


def refused(path: Path, message: str) -> None:
    with pytest.raises(EvaluationsError, match=message) as caught:
        read_table(path, "evaluations")
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_another_schema_version_is_refused(path: Path) -> None:
    rewrite(path, schema_version=2)
    refused(path, "evaluations of schema version 2, expected evaluations of 1")


def test_another_kind_is_refused(tmp_path: Path, rows: list[Evaluation]) -> None:
    path = tmp_path / "curves.parquet"
    write_curves(path, rows, PROVENANCE)
    refused(path, "curves of schema version 1, expected evaluations of 1")


def test_another_kind_with_a_false_name_is_refused(tmp_path: Path, rows: list[Evaluation]) -> None:
    path = tmp_path / "curves.parquet"
    write_curves(path, rows, PROVENANCE)
    rewrite(path, kind="evaluations")
    refused(path, r"columns \['evaluation_id', 'epoch'")


def test_a_column_of_another_type_is_refused(path: Path, rows: list[Evaluation]) -> None:
    table, _ = read_table(path, "evaluations")
    position = table.schema.get_field_index("epochs")
    table = table.set_column(position, "epochs", table["epochs"].cast(pa.float64()))
    write_table(path, table, "evaluations", PROVENANCE)
    refused(path, "epochs|columns")


@pytest.mark.parametrize("column", ["recipe_id", "dataset_id"])
def test_a_row_of_an_id_that_the_metadata_do_not_explain_is_refused(
    path: Path, rows: list[Evaluation], column: str
) -> None:
    foreign = dataclasses.replace(rows[1], **{column: "f" * 16})
    write_evaluations(path, [rows[0], foreign], PROVENANCE)
    refused(path, f"{column} {'f' * 16} is not in the file's metadata")


@pytest.mark.parametrize("section", ["recipes", "datasets"])
def test_an_id_that_stands_for_something_else_is_refused(path: Path, section: str) -> None:
    [(true_id, value)] = PROVENANCE.to_json()[section].items()
    rewrite(path, **{section: {"0" * 16: value}})
    refused(path, f"id {'0' * 16} stands for what has id {true_id}")


def test_a_changed_recipe_is_noticed(path: Path) -> None:
    rewrite(path, recipes={RECIPE.recipe_id: OTHER_RECIPE.record})
    refused(path, f"stands for what has id {OTHER_RECIPE.recipe_id}")


@pytest.mark.parametrize("recipes", [None, [], 3])
def test_recipes_that_are_none_are_refused(path: Path, recipes: object) -> None:
    rewrite(path, recipes=recipes)
    refused(path, "not a nasforge table")


@pytest.mark.parametrize("section", ["recipes", "datasets"])
@pytest.mark.parametrize("record", [None, [], 3, "text"])
def test_a_record_that_is_none_is_refused(path: Path, section: str, record: object) -> None:
    rewrite(path, **{section: {"0" * 16: record}})
    refused(path, "is no record")


@pytest.mark.parametrize("space", [None, "darts", [], {}, {"name": "darts", "version": 1}])
def test_a_space_that_is_none_is_refused(path: Path, space: object) -> None:
    rewrite(path, space=space)
    refused(path, "must have name, version, fingerprint")


def test_tables_that_name_no_space_are_of_darts(path: Path) -> None:
    table = pq.read_table(path)
    metadata = json.loads(table.schema.metadata[b"nasforge"])
    del metadata["space"]
    text = json.dumps(metadata).encode()
    pq.write_table(table.replace_schema_metadata({b"nasforge": text}), path)
    _, provenance = read_table(path, "evaluations")
    assert provenance == PROVENANCE
    provenance.check_space(DARTS)


def test_tables_of_different_spaces_are_not_mixed(path: Path) -> None:
    other = path.with_name("other.parquet")
    other.write_bytes(path.read_bytes())
    rewrite(other, space={**PROVENANCE.space, "name": "mine"})
    with pytest.raises(
        EvaluationsError, match=r"space 'darts' version 1 .* 'mine' version 1 .* not"
    ):
        read_tables([path, other], "evaluations")
    with pytest.raises(EvaluationsError, match="made for space 'mine' version 1"):
        read_table(other, "evaluations")[1].check_space(DARTS)


def test_a_record_with_nan_is_refused(path: Path) -> None:
    rewrite(path, datasets={DATASET_ID: {"sources": {"a": math.nan}}})
    refused(path, "not a nasforge table")


def test_a_table_of_an_earlier_protocol_stays_readable(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nasforge.recipe.TRAINING_PROTOCOL", 1_000)
    monkeypatch.setattr("nasforge.recipe.IMAGES_PROTOCOL", 1_000)
    _, provenance = read_table(path, "evaluations")
    [record] = provenance.recipes.values()
    assert Recipe.from_record(record) == RECIPE


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"3", b"\xff", b"[" * 100_000])
def test_metadata_that_are_no_json_object_are_refused(path: Path, text: bytes) -> None:
    table = pq.read_table(path).replace_schema_metadata({b"nasforge": text})
    pq.write_table(table, path)
    refused(path, "not a nasforge table")


def test_somebody_elses_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.parquet"
    pq.write_table(pa.table({"x": [1]}), path)
    refused(path, "not a nasforge table")


@pytest.mark.parametrize("content", [b"", b"text", b"PAR1" + bytes(100) + b"PAR1"])
def test_a_file_that_is_not_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "evaluations.parquet"
    path.write_bytes(content)
    refused(path, "not a nasforge table")


def test_every_truncation_is_refused(path: Path) -> None:
    content = path.read_bytes()
    for length in range(0, len(content), len(content) // 40):
        path.write_bytes(content[:length])
        refused(path, "not a nasforge table")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere.parquet", "no such file")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, "not a nasforge table")

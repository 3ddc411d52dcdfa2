"""Importing a table: several columns and rows as replicates, and every error with its place."""

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nasforge.errors import EvaluationsError
from nasforge.evaluations.folder import tables_in
from nasforge.evaluations.import_csv import import_table
from nasforge.evaluations.imported import Imported
from nasforge.evaluations.tables import read_table
from nasforge.space import DARTS

GENOTYPES = [DARTS.from_vector([k] * 8 + [0, 1, 2] + [3] * 8 + [2, 0, 9]) for k in range(7)]
TEXTS = [DARTS.format(genotype) for genotype in GENOTYPES]


def write_csv(folder: Path, *lines: str, header: str = "arch,val") -> Path:
    file = folder / "table.csv"
    file.write_text("\n".join([header, *lines]) + "\n")
    return file


def run(file: Path, *targets: str, **options: Any) -> tuple[Imported, dict[str, list[dict]]]:
    """Import a table next to it; the report, and the rows of each table."""
    folder = file.parent / "out"
    report = import_table(DARTS, file, folder, "arch", list(targets or ("val",)), **options)
    paths = tables_in(folder)
    return report, {
        kind: read_table(getattr(paths, kind), kind)[0].to_pylist()
        for kind in ("evaluations", "curves", "proposals")
    }


def values(tables: dict[str, list[dict]]) -> list[tuple[str, int, float]]:
    return [
        (row["architecture"], row["replicate"], row["val_accuracy"])
        for row in tables["evaluations"]
    ]


def test_a_row_is_an_evaluation(tmp_path: Path) -> None:
    report, tables = run(write_csv(tmp_path, f"{TEXTS[0]},0.5", "", f"{TEXTS[1]},0.75"))
    canonical = [DARTS.format(DARTS.canonical(genotype)) for genotype in GENOTYPES[:2]]
    assert values(tables) == [(canonical[0], 0, 0.5), (canonical[1], 0, 0.75)]
    assert {row["evaluator"] for row in tables["evaluations"]} == {"import"}
    assert math.isnan(tables["evaluations"][0]["test_accuracy"])
    assert tables["evaluations"][0]["params"] == -1
    assert [row["raw_architecture"] for row in tables["proposals"]] == TEXTS[:2]
    assert {row["sampler"] for row in tables["proposals"]} == {"imported"}
    assert tables["curves"] == []
    assert (report.evaluations, report.architectures) == (2, 2)
    assert report.to_text().count("\n") == 0


def test_columns_and_rows_of_a_network_are_its_replicates(tmp_path: Path) -> None:
    lines = [f"{TEXTS[0]},50,52", f"{TEXTS[1]},60,", f"{TEXTS[0]},51,"]
    file = write_csv(tmp_path, *lines, header="arch,seed0,seed1")
    report, tables = run(file, "seed0", "seed1", percent=True)
    assert [(replicate, value) for _, replicate, value in values(tables)] == [
        (0, 0.5),
        (1, 0.52),
        (0, 0.6),
        (2, 0.51),
    ]
    assert len(tables["proposals"]) == 3  # a row is one proposal
    assert (report.evaluations, report.architectures) == (4, 2)


def test_a_sampler_column_names_the_samplers(tmp_path: Path) -> None:
    lines = [f"{TEXTS[0]},0.5,re", f"{TEXTS[1]},0.6,rs", f"{TEXTS[2]},0.7,re"]
    _, tables = run(write_csv(tmp_path, *lines, header="arch,val,from"), sampler="from")
    rows = [(row["sampler"], row["position"]) for row in tables["proposals"]]
    assert rows == [("re", 0), ("rs", 0), ("re", 1)]


def test_an_empty_cell_is_no_training_and_a_nan_a_diverged_one(tmp_path: Path) -> None:
    lines = [f"{TEXTS[0]},", f"{TEXTS[1]},nan", f"{TEXTS[2]},0.5"]
    report, tables = run(write_csv(tmp_path, *lines))
    assert [row["status"] for row in tables["evaluations"]] == ["diverged", "ok"]
    assert report.diverged == 1
    assert report.notes["rows without a value"] == ["line 2"]


def test_a_repeated_value_is_pointed_out(tmp_path: Path) -> None:
    lines = [f"{TEXTS[0]},0.5", f"{TEXTS[1]},0.5", f"{TEXTS[0]},0.5"]
    report, tables = run(write_csv(tmp_path, *lines))
    assert len(tables["evaluations"]) == 3
    assert "remove copies, which are no replicates: 1 (line 4)" in report.to_text()


def test_parquet_is_read_as_well(tmp_path: Path) -> None:
    table = pa.table({"arch": TEXTS[:3], "val": [0.5, None, math.nan], "curve": [[1.0], [], []]})
    pq.write_table(table, tmp_path / "table.parquet")
    report, tables = run(tmp_path / "table.parquet")
    assert [row["status"] for row in tables["evaluations"]] == ["ok", "diverged"]
    assert report.notes["rows without a value"] == ["row 2"]


def test_a_file_of_a_spreadsheet_may_start_with_a_mark(tmp_path: Path) -> None:
    file = write_csv(tmp_path, f"{TEXTS[0]},0.5")
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert run(file)[0].evaluations == 1


def test_another_content_is_another_recipe(tmp_path: Path) -> None:
    ids = set()
    for value in ("0.5", "0.6"):
        _, tables = run(write_csv(tmp_path, f"{TEXTS[0]},{value}"))
        ids.add(tables["evaluations"][0]["recipe_id"])
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([f"{TEXTS[0]},0.5", "normal:x-reduce:y,0.5"], "line 3: normal cell: 1 nodes"),
        ([",0.5"], "line 2: None is no architecture's text"),
        ([f"{TEXTS[0]},high"], "line 2: val: 'high' is not a number"),
        ([f"{TEXTS[0]},93.5"], r"line 2: val: 93\.5 is not from 0 to 1 \(--percent reads"),
        ([f"{TEXTS[0]},-0.5"], "line 2: val: -0.5 is not from 0 to 1"),
        ([f"{TEXTS[0]},0.5,7"], "line 2: 3 cells, the header has 2"),
        ([f"{TEXTS[0]},"], "no row has a value in val"),
        ([], "no row has a value in val"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(
    tmp_path: Path, lines: list[str], message: str
) -> None:
    with pytest.raises(EvaluationsError, match=message):
        run(write_csv(tmp_path, *lines))
    assert not (tmp_path / "out").exists()


def test_percentages_end_at_100(tmp_path: Path) -> None:
    with pytest.raises(EvaluationsError, match="101 is not from 0 to 100"):
        run(write_csv(tmp_path, f"{TEXTS[0]},101"), percent=True)


@pytest.mark.parametrize(("cells", "largest"), [(["0.93", "0.5"], "0.93"), (["1", ""], "1")])
def test_fractions_are_not_taken_for_percentages(
    tmp_path: Path, cells: list[str], largest: str
) -> None:
    lines = [f"{text},{cell}" for text, cell in zip(TEXTS[:2], cells, strict=True)]
    with pytest.raises(EvaluationsError, match=rf"largest accuracy is {largest}, .* --percent out"):
        run(write_csv(tmp_path, *lines), percent=True)
    assert not (tmp_path / "out").exists()


def test_a_percentage_may_be_small_beside_others_and_all_may_have_diverged(tmp_path: Path) -> None:
    _, tables = run(write_csv(tmp_path, f"{TEXTS[0]},0.5", f"{TEXTS[1]},10"), percent=True)
    assert [value for _, _, value in values(tables)] == [0.005, 0.1]
    _, tables = run(write_csv(tmp_path, f"{TEXTS[0]},nan"), percent=True)
    assert [row["status"] for row in tables["evaluations"]] == ["diverged"]


@pytest.mark.parametrize("content", ["", "\n", "\ufeff"])
def test_an_empty_file_is_said_to_be_empty(tmp_path: Path, content: str) -> None:
    file = tmp_path / "table.csv"
    file.write_text(content)
    with pytest.raises(EvaluationsError, match="first line is empty, must name the columns"):
        run(file)


def test_a_missing_column_is_named_with_near_ones(tmp_path: Path) -> None:
    file = write_csv(tmp_path, f"{TEXTS[0]},0.5", header="arch,val_acc")
    with pytest.raises(EvaluationsError, match=r"'val_ac'; did you mean 'val_acc'\? it has: arch"):
        run(file, "val_ac")
    with pytest.raises(EvaluationsError, match="no column 'sampler'; it has: arch, val_acc"):
        run(file, "val_acc", sampler="sampler")


def test_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationsError, match="2 columns are named 'val'"):
        run(write_csv(tmp_path, f"{TEXTS[0]},0.5,0.6", header="arch,val,val"))


@pytest.mark.parametrize("name", ["nowhere.csv", "nowhere.parquet"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(EvaluationsError, match=rf"{name}: cannot be read"):
        run(tmp_path / name)


@pytest.mark.parametrize("name", ["broken.csv", "broken.parquet"])
def test_what_is_no_table_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xff\xfe\x00PAR1")
    with pytest.raises(EvaluationsError, match=rf"{name}: not a table"):
        run(tmp_path / name)

"""Where tables are looked for."""

from pathlib import Path

import pytest

from nasforge.errors import EvaluationsError
from nasforge.evaluations.folder import KINDS, TablePaths, find_tables, tables_in


def touch(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def test_three_files_are_one_part(tmp_path: Path) -> None:
    touch(*(tmp_path / f"{kind}.parquet" for kind in KINDS))
    assert find_tables(tmp_path) == [tables_in(tmp_path)]


def test_parts_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    touch(*(tmp_path / kind / f"{name}.parquet" for kind in KINDS for name in "ba"))
    assert find_tables(tmp_path) == [
        TablePaths(*(tmp_path / kind / f"{name}.parquet" for kind in KINDS)) for name in "ab"
    ]


def test_a_campaigns_collect_folder_is_read_from_its_tables(tmp_path: Path) -> None:
    touch(*(tmp_path / f"{kind}.parquet" for kind in KINDS))
    touch(*(tmp_path / "parts" / kind / "random-g0.parquet" for kind in KINDS))
    assert len(find_tables(tmp_path)) == len(find_tables(tmp_path / "parts")) == 1


@pytest.mark.parametrize("missing", ["curves", "proposals"])
@pytest.mark.parametrize("name", ["{}.parquet", "{}/a.parquet"])
def test_a_missing_table_is_named(tmp_path: Path, missing: str, name: str) -> None:
    touch(*(tmp_path / name.format(kind) for kind in KINDS if kind != missing))
    with pytest.raises(EvaluationsError, match=rf"{name.format(missing)} is missing beside"):
        find_tables(tmp_path)


def test_a_folder_without_evaluations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationsError, match=r"holds neither evaluations\.parquet nor evaluat"):
        find_tables(tmp_path)
    with pytest.raises(EvaluationsError, match="no folder"):
        find_tables(tmp_path / "nowhere")

"""Numbers are read back as they were, and never half written."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nasforge.studies.numbers import write_numbers


def test_values_are_read_back_as_they_were_without_an_index(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "family": ["gin", "linear"],
            "trained": [50, 100],
            "difference": [-1 / 3, np.nan],
            "size": [0.0, np.inf],
            "estimable": [True, False],
        },
        index=[7, 7],
    )
    write_numbers(tmp_path / "new" / "table.parquet", table)
    read = pd.read_parquet(tmp_path / "new" / "table.parquet")
    pd.testing.assert_frame_equal(read, table.reset_index(drop=True))
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["table.parquet"]


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    table = pd.DataFrame({"group": ["a", "b"], "value": [0.1, 0.2]})
    for name in ("one", "two"):
        write_numbers(tmp_path / name, table.copy())
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_table_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "table.parquet"
    write_numbers(file, pd.DataFrame({"value": [1.0]}))
    with pytest.raises(Exception, match="value"):
        write_numbers(file, pd.DataFrame({"value": [1.0, "two"]}))
    assert pd.read_parquet(file)["value"].tolist() == [1.0]
    assert [own.name for own in tmp_path.iterdir()] == ["table.parquet"]

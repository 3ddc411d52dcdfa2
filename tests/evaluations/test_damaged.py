"""Damaged files are put aside if the run made them, and nothing else is touched."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nasforge.evaluations.damaged import is_damaged, put_damaged_aside


def write(folder: Path) -> list[Path]:
    """One file of each kind."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"a": list(range(1000))}), folder / "a.parquet")
    np.savez(folder / "b.npz", a=np.arange(1000))
    (folder / "c.json").write_text('{"a": 1}')
    return [folder / name for name in ("a.parquet", "b.npz", "c.json")]


DAMAGE: list[Callable[[bytes], bytes]] = [
    lambda content: content[: len(content) // 2],
    lambda content: content[:-1],
    lambda content: b"",
    lambda content: b"\0" * len(content),
]


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_damaged_file_is_renamed_and_the_others_stay(
    tmp_path: Path, damage: Callable[[bytes], bytes], number: int
) -> None:
    files = write(tmp_path / "results")
    assert put_damaged_aside(files, tmp_path / "results") == []
    content = damage(files[number].read_bytes())
    files[number].write_bytes(content)
    assert put_damaged_aside(files, tmp_path / "results") == [files[number]]
    assert [file.exists() for file in files] == [place != number for place in range(3)]
    assert files[number].with_name(files[number].name + ".damaged").read_bytes() == content


def test_what_the_run_was_given_is_left_alone(tmp_path: Path) -> None:
    [file, *_] = write(tmp_path / "given")
    file.write_bytes(b"")
    link = tmp_path / "results/link.parquet"
    link.parent.mkdir()
    link.symlink_to(file)
    assert put_damaged_aside([file, link], tmp_path / "results") == []
    assert is_damaged(file)
    assert link.is_symlink()


def test_other_kinds_and_missing_files_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("")
    assert put_damaged_aside([tmp_path / "a.csv", tmp_path / "b.parquet"], tmp_path) == []


def test_too_little_memory_says_nothing_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write(tmp_path / "results")

    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(pq, "ParquetFile", exhausted)
    monkeypatch.setattr(np, "load", exhausted)
    assert put_damaged_aside(files, tmp_path / "results") == []
    assert all(file.exists() for file in files)

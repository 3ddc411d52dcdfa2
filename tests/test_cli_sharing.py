"""The commands export and draw."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from command_line import printed, refused
from tiny_benchmark import ARCHITECTURE, TARGETS, write_benchmark

import nasforge
from nasforge.space import DARTS
from nasforge.space.darts.drawing import draw

EXPORT = ("export", "syne-tune")


def test_a_folder_for_syne_tune_is_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = write_benchmark(tmp_path, TARGETS)
    options = (folder, "-o", tmp_path / "out", "--architectures", "5")
    output = printed(capsys, *EXPORT, *options)
    assert output.endswith(f" of 5 architectures, no draws each, written to {tmp_path / 'out'}\n")
    assert np.load(tmp_path / "out/objectives_evaluations.npy").shape == (1, 5, 1, 1, 5)
    metadata = json.loads(printed(capsys, *EXPORT, *options, "--noise-seeds", "3", "--json"))
    assert metadata["noise_seeds"] == 3
    assert np.load(tmp_path / "out/objectives_evaluations.npy").shape == (1, 5, 3, 1, 5)


def test_what_the_folder_lacks_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = write_benchmark(tmp_path)
    output = printed(capsys, *EXPORT, folder, "-o", tmp_path / "out", "--architectures", "2")
    assert output.endswith("\nno training time is predicted, which Syne Tune's simulator needs\n")


def test_a_benchmark_is_written_as_one_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = write_benchmark(tmp_path, TARGETS)
    (folder / "note.txt").write_text("mine")
    path, again = tmp_path / "b.zip", tmp_path / "again.zip"
    output = printed(capsys, "export", "zip", folder, "-o", path)
    assert output.startswith(f"{folder.name}, 0.")
    assert output.endswith(f" written to {path}\n")
    assert nasforge.load(path).query(ARCHITECTURE) == nasforge.load(folder).query(ARCHITECTURE)
    with zipfile.ZipFile(path) as archive:
        names = {f"{folder.name}/{file.name}" for file in folder.iterdir()}
        assert set(archive.namelist()) == names - {f"{folder.name}/note.txt"}
    data = json.loads(printed(capsys, "export", "zip", path, "-o", again, "--json"))
    assert data == {"benchmark": folder.name, "bytes": path.stat().st_size}
    assert again.read_bytes() == path.read_bytes()


def test_a_damaged_benchmark_is_not_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = write_benchmark(tmp_path)
    (folder / "CARD.md").write_text("another")
    message = refused(capsys, "export", "zip", folder, "-o", tmp_path / "b.zip")
    assert "CARD.md: 7 bytes, the manifest says" in message
    assert not list(tmp_path.glob("*.zip*")) + list(tmp_path.glob(".b*"))


@pytest.mark.parametrize(
    ("output", "message"),
    [("b.tar", "b.tar must end in .zip"), ("no/b.zip", "b.zip: there is no folder")],
)
def test_a_wrong_output_is_explained(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, output: str, message: str
) -> None:
    folder = write_benchmark(tmp_path)
    assert message in refused(capsys, "export", "zip", folder, "-o", tmp_path / output)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--architectures", "0"], "architectures: 0 must be from 1"),
        (["--surrogate", "gin"], "has no surrogate 'gin'"),
        (["-o", "/proc/no"], "/proc/no: cannot be written"),
    ],
)
def test_a_wrong_export_is_explained(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, options: list[str], message: str
) -> None:
    folder = write_benchmark(tmp_path)
    assert message in refused(capsys, *EXPORT, folder, "-o", tmp_path / "out", *options)
    assert not (tmp_path / "out").exists()


def test_a_genotype_is_drawn(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = draw(DARTS.parse(ARCHITECTURE))
    assert printed(capsys, "draw", ARCHITECTURE) == picture
    assert printed(capsys, "draw", ARCHITECTURE, "-o", tmp_path / "cell.svg") == ""
    assert (tmp_path / "cell.svg").read_text() == picture


def test_a_wrong_drawing_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert "'x' is no genotype" in refused(capsys, "draw", "x")
    assert "cell.png must end in .svg" in refused(capsys, "draw", ARCHITECTURE, "-o", "cell.png")
    error = refused(capsys, "draw", ARCHITECTURE, "-o", "/no/such/cell.svg")
    assert "/no/such/cell.svg: there is no folder /no/such" in error

"""Benchmarks in zips: read like folders, and refused when made to harm."""

import re
import zipfile
from pathlib import Path

import pytest

import nasforge
from nasforge.benchmark.selftest import verify
from nasforge.benchmark.zipped import read_member
from nasforge.errors import BenchmarkFormatError
from nasforge.space import DARTS

GENOTYPE = DARTS.from_vector([0] * 22)


@pytest.fixture
def contents(tiny_benchmark: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in tiny_benchmark.iterdir()}


def write_zip(
    path: Path, contents: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED
) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("folder", ["", "tiny-v1/"])
def test_a_zip_answers_as_its_folder(
    tmp_path: Path, tiny_benchmark: Path, contents: dict, compression: int, folder: str
) -> None:
    members = {f"{folder}{name}": content for name, content in contents.items()}
    path = write_zip(tmp_path / "b.zip", members, compression)
    for surrogate in ("linear", "forest"):
        answer = nasforge.load(path, surrogate).query(GENOTYPE, noise_seed=1)
        assert answer == nasforge.load(tiny_benchmark, surrogate).query(GENOTYPE, noise_seed=1)
    assert len(verify(path, DARTS)) == 2


def test_what_zip_tools_write_is_read(tmp_path: Path, contents: dict) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.mkdir("tiny-v1")
        for name, content in contents.items():
            archive.writestr(f"tiny-v1/{name}", content)
    assert nasforge.load(tmp_path / "b.zip").name == "tiny-v1/linear"


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/b/c", "a/../x", "..\\x", ".hidden", "a b", "C:x", "tiny-v1/../x"]
)
def test_unsafe_names_are_refused(tmp_path: Path, contents: dict, name: str) -> None:
    path = write_zip(tmp_path / "b.zip", {**contents, name: b""})
    with pytest.raises(BenchmarkFormatError, match="unsafe name"):
        nasforge.load(path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["b.zip", "tiny-v1"]


def test_files_in_two_folders_are_refused(tmp_path: Path, contents: dict) -> None:
    path = write_zip(tmp_path / "b.zip", {**contents, "other/manifest.json": b"{}"})
    with pytest.raises(BenchmarkFormatError, match="files in 2 folders"):
        nasforge.load(path)


def test_a_name_that_stands_twice_is_refused(tmp_path: Path, contents: dict) -> None:
    path = write_zip(tmp_path / "b.zip", contents)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("manifest.json", b"{}")
    with pytest.raises(BenchmarkFormatError, match=r"holds 'manifest.json' 2 times"):
        nasforge.load(path)


def test_a_missing_file_is_refused(tmp_path: Path, contents: dict) -> None:
    del contents["linear.val_accuracy.npz"]
    path = write_zip(tmp_path / "b.zip", contents)
    with pytest.raises(BenchmarkFormatError, match=r"holds 'linear.val_accuracy.npz' 0 times"):
        nasforge.load(path)


def test_a_bomb_is_refused_by_its_declared_size(tmp_path: Path, contents: dict) -> None:
    contents["linear.val_accuracy.npz"] = bytes(2**24)  # 16 kB compressed
    path = write_zip(tmp_path / "b.zip", contents)
    with pytest.raises(
        BenchmarkFormatError, match=r"npz: 16777216 bytes, at most \d+ are expected"
    ):
        nasforge.load(path)


def test_a_bomb_that_declares_a_small_size_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "b.zip", {"x": bytes(2**24)})
    true, false = (size.to_bytes(4, "little") for size in (2**24, 100))
    path.write_bytes(path.read_bytes().replace(true, false))
    with pytest.raises(BenchmarkFormatError, match=r"not a readable .zip file|larger than"):
        read_member(path, "x", limit=1000)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(tmp_path: Path, contents: dict, method: int) -> None:
    path = write_zip(tmp_path / "b.zip", contents, method)
    with pytest.raises(BenchmarkFormatError, match="must be stored or deflated"):
        nasforge.load(path)


def test_a_changed_file_is_refused(tmp_path: Path, contents: dict) -> None:
    name = "linear.val_accuracy.npz"
    contents[name] = contents[name][:-1] + b"x"
    with pytest.raises(BenchmarkFormatError, match="wrong checksum"):
        nasforge.load(write_zip(tmp_path / "b.zip", contents))
    contents[name] = contents[name][:-1]
    with pytest.raises(BenchmarkFormatError, match="bytes, the manifest says"):
        nasforge.load(write_zip(tmp_path / "b.zip", contents))


@pytest.mark.parametrize("length", [0, 1, 100, 2000, -1, -30])
def test_a_truncated_zip_is_refused(tmp_path: Path, contents: dict, length: int) -> None:
    path = write_zip(tmp_path / "b.zip", contents)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(BenchmarkFormatError, match=re.escape(f"{path}: not a readable .zip file")):
        nasforge.load(path)


def test_verify_refuses_a_file_beyond_the_list(tmp_path: Path, contents: dict) -> None:
    path = write_zip(tmp_path / "b.zip", {**contents, "setup.py": b""})
    assert nasforge.load(path).name == "tiny-v1/linear"
    with pytest.raises(BenchmarkFormatError, match=r"holds 'setup\.py', which manifest"):
        verify(path, DARTS)

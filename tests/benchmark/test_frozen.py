"""Frozen folders: written whole, and read only if nothing was changed."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import nasforge
from nasforge.benchmark.frozen import read_file, read_manifest, unlisted_files, write_frozen
from nasforge.benchmark.manifest import Manifest
from nasforge.errors import BenchmarkFormatError

MODEL = "linear.val_accuracy.npz"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_was_written_is_read(
    tiny_benchmark: Path, manifest: Manifest, files: Mapping[str, bytes]
) -> None:
    assert tiny_benchmark.name == "tiny-v1"
    read = read_manifest(tiny_benchmark)
    assert read.surrogates == manifest.surrogates
    assert set(read.files) == set(files)
    for name, content in files.items():
        assert read.files[name]["sha256"] == hashlib.sha256(content).hexdigest()
        assert read_file(tiny_benchmark, read, name) == content


def test_nothing_else_is_left_beside_it(tiny_benchmark: Path, files: Mapping[str, bytes]) -> None:
    assert [path.name for path in tiny_benchmark.parent.iterdir()] == ["tiny-v1"]
    assert set(contents(tiny_benchmark)) == {*files, "manifest.json"}


def test_the_same_input_gives_the_same_bytes(
    tmp_path: Path, manifest: Manifest, files: Mapping[str, bytes]
) -> None:
    shuffled = dict(reversed(files.items()))
    first = write_frozen(tmp_path / "a", manifest, files)
    second = write_frozen(tmp_path / "b", manifest, shuffled)
    assert contents(first) == contents(second)


def test_an_older_export_of_the_same_name_is_replaced(
    write_tiny: Callable[..., Path], tiny_benchmark: Path
) -> None:
    (tiny_benchmark / "stale.npz").write_bytes(b"old")
    again = write_tiny(description="The newer one.")
    assert again == tiny_benchmark
    assert not (again / "stale.npz").exists()
    assert read_manifest(again).description == "The newer one."


def test_no_manifest_is_written_that_no_reader_accepts(
    write_tiny: Callable[..., Path], tiny_benchmark: Path
) -> None:
    before = contents(tiny_benchmark)
    with pytest.raises(BenchmarkFormatError, match=r"tiny-v1: a manifest of 1,0.*1,048,576"):
        write_tiny(description="x" * 2**20)
    assert contents(tiny_benchmark) == before


def test_a_failed_write_leaves_the_older_export(
    write_tiny: Callable[..., Path], tiny_benchmark: Path
) -> None:
    before = contents(tiny_benchmark)
    with pytest.raises(FileNotFoundError):
        write_tiny(new_files={"no/such/folder": b""})
    assert contents(tiny_benchmark) == before
    assert [path.name for path in tiny_benchmark.parent.iterdir()] == ["tiny-v1"]


def test_numbers_that_json_does_not_have_are_not_written(write_tiny: Callable[..., Path]) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_tiny(best_known={"val_accuracy": float("nan")})


def test_a_changed_file_is_refused(tiny_benchmark: Path) -> None:
    path = tiny_benchmark / MODEL
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(BenchmarkFormatError, match=rf"{MODEL}: wrong checksum"):
        read_file(tiny_benchmark, read_manifest(tiny_benchmark), MODEL)


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: content + b"\0"])
def test_a_file_of_another_size_is_refused(
    tiny_benchmark: Path, change: Callable[[bytes], bytes]
) -> None:
    path = tiny_benchmark / MODEL
    size = path.stat().st_size
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(BenchmarkFormatError, match=rf"bytes, the manifest says {size}"):
        read_file(tiny_benchmark, read_manifest(tiny_benchmark), MODEL)


def test_a_missing_file_is_named(tiny_benchmark: Path) -> None:
    (tiny_benchmark / MODEL).unlink()
    with pytest.raises(BenchmarkFormatError, match=rf"{MODEL}: cannot be read"):
        read_file(tiny_benchmark, read_manifest(tiny_benchmark), MODEL)


def test_a_huge_file_is_refused_before_it_is_read(tiny_benchmark: Path) -> None:
    size = 2**30 + 1
    with (tiny_benchmark / MODEL).open("wb") as file:
        file.truncate(size)  # sparse: takes no room on disk
    manifest = json.loads((tiny_benchmark / "manifest.json").read_text())
    manifest["files"][MODEL]["bytes"] = size
    (tiny_benchmark / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BenchmarkFormatError, match=MODEL):
        read_file(tiny_benchmark, read_manifest(tiny_benchmark), MODEL)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkFormatError, match=r"manifest\.json: cannot be read"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b'{"version": ' + b"1" * 5000 + b"}"],
    ids=["empty", "cut off", "not utf-8", "nested too deep", "a number of 5000 digits"],
)
def test_a_manifest_that_is_not_json_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(BenchmarkFormatError, match=r"manifest\.json: not JSON"):
        read_manifest(tmp_path)


def test_a_huge_manifest_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "manifest.json").open("wb") as file:
        file.truncate(2**34)
    with pytest.raises(BenchmarkFormatError, match=r"manifest\.json: 17179869184 bytes, at most"):
        read_manifest(tmp_path)


def test_an_error_in_the_manifest_names_the_folder(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(BenchmarkFormatError, match=f"^{tmp_path}: "):
        read_manifest(tmp_path)


@pytest.mark.parametrize("name", ["manifest.json", MODEL])
def test_a_pipe_is_not_waited_for(tiny_benchmark: Path, name: str) -> None:
    (tiny_benchmark / name).unlink()
    os.mkfifo(tiny_benchmark / name)
    with pytest.raises(BenchmarkFormatError, match=f"{name}: is no regular file"):
        nasforge.load(tiny_benchmark)


def test_a_device_is_not_read_for_ever(tiny_benchmark: Path) -> None:
    (tiny_benchmark / "manifest.json").unlink()
    (tiny_benchmark / "manifest.json").symlink_to("/dev/zero")
    with pytest.raises(BenchmarkFormatError, match="is no regular file"):
        read_manifest(tiny_benchmark)


@pytest.mark.parametrize("text", ["\x1b[2J", "\x9b", "\0", "\r", "\ud800"])
@pytest.mark.parametrize("place", ["description", "recipe.note", "a key of recipe"])
def test_texts_that_a_terminal_obeys_are_refused(
    write_tiny: Callable[..., Path], manifest: Manifest, text: str, place: str
) -> None:
    recipe = {**manifest.recipe}
    if place == "description":
        folder = write_tiny(description=f"a {text}")
    else:
        recipe |= {"note": f"a {text}"} if place == "recipe.note" else {f"a {text}": 1}
        folder = write_tiny(recipe=recipe)
    with pytest.raises(
        BenchmarkFormatError, match=rf"manifest\.json: {place} holds the character U\+"
    ) as caught:
        read_manifest(folder)
    assert text not in str(caught.value)


@pytest.mark.parametrize("ascii_only", [True, False])
def test_other_texts_are_read(tiny_benchmark: Path, ascii_only: bool) -> None:
    text = 'Benchmark\twith "Umlauten" äöü\nand \U0001f600'
    data = json.loads((tiny_benchmark / "manifest.json").read_text())
    content = json.dumps({**data, "description": text}, ensure_ascii=ascii_only)
    (tiny_benchmark / "manifest.json").write_text(content, encoding="utf-8")
    assert read_manifest(tiny_benchmark).description == text


def test_files_beyond_the_list_are_found(tiny_benchmark: Path) -> None:
    manifest = read_manifest(tiny_benchmark)
    assert unlisted_files(tiny_benchmark, manifest) == []
    (tiny_benchmark / "setup.py").write_text("")
    (tiny_benchmark / ".hidden").mkdir()
    assert unlisted_files(tiny_benchmark, manifest) == [".hidden", "setup.py"]


def test_a_key_of_two_lines_makes_no_error_of_two(
    write_tiny: Callable[..., Path], manifest: Manifest
) -> None:
    folder = write_tiny(recipe={**manifest.recipe, "two\nlines": "\x1b"})
    with pytest.raises(BenchmarkFormatError, match=r"recipe\.'two\\nlines' holds") as caught:
        read_manifest(folder)
    assert str(caught.value).isprintable()

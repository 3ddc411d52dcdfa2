"""The self-test notices what checksums cannot."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

import nasforge
from nasforge.benchmark.arrays import pack_arrays, unpack_arrays
from nasforge.benchmark.selftest import verify
from nasforge.errors import BenchmarkFormatError
from nasforge.space import DARTS

Files = Mapping[str, bytes]


def test_a_whole_benchmark_passes(tiny_benchmark: Path) -> None:
    assert verify(tiny_benchmark, DARTS) == [
        "linear: 32 architectures, 3 targets",
        "forest: 32 architectures, 3 targets",
    ]


@pytest.mark.parametrize("file", ["linear.train_time_s.npz", "selftest.npz", "CARD.md"])
def test_a_damaged_file_fails(tiny_benchmark: Path, file: str) -> None:
    content = bytearray((tiny_benchmark / file).read_bytes())
    content[-1] ^= 1
    (tiny_benchmark / file).write_bytes(content)
    with pytest.raises(BenchmarkFormatError, match=f"{file}: wrong checksum"):
        verify(tiny_benchmark, DARTS)


@pytest.mark.parametrize("model", ["linear.val_accuracy", "forest.train_time_s"])
def test_a_model_changed_together_with_its_checksum_fails(tiny_benchmark: Path, model: str) -> None:
    path = tiny_benchmark / f"{model}.npz"
    arrays = unpack_arrays(path.read_bytes(), path.name)
    name = "bias" if "bias" in arrays else "base"
    content = pack_arrays({**arrays, name: arrays[name] + 1e-5})
    path.write_bytes(content)
    manifest = json.loads((tiny_benchmark / "manifest.json").read_text())
    manifest["files"][path.name]["sha256"] = hashlib.sha256(content).hexdigest()
    (tiny_benchmark / "manifest.json").write_text(json.dumps(manifest))
    surrogate, target = model.split(".")
    with pytest.raises(
        BenchmarkFormatError, match=f"'{surrogate}' does not reproduce its self-test for {target}"
    ):
        verify(tiny_benchmark, DARTS)


def test_rounding_in_the_last_digits_passes(write_tiny: Callable[..., Path], files: Files) -> None:
    arrays = dict(unpack_arrays(files["selftest.npz"], ""))
    for name in arrays.keys() - {"vectors"}:
        arrays[name] = arrays[name] * (1 + 1e-9)
    assert len(verify(write_tiny({"selftest.npz": pack_arrays(arrays)}), DARTS)) == 2


def selftest_arrays_with(files: Files, **changes: np.ndarray) -> bytes:
    return pack_arrays({**unpack_arrays(files["selftest.npz"], ""), **changes})


@pytest.mark.parametrize(
    "answers", [np.full(32, np.nan), np.zeros(31), np.zeros((32, 1)), np.full(32, "x")]
)
def test_answers_of_another_kind_fail(
    write_tiny: Callable[..., Path], files: Files, answers: np.ndarray
) -> None:
    content = selftest_arrays_with(files, **{"linear.val_accuracy": answers})
    with pytest.raises(BenchmarkFormatError, match="does not reproduce"):
        verify(write_tiny({"selftest.npz": content}), DARTS)


@pytest.mark.parametrize(
    "vectors",
    [
        np.full((2, 22), 99, np.uint8),
        np.zeros((2, 21), np.uint8),
        np.zeros(22, np.uint8),
        np.full((2, 22), np.nan),
        np.full((2, 22), "x"),
        np.zeros((2, 22), np.complex128),
    ],
    ids=["out of range", "too short", "one-dimensional", "nan", "text", "complex"],
)
def test_vectors_that_are_no_architectures_fail(
    write_tiny: Callable[..., Path], files: Files, vectors: np.ndarray
) -> None:
    folder = write_tiny({"selftest.npz": selftest_arrays_with(files, vectors=vectors)})
    with pytest.raises(BenchmarkFormatError, match="'vectors'"):
        verify(folder, DARTS)


def test_a_selftest_of_nothing_fails(write_tiny: Callable[..., Path], files: Files) -> None:
    arrays = {name: array[:0] for name, array in unpack_arrays(files["selftest.npz"], "").items()}
    with pytest.raises(BenchmarkFormatError):
        verify(write_tiny({"selftest.npz": pack_arrays(arrays)}), DARTS)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("vectors", "array 'vectors' is missing"),
        ("forest.val_accuracy", "'forest' does not reproduce its self-test for val_accuracy"),
    ],
)
def test_a_missing_array_fails(
    write_tiny: Callable[..., Path], files: Files, missing: str, message: str
) -> None:
    arrays = unpack_arrays(files["selftest.npz"], "")
    del arrays[missing]
    with pytest.raises(BenchmarkFormatError, match=message):
        verify(write_tiny({"selftest.npz": pack_arrays(arrays)}), DARTS)


def test_a_missing_selftest_fails(tiny_benchmark: Path) -> None:
    path = tiny_benchmark / "manifest.json"
    data = json.loads(path.read_text())
    del data["files"]["selftest.npz"]
    path.write_text(json.dumps(data))
    with pytest.raises(BenchmarkFormatError, match=r"selftest\.npz is missing"):
        verify(tiny_benchmark, DARTS)


def test_a_file_that_the_manifest_does_not_list_fails(tiny_benchmark: Path) -> None:
    (tiny_benchmark / "setup.py").write_text("print('run me')")
    nasforge.load(tiny_benchmark)  # which does not look at it
    with pytest.raises(BenchmarkFormatError, match=r"holds 'setup\.py', which manifest"):
        verify(tiny_benchmark, DARTS)


def test_a_selftest_of_very_many_architectures_fails(
    write_tiny: Callable[..., Path], files: Files
) -> None:
    content = selftest_arrays_with(files, vectors=np.zeros((1025, 22), np.uint8))
    with pytest.raises(BenchmarkFormatError, match="'vectors' has 1025 rows, must be 1 to 1024"):
        verify(write_tiny({"selftest.npz": content}), DARTS)

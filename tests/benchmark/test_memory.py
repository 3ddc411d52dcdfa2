"""Loading takes at most twice the declared size, whoever wrote the benchmark.

The declared size is that of the arrays in the files that a surrogate needs, in the types that
docs/format.md gives them, whether they are written in half the bits or not.
"""

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from tiny_benchmark import SCORES, files_of, manifest_of

import nasforge
from nasforge.benchmark.arrays import pack_arrays, unpack_arrays
from nasforge.benchmark.entries import TargetEntry
from nasforge.benchmark.frozen import read_file, read_manifest, write_frozen, write_zip
from nasforge.benchmark.model import Model, Part
from nasforge.benchmark.predictors import make_predictor
from nasforge.benchmark.registry import SHIPPED
from nasforge.errors import BenchmarkFormatError
from nasforge.space.darts.graph import LAYOUT

BESIDE_BYTES = 2**20
"""For the manifest, to inflate a file in pieces, and what Python needs itself."""

LARGEST_MANIFEST_BYTES = 40 * 2**20
"""The objects of a manifest that is as large as one may be, and made to take much."""

RELEASED = "darts-cifar10-cpu-v1"
SURROGATES = ("blend", "forest", "gin", "linear")


def peak_bytes(step: Callable[[], object]) -> int:
    """Most that Python and numpy held at a time, beyond what they held before."""
    tracemalloc.start()
    try:
        step()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def declared_bytes(folder: Path, surrogate: str) -> int:
    """That of the files that loading reads."""
    manifest = read_manifest(folder)
    models = manifest.surrogates[surrogate].targets.values()
    parts = [part for model in models for part in model.parts]
    if manifest.curve is not None:
        parts += manifest.curve.parts
    total = 0
    for file, kind in {part.file: part.kind for part in parts}.items():
        arrays = unpack_arrays(read_file(folder, manifest, file), file)
        total += sum(array.nbytes for array in make_predictor(kind, arrays).to_arrays().values())
    return total


@pytest.mark.parametrize("surrogate", SURROGATES)
def test_the_released_benchmark_is_loaded_in_twice_its_declared_size(surrogate: str) -> None:
    bench = nasforge.load(RELEASED, surrogate)  # and what is made once is made here
    assert set(bench.manifest.surrogates) == set(SURROGATES)
    declared = declared_bytes(SHIPPED / f"{RELEASED}.zip", surrogate)
    assert peak_bytes(lambda: nasforge.load(RELEASED, surrogate)) < 2 * declared + BESIDE_BYTES


def _linear(rng: np.random.Generator) -> tuple[str, dict[str, np.ndarray]]:
    return "paths", {"weights": rng.normal(size=(70, 11200)), "bias": np.zeros(70)}


def _forest(rng: np.random.Generator, depth: int, trees: int) -> tuple[str, dict[str, np.ndarray]]:
    """Full trees."""
    nodes = 2 ** (depth + 1) - 1
    here = np.arange(nodes * trees)
    first, leaf = here - here % nodes, here % nodes >= nodes // 2
    return "features", {
        "feature": rng.integers(0, 440, len(here)).astype(np.int32),
        "threshold": rng.normal(size=len(here)),
        "left": np.where(leaf, here, 2 * here - first + 1).astype(np.int32),
        "right": np.where(leaf, here, 2 * here - first + 2).astype(np.int32),
        "value": np.where(leaf, rng.normal(size=len(here)), 0.0),
        "root": np.arange(trees, dtype=np.int32) * nodes,
        "first_tree": np.zeros(1, np.int32),
        "base": np.zeros(1),
    }


def _kernel(rng: np.random.Generator) -> tuple[str, dict[str, np.ndarray]]:
    return "graph_features", {
        "rows": rng.normal(size=(6000, 290)).astype(np.float32),
        "dual": rng.normal(size=6000),
        "first_row": np.zeros(1, np.int32),
        "scale": np.ones((1, 290)),
        "kernel": np.zeros(1, np.int32),
        "bias": np.zeros(1),
    }


def _gin(rng: np.random.Generator) -> tuple[str, dict[str, np.ndarray]]:
    members, layers, hidden, types = 6, 4, 160, max(LAYOUT.node_types) + 1

    def normal(*shape: int) -> np.ndarray:
        return rng.normal(size=(members, *shape)).astype(np.float32)

    return "graph", {
        "node_types": np.array(LAYOUT.node_types, np.int32),
        "node_embeddings": normal(types, hidden),
        "operation_embeddings": normal(layers, 2, LAYOUT.operations, hidden),
        "self_weights": normal(layers),
        "layer_weights": normal(layers, 2, hidden, hidden),
        "layer_biases": normal(layers, 2, hidden),
        "readout_weights": normal(types, hidden, 3),
        "readout_biases": normal(3),
        "output_weights": rng.normal(size=(members, 3)),
        "output_biases": np.zeros(members),
    }


def _mlp(rng: np.random.Generator) -> tuple[str, dict[str, np.ndarray]]:
    return "paths", {
        "columns": np.arange(11200, dtype=np.int32),
        "input_weights": rng.normal(size=(2, 11200, 80)).astype(np.float32),
        "input_biases": np.zeros((2, 80), np.float32),
        "layer_weights": np.zeros((2, 0, 80, 80), np.float32),
        "layer_biases": np.zeros((2, 0, 80), np.float32),
        "output_weights": rng.normal(size=(2, 80)),
        "output_biases": np.zeros(2),
    }


LARGE = {
    "linear": _linear,
    "forest of few large trees": lambda rng: _forest(rng, 15, 4),
    "forest of many small trees": lambda rng: _forest(rng, 4, 8000),
    "forest of numbers of 16 bits": lambda rng: _forest(rng, 13, 1),
    "kernel": _kernel,
    "gin": _gin,
    "mlp": _mlp,
}


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("half", [False, True], ids=["whole", "half"])
@pytest.mark.parametrize("which", LARGE)
def test_a_single_large_file_is_loaded_in_twice_its_declared_size(
    tmp_path: Path, which: str, half: bool, zipped: bool
) -> None:
    kind = which.partition(" ")[0]
    encoding, arrays = LARGE[which](np.random.default_rng(0))
    predictor = make_predictor(kind, arrays)
    path = write_one(tmp_path, Part(kind, predictor, encoding), halved(arrays) if half else arrays)
    if zipped:
        write_zip(path, path.with_suffix(".zip"))
        path = path.with_suffix(".zip")
    declared = sum(array.nbytes for array in arrays.values())
    assert peak_bytes(lambda: nasforge.load(path)) < 2 * declared + BESIDE_BYTES


def halved(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """In half the bits, but for integers that have no place in them."""
    half = {np.float64: np.float32, np.float32: np.float16, np.int32: np.int16}
    return {
        name: array
        if array.dtype == np.int32 and array.max() > np.iinfo(np.int16).max
        else array.astype(half[array.dtype.type])
        for name, array in arrays.items()
    }


def write_one(parent: Path, part: Part, arrays: Mapping[str, np.ndarray]) -> Path:
    """A benchmark of one file that matters, with those arrays."""
    models = {(part.name, "val_accuracy"): Model((part,))}
    entry = TargetEntry("fraction", "identity", None)
    manifest = manifest_of(models, {"val_accuracy": SCORES}, 1.0, targets={"val_accuracy": entry})
    files = files_of(models, manifest, selftests=1)
    files[f"{part.name}.val_accuracy.npz"] = pack_arrays(arrays)
    folder = write_frozen(parent, manifest, files)
    peak_bytes(lambda: nasforge.load(folder))  # what is made once, such as an encoding's tables
    return folder


# What declares much and holds little.

FILE = "linear.val_accuracy.npz"
MUCH = 2**29


def zip_of(folder: Path, path: Path) -> Path:
    """All its files as they are, deflated."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return path


def refused(path: Path, message: str, limit: int = BESIDE_BYTES) -> None:
    def load() -> None:
        with pytest.raises(BenchmarkFormatError, match=message):
            nasforge.load(path)

    load()  # what is made once
    assert peak_bytes(load) < limit


def set_manifest(folder: Path, **entry: object) -> None:
    """Change what the manifest says of the file."""
    data = json.loads((folder / "manifest.json").read_text())
    data["files"][FILE] |= entry
    (folder / "manifest.json").write_text(json.dumps(data))


def test_a_file_that_is_said_to_be_huge(tiny_benchmark: Path) -> None:
    set_manifest(tiny_benchmark, bytes=2**40)
    refused(tiny_benchmark, f"{FILE}: {2**40} bytes, at most")
    set_manifest(tiny_benchmark, bytes=MUCH)
    refused(tiny_benchmark, f"{FILE}: .* bytes, the manifest says {MUCH}")


def test_a_file_that_is_huge_and_not_said_to_be(tiny_benchmark: Path) -> None:
    with (tiny_benchmark / FILE).open("r+b") as file:
        file.truncate(MUCH)  # takes no room on the disk
    refused(tiny_benchmark, f"{FILE}: {MUCH} bytes, the manifest says")


def test_a_zip_that_says_that_a_file_is_huge(tiny_benchmark: Path, tmp_path: Path) -> None:
    set_manifest(tiny_benchmark, bytes=MUCH)
    size = (tiny_benchmark / FILE).stat().st_size
    path = zip_of(tiny_benchmark, tmp_path / "b.zip")
    true, false = (number.to_bytes(4, "little") for number in (size, MUCH))
    path.write_bytes(path.read_bytes().replace(true, false))
    refused(path, "not a readable .zip file|bytes, the manifest says")


def test_a_bomb_that_says_what_it_is_takes_what_it_says(
    write_tiny: Callable[..., Path], tmp_path: Path
) -> None:
    size = 2**24
    path = zip_of(write_tiny({FILE: bytes(size)}), tmp_path / "b.zip")
    assert path.stat().st_size < size / 100
    refused(path, f"{FILE}: not a readable", 2 * size + BESIDE_BYTES)


def test_an_array_that_is_said_to_be_huge(write_tiny: Callable[..., Path]) -> None:
    array, content = io.BytesIO(), io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (2, MUCH)}
    np.lib.format.write_array_header_1_0(array, header)
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("weights.npy", array.getvalue() + bytes(2400))
    refused(write_tiny({FILE: content.getvalue()}), rf"declares shape \[2, {MUCH}\], but holds")


def test_a_manifest_made_to_take_much(tiny_benchmark: Path) -> None:
    path = tiny_benchmark / "manifest.json"
    room = 2**20 - path.stat().st_size - 100
    data = json.loads(path.read_text())
    text = json.dumps({**data, "more": []})
    whole = text.removesuffix("]}") + ",".join(["[[]]"] * (room // 5)) + "]}"
    path.write_text(whole)
    assert peak_bytes(lambda: nasforge.load(tiny_benchmark)) < LARGEST_MANIFEST_BYTES
    path.write_text(whole + " " * 2**20)
    refused(tiny_benchmark, "manifest.json: .* bytes, at most 1048576")

"""docs/format.md is enough to write a reader from: one that knows nothing of nasforge agrees."""

import ast
import shutil
import sys
from itertools import product
from pathlib import Path

import independent_reader
import numpy as np
import pytest
from every_kind import BLEND, ENCODINGS, TARGETS, write_every_kind
from independent_reader import Reader

import nasforge
from nasforge.benchmark import registry
from nasforge.benchmark.manifest import FORMAT_VERSION
from nasforge.benchmark.noise import standard_normal
from nasforge.benchmark.predictors import PREDICTORS
from nasforge.benchmark.targets import SCALES
from nasforge.benchmark.targets import TARGETS as KNOWN_TARGETS
from nasforge.recipe import NetworkShape
from nasforge.space import DARTS

SURROGATES = (*ENCODINGS, "blend")
SEEDS = (0, 7, 2**63 - 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_every_kind(tmp_path_factory.mktemp("benchmark"))


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Genotypes as drawn, with a node's edges swapped in every other one."""
    rng = np.random.default_rng(5)
    architectures = [DARTS.sample(rng) for _ in range(12)]
    for i in range(0, len(architectures), 2):
        cells = architectures[i].normal, architectures[i].reduce
        swapped = [tuple(cell[j ^ 1] for j in range(8)) for cell in cells]
        architectures[i] = type(architectures[i])(*swapped)
    return [DARTS.format(architecture) for architecture in architectures]


def test_the_reader_imports_nothing_of_nasforge() -> None:
    tree = ast.parse(Path(independent_reader.__file__).read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
        )
    }
    assert imported <= {*sys.stdlib_module_names, "numpy"}


def test_the_benchmark_has_all_that_the_format_has(folder: Path) -> None:
    bench = nasforge.load(folder)
    parts = [
        part
        for surrogate in bench.manifest.surrogates.values()
        for model in surrogate.targets.values()
        for part in model.parts
    ]
    assert {part.kind for part in parts} == set(PREDICTORS)
    assert {part.encoding for part in parts} == set(DARTS.encodings)
    links = {part.link for part in parts} | {t.scale for t in bench.manifest.targets.values()}
    assert links == set(SCALES)
    assert set(TARGETS) == set(KNOWN_TARGETS)
    assert bench.manifest.curve is not None
    assert len(BLEND) > 2
    assert FORMAT_VERSION == 1, "write the reader of the next version too"


def test_the_files_have_wide_and_narrow_arrays(folder: Path) -> None:
    kinds = {}
    for kind in ("gin", "mlp", "forest"):
        with np.load(folder / f"{kind}.val_accuracy.npz", allow_pickle=False) as arrays:
            kinds[kind] = {array.dtype.str[1:] for array in arrays.values()}
    assert kinds == {
        "gin": {"i2", "f2", "f8"},
        "mlp": {"i2", "f4", "f8"},
        "forest": {"i2", "f4", "f8"},
    }


@pytest.mark.parametrize("surrogate", SURROGATES)
def test_means_and_standard_deviations(folder: Path, texts: list[str], surrogate: str) -> None:
    bench, reader = nasforge.load(folder, surrogate), Reader(folder, surrogate)
    for text in texts:
        answer, prediction = reader.query(text), bench.query(text)
        for name, value in answer.items():
            assert value == pytest.approx(getattr(prediction, name), rel=1e-6), name


@pytest.mark.parametrize("surrogate", SURROGATES)
@pytest.mark.parametrize("seed", SEEDS)
def test_draws(folder: Path, texts: list[str], surrogate: str, seed: int) -> None:
    bench, reader = nasforge.load(folder, surrogate), Reader(folder, surrogate)
    prediction, answer = bench.query(texts[0], noise_seed=seed), reader.query(texts[0], seed)
    assert answer.keys() & TARGETS == TARGETS.keys() - {"best_val_accuracy"}
    assert prediction.best_val_accuracy is None  # its noise is unknown
    for target in answer:
        assert answer[target] == pytest.approx(getattr(prediction, target), rel=1e-6), target


def test_what_draws_are_made_of(folder: Path, texts: list[str]) -> None:
    reader = Reader(folder)
    for text, target, seed in product(texts[:4], TARGETS, SEEDS):
        read = reader.z(independent_reader.canonical(text), target, seed)
        identity = DARTS.architecture_id(DARTS.parse(text))
        ours = standard_normal(reader.manifest["noise_key"], identity, target, seed)
        assert read == pytest.approx(ours, rel=1e-15, abs=0)


def test_the_released_benchmark(texts: list[str]) -> None:
    name = "darts-cifar10-cpu-v1"
    bench, reader = nasforge.load(name), Reader(registry.SHIPPED / f"{name}.zip")
    for text in texts[:3]:
        answer, prediction = reader.query(text), bench.query(text)
        assert answer["epistemic_std"] > 0
        for field, value in answer.items():
            assert value == pytest.approx(getattr(prediction, field), rel=1e-6), field
        np.testing.assert_allclose(reader.curve(text), bench.curve(text), rtol=1e-6)
        assert reader.support(text) == pytest.approx(bench.support([text])[0], rel=1e-12)


def test_learning_curves(folder: Path, texts: list[str]) -> None:
    bench, reader = nasforge.load(folder), Reader(folder)
    for text in texts:
        np.testing.assert_allclose(reader.curve(text), bench.curve(text), rtol=1e-6)


def test_how_near_architectures_are_to_what_was_learnt(folder: Path, texts: list[str]) -> None:
    reader = Reader(folder)
    learnt = reader.arrays("support.npz")["vectors"][0].tolist()
    texts = [*texts, independent_reader.text_of(independent_reader.from_vector(learnt))]
    shares = [reader.support(text) for text in texts]
    np.testing.assert_allclose(shares, nasforge.load(folder).support(texts), rtol=1e-12)
    assert len(set(shares)) > 2


def test_canonical_forms_ids_and_encodings(texts: list[str]) -> None:
    for text in texts:
        architecture = DARTS.parse(text)
        cells = independent_reader.canonical(text)
        assert independent_reader.text_of(cells) == DARTS.format(DARTS.canonical(architecture))
        assert independent_reader.architecture_id(cells) == DARTS.architecture_id(architecture)
        for encoding in DARTS.encodings:
            row = np.array(independent_reader.ENCODINGS[encoding](cells), np.float32)
            np.testing.assert_array_equal(row, DARTS.encode([architecture], encoding)[0])


@pytest.mark.parametrize("auxiliary_head", [False, True])
@pytest.mark.parametrize("cells", [1, 2, 3, 8, 20])
def test_parameters_and_multiply_adds(texts: list[str], cells: int, auxiliary_head: bool) -> None:
    shape = NetworkShape(cells, 6, 32, 7, auxiliary_head)
    for text in texts[:4]:
        read = independent_reader.costs(independent_reader.canonical(text), vars(shape))
        architecture = DARTS.parse(text)
        assert read == [DARTS.params(architecture, shape), DARTS.macs(architecture, shape)]


def test_a_zip_is_read_too(folder: Path, texts: list[str], tmp_path: Path) -> None:
    path = Path(shutil.make_archive(str(tmp_path / "b"), "zip", folder.parent, folder.name))
    assert Reader(path).query(texts[0]) == Reader(folder).query(texts[0])


def test_the_self_test(folder: Path) -> None:
    reader = Reader(folder, "kernel")
    selftest = reader.arrays("selftest.npz")
    for row, vector in enumerate(selftest["vectors"].tolist()):
        text = independent_reader.text_of(independent_reader.from_vector(vector))
        answer = reader.query(text)
        for target in TARGETS:
            expected = selftest[f"kernel.{target}"][row]
            assert answer[target] == pytest.approx(expected, rel=1e-6)

"""The command line: what it prints, and that misuse is one line with exit code 2."""

import dataclasses
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nasforge
from nasforge.benchmark.arrays import pack_arrays
from nasforge.benchmark.fingerprint import (
    encoding_fingerprint,
    golden_architectures,
    space_fingerprint,
)
from nasforge.benchmark.frozen import write_frozen
from nasforge.benchmark.manifest import (
    Manifest,
    ModelEntry,
    NoiseModel,
    SurrogateEntry,
    TargetEntry,
)
from nasforge.benchmark.predictors import LinearPredictor
from nasforge.benchmark.selftest import selftest_arrays
from nasforge.cli import main
from nasforge.recipe import DatasetSpec, Recipe
from nasforge.space import DARTS

RECIPE = Recipe(cells=3, channels=4, epochs=2, batch_size=32, learning_rate=0.1)
DATASET = DatasetSpec("digits", 8, 100, 50, 50)
ARCHITECTURE = DARTS.format(DARTS.sample(np.random.default_rng(0)))
NAMEDTUPLE = (
    "Genotype(normal=[('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 0), "
    "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
    "('dil_conv_3x3', 2)], normal_concat=range(2, 6), reduce=[('max_pool_3x3', 0), "
    "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), "
    "('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], "
    "reduce_concat=range(2, 6))"
)
SCORE = {"part": "test", "metric": "r2", "n": 40, "score": 0.5, "low": 0.4, "high": 0.6}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A frozen benchmark that predicts val_accuracy alone."""
    rng = np.random.default_rng(0)
    model = LinearPredictor(rng.normal(0.0, 0.01, (2, 150)), np.array([0.7, 0.72]))
    scores = ({**SCORE, "ceiling": 0.9, "estimable": True},)
    scores += ({**SCORE, "metric": "spearman", "ceiling": None, "estimable": False},)
    noise = NoiseModel(2 * math.log(0.01), 0.0, architectures=10, evaluations=30)
    entry = ModelEntry("linear", "linear.val_accuracy.npz", 1.0, scores)
    manifest = Manifest(
        name="tiny",
        version=1,
        description="A benchmark for tests.",
        space={"name": "darts", "version": 1, "fingerprint": space_fingerprint(DARTS)},
        recipe={**RECIPE.to_dict(), "recipe_id": RECIPE.recipe_id},
        dataset={
            "dataset_id": DATASET.dataset_id({}),
            "spec": DATASET.to_dict(),
            "sources": {},
        },
        network=dataclasses.asdict(RECIPE.network_shape(8, classes=10)),
        evaluator="train",
        targets={"val_accuracy": TargetEntry("fraction", "identity", noise)},
        surrogates={
            "linear": SurrogateEntry(
                "one_hot", encoding_fingerprint(DARTS, "one_hot"), {"val_accuracy": entry}
            )
        },
        selected="linear",
        training_set={"evaluations": 60, "architectures": 40, "samplers": []},
        noise_key=1,
        best_known={"architecture": ARCHITECTURE, "val_accuracy": 0.75},
        software={"nasforge": "0.1.0"},
        licence="CC-BY-4.0",
        citation="tiny-v1",
        files={},
    )
    models = {("linear", "val_accuracy"): model}
    selftest = selftest_arrays(DARTS, golden_architectures(DARTS, 4), manifest, models)
    files = {entry.file: pack_arrays(model.to_arrays()), "selftest.npz": pack_arrays(selftest)}
    return write_frozen(tmp_path, manifest, files)


def edit_manifest(folder: Path, **changes: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def printed(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """Output of a command that succeeds."""
    assert main([str(argument) for argument in arguments]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    return output.out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """The error of a command that does not."""
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as stop:
        code = stop.code
    output = capsys.readouterr()
    assert code == 2
    assert output.out == ""
    assert output.err.endswith("\n")
    assert len(output.err.splitlines()) == 1
    return output.err


def fields(text: str) -> dict[str, str]:
    """Lines of "name  value"."""
    pairs = (line.split(maxsplit=1) for line in text.splitlines())
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def test_query_prints_a_prediction(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    expected = nasforge.load(folder).query(ARCHITECTURE)
    values = fields(printed(capsys, "query", folder, ARCHITECTURE))
    assert values["architecture"] == ARCHITECTURE
    assert values["val_accuracy"] == f"{expected.val_accuracy:.6g}"
    assert values["noise_std"] == "0.01"
    assert values["test_accuracy"] == "-"
    assert values["params"] == str(expected.params)


def test_query_prints_json_for_machines(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    bench = nasforge.load(folder)
    rows = json.loads(printed(capsys, "query", folder, ARCHITECTURE, NAMEDTUPLE, "--json"))
    assert [row["architecture"] for row in rows] == [ARCHITECTURE, NAMEDTUPLE]
    for row in rows:
        expected = bench.query(row["architecture"])
        assert row["benchmark"] == "tiny-v1/linear"
        assert row["val_accuracy"] == expected.val_accuracy
        assert row["macs"] == expected.macs
        assert row["test_accuracy"] is None


def test_query_draws_with_a_noise_seed(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    output = printed(capsys, "query", folder, ARCHITECTURE, "--noise-seed", "3", "--json")
    [row] = json.loads(output)
    bench = nasforge.load(folder)
    assert row["val_accuracy"] == bench.query(ARCHITECTURE, noise_seed=3).val_accuracy
    assert row["val_accuracy"] != bench.query(ARCHITECTURE).val_accuracy


def test_info_says_what_the_benchmark_is(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    output = printed(capsys, "info", folder)
    values = fields(output)
    assert values["name"] == "tiny-v1"
    assert values["trainings"] == "60 of 40 architectures"
    assert values["selected"] == "linear"
    lines = output.splitlines()
    assert " ".join(lines[-2].split()) == "val_accuracy r2 40 0.5000 [0.4000, 0.6000] 0.9000"
    assert lines[-1].endswith("not estimable")


def test_info_prints_the_manifest_as_json(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    output = printed(capsys, "info", folder, "--json")
    assert json.loads(output) == json.loads((folder / "manifest.json").read_text())


def test_verify_replays_the_selftest(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    output = printed(capsys, "verify", folder)
    assert output.splitlines() == [
        "tiny-v1: all checksums hold; self-test replayed:",
        "  linear: 4 architectures, 1 targets",
    ]
    assert json.loads(printed(capsys, "verify", folder, "--json")) == {
        "benchmark": "tiny-v1",
        "verified": ["linear: 4 architectures, 1 targets"],
    }


def test_sample_prints_architectures(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "sample", "3", "--seed", "0").splitlines()
    assert len(lines) == 3
    assert lines[0] == ARCHITECTURE
    assert json.loads(printed(capsys, "sample", "3", "--json")) == lines
    assert printed(capsys, "sample", "3", "--seed", "1").splitlines() != lines
    assert printed(capsys, "sample").splitlines() == lines[:1]


def test_what_sample_prints_can_be_queried(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    architectures = printed(capsys, "sample", "2").splitlines()
    assert len(json.loads(printed(capsys, "query", folder, *architectures, "--json"))) == 2


def test_import_of_a_table_prints_what_it_did(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "table.csv"
    file.write_text(f"arch,a,b\n{ARCHITECTURE},50,51\n{NAMEDTUPLE.replace(',', ';')},1,1\n")
    columns = ("--architecture", "arch", "--target", "a", "--target", "b", "--percent")
    error = refused(capsys, "import", "csv", file, "-o", tmp_path / "out", *columns)
    assert f"{file}, line 3: " in error
    file.write_text(f"arch,a,b\n{ARCHITECTURE},50,51\n")
    output = printed(capsys, "import", "csv", file, "-o", tmp_path / "out", *columns)
    assert output == f"2 evaluations of 1 architectures written to {tmp_path / 'out'}\n"
    report = json.loads(
        printed(capsys, "import", "csv", file, "-o", tmp_path / "out", *columns, "--json")
    )
    assert (report["evaluations"], report["diverged"]) == (2, 0)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "curves.parquet",
        "evaluations.parquet",
        "proposals.parquet",
    ]


def test_import_of_result_files_needs_result_files(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    error = refused(capsys, "import", "nasbench301", tmp_path, "-o", tmp_path / "out")
    assert "no <optimizer>/results_<i>.json could be read" in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["query", "info", "verify"])
def test_a_space_of_ones_own_is_named(
    capsys: pytest.CaptureFixture[str], folder: Path, command: str
) -> None:
    arguments = [ARCHITECTURE] if command == "query" else []
    printed(capsys, command, folder, *arguments, "--space", "nasforge.space:DARTS")
    error = refused(capsys, command, folder, *arguments, "--space", "no_module:X")
    assert "search space 'no_module:X' cannot be imported" in error


@pytest.mark.parametrize("command", ["plan", "train"])
def test_a_config_with_evaluations_trains_nothing(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    config = Path(__file__).parents[1] / "config" / "from_evaluations.yaml"
    arguments = [config] if command == "plan" else [ARCHITECTURE, "--config", config]
    error = refused(capsys, command, *arguments)
    assert "from_evaluations.yaml: trains nothing, its evaluations are in data/imported" in error


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_help_are_no_errors(capsys: pytest.CaptureFixture[str], option: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main([option])
    assert stop.value.code == 0
    assert "nasforge" in capsys.readouterr().out


GOOD = ARCHITECTURE.split("-reduce:")[1]
NODES = "skip_connect@0+skip_connect@1/" * 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no genotype; expected 'normal:...-reduce:...'"),
        ("two\nlines", r"'two\nlines' is no genotype"),
        ("normal:x-reduce:y", "normal cell: 1 nodes separated by '/', must be 4"),
        (ARCHITECTURE.replace("@", ":"), "must be operation@input"),
        (
            f"normal:{NODES}skip_conect@0+skip_connect@1-reduce:{GOOD}",
            "unknown operation 'skip_conect'; did you mean 'skip_connect'?",
        ),
        (
            f"normal:{NODES}skip_connect@0+skip_connect@5-reduce:{GOOD}",
            "normal cell, node 5: input 5 is not an earlier node (0 to 4)",
        ),
        (
            f"normal:{NODES}skip_connect@1+skip_connect@1-reduce:{GOOD}",
            "normal cell, node 5: both edges come from node 1",
        ),
        (NAMEDTUPLE.replace("range(2, 6)", "range(2, 5)", 1), "normal_concat must be range(2, 6)"),
        (NAMEDTUPLE[:-1], "is not readable as Genotype(...)"),
        ("Genotype(__import__('os').system('x'))", "expected one Genotype(...) with keyword"),
        ("normal:" + "x" * 10_000, "is longer than any can be"),
    ],
)
def test_a_wrong_architecture_is_explained(
    capsys: pytest.CaptureFixture[str], folder: Path, text: str, message: str
) -> None:
    # The good architecture before it is not answered either.
    assert message in refused(capsys, "query", folder, ARCHITECTURE, text)


@pytest.mark.parametrize("command", ["query", "info", "verify"])
def test_an_unknown_benchmark_is_named(capsys: pytest.CaptureFixture[str], command: str) -> None:
    arguments = [ARCHITECTURE] if command == "query" else []
    error = refused(capsys, command, "no-such-v1", *arguments)
    assert error.startswith(
        "nasforge: no benchmark 'no-such-v1': it is neither a folder, a .zip, nor"
    )


@pytest.mark.parametrize("command", ["query", "info", "verify"])
def test_a_damaged_file_is_named(
    capsys: pytest.CaptureFixture[str], folder: Path, command: str
) -> None:
    path = folder / "linear.val_accuracy.npz"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    arguments = [ARCHITECTURE] if command == "query" else []
    assert f"{path}: wrong checksum" in refused(capsys, command, folder, *arguments)


@pytest.mark.parametrize("command", ["query", "info", "verify"])
def test_a_newer_format_says_how_to_upgrade(
    capsys: pytest.CaptureFixture[str], folder: Path, command: str
) -> None:
    edit_manifest(folder, format_version=2)
    arguments = [ARCHITECTURE] if command == "query" else []
    error = refused(capsys, command, folder, *arguments)
    assert "format_version 2 is newer" in error
    assert "pip install -U nasforge" in error


def test_a_folder_that_is_no_benchmark_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert f"{tmp_path / 'manifest.json'}: cannot be read" in refused(capsys, "info", tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"training_set": {}},
        {"recipe": RECIPE.to_dict()},
        {"dataset": {"spec": DATASET.to_dict()}},
        {"surrogates": [{}]},
        {"surrogates": ["text"]},
    ],
    ids=["training_set", "recipe_id", "dataset_id", "an empty score", "a score that is text"],
)
def test_info_explains_a_manifest_without_what_it_prints(
    capsys: pytest.CaptureFixture[str], folder: Path, changes: dict[str, Any]
) -> None:
    if "surrogates" in changes:
        data = json.loads((folder / "manifest.json").read_text())
        data["surrogates"]["linear"]["targets"]["val_accuracy"]["scores"] = changes["surrogates"]
        changes = {"surrogates": data["surrogates"]}
    edit_manifest(folder, **changes)
    assert "manifest.json: " in refused(capsys, "info", folder)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--surrogate", "gin"], "has no surrogate 'gin'; it has linear"),
        (["--noise-seed", "-1"], "noise_seed: -1 must be from 0"),
        (["--noise-seed", "x"], "argument --noise-seed: invalid int value: 'x'"),
        (["--nois-sed", "3"], "unrecognized arguments: --nois-sed"),
    ],
)
def test_a_wrong_option_of_query_is_explained(
    capsys: pytest.CaptureFixture[str], folder: Path, options: list[str], message: str
) -> None:
    assert message in refused(capsys, "query", folder, ARCHITECTURE, *options)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "COMMAND"),
        (["qery"], "invalid choice: 'qery'"),
        (["--jsn"], "see nasforge --help"),
        (["query"], "required: benchmark, architecture"),
        (["info"], "required: benchmark"),
        (["info", "a", "b"], "unrecognized arguments: b"),
        (["sample", "0"], "the number must be at least 1"),
        (["sample", "-3"], "the number must be at least 1"),
        (["sample", "many"], "invalid int value: 'many'"),
        (["sample", "--seed", "-1"], "the seed at least 0"),
    ],
)
def test_misuse_is_explained(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert message in refused(capsys, *arguments)


def test_restore_fills_a_cache(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    data = Path(__file__).parents[1] / "data" / "darts-cifar10-cpu"
    text = printed(capsys, "restore", data, "--cache", tmp_path)
    assert re.fullmatch(rf"(\d+) evaluations read, \1 added to {tmp_path}\n?", text)
    again = json.loads(printed(capsys, "restore", data, "--cache", tmp_path, "--json"))
    assert again["evaluations"] >= 120
    assert again["added"] == 0


def test_restore_names_a_folder_without_evaluations(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert "no evaluations/*.parquet there" in refused(capsys, "restore", tmp_path)

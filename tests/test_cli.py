"""The command line: what it prints, and that misuse is one line with exit code 2."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import fields, printed, refused
from tiny_benchmark import ARCHITECTURE, DATASET, RECIPE, TARGETS, write_benchmark

import nasforge
from nasforge.cli import main

REPOSITORY = Path(__file__).parents[1]

NAMEDTUPLE = (
    "Genotype(normal=[('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 0), "
    "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
    "('dil_conv_3x3', 2)], normal_concat=range(2, 6), reduce=[('max_pool_3x3', 0), "
    "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), "
    "('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], "
    "reduce_concat=range(2, 6))"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A frozen benchmark that predicts val_accuracy alone."""
    return write_benchmark(tmp_path)


def edit_manifest(folder: Path, **changes: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_query_prints_a_prediction(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    expected = nasforge.load(folder).query(ARCHITECTURE)
    values = fields(printed(capsys, "query", folder, ARCHITECTURE))
    assert values["architecture"] == ARCHITECTURE
    assert values["val_accuracy"] == f"{expected.val_accuracy:.6g}"
    assert values["noise_std"] == "0.01"
    assert values["benchmark"] == "tiny-v1/linear"
    assert "test_accuracy" not in values  # not predicted
    assert values["params"] == str(expected.params)


def test_query_prints_json_for_machines(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    bench = nasforge.load(folder)
    rows = json.loads(printed(capsys, "query", folder, ARCHITECTURE, NAMEDTUPLE, "--json"))
    assert [row["architecture"] for row in rows] == [ARCHITECTURE, NAMEDTUPLE]
    # Asked together, as the command does: the last bit may be another one than asked alone.
    expected = bench.query_many([ARCHITECTURE, NAMEDTUPLE])
    for number, row in enumerate(rows):
        assert row["benchmark"] == "tiny-v1/linear"
        assert row["val_accuracy"] == expected["val_accuracy"][number]
        assert row["macs"] == expected["macs"][number]
        assert row["test_accuracy"] is None


def test_query_draws_with_a_noise_seed(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    output = printed(capsys, "query", folder, ARCHITECTURE, "--noise-seed", "3", "--json")
    [row] = json.loads(output)
    bench = nasforge.load(folder)
    assert row["val_accuracy"] == bench.query(ARCHITECTURE, noise_seed=3).val_accuracy
    assert row["val_accuracy"] != bench.query(ARCHITECTURE).val_accuracy


def test_info_says_what_the_benchmark_is(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    output = printed(capsys, "info", folder)
    values = dict(
        re.split(r"  +", line, maxsplit=1) for line in output.split("\n\n")[0].splitlines()
    )
    assert values["name"] == "tiny-v1"
    assert values["fitted on"] == "60 trainings of 40 architectures"
    assert values["campaign"] == "80 trainings of 50 architectures, 2.00 hours of training"
    assert values["samplers"] == "random (40)"
    assert values["best known"] == ARCHITECTURE
    assert values["predicted"] == "val_accuracy 0.7500 by linear"
    score = "r2 of val_accuracy 0.5000 [0.4000, 0.6000], ceiling 0.9000"
    assert values["surrogate"] == f"linear: {score}"


def test_info_shows_no_hours_of_a_campaign_that_is_not_recorded(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    training = json.loads((folder / "manifest.json").read_text())["training_set"]
    del training["campaign_evaluations"]
    edit_manifest(folder, training_set=training)
    output = printed(capsys, "info", folder)
    assert "60 trainings of 40 architectures" in output
    assert "hours" not in output


def test_info_names_the_machines(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert "trained on" not in printed(capsys, "info", folder)
    training = json.loads((folder / "manifest.json").read_text())["training_set"]
    machines = [
        {"name": name, "trainings": count, "factor": 1.0} for name, count in (("a", 50), ("b", 10))
    ]
    edit_manifest(folder, training_set=training | {"machines": machines})
    assert re.search(r"trained on +a \(50\); b \(10\)", printed(capsys, "info", folder))


def table(text: str) -> list[list[str]]:
    """Cells of the lines below a title."""
    return [re.split(r"  +", line) for line in text.splitlines()[1:]]


def test_info_has_tables_of_targets_and_scores(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    names = ("linear", "other")
    folder = write_benchmark(
        tmp_path, TARGETS, noisy=("val_accuracy", "train_time_s"), surrogates=names
    )
    _, targets, both, selected, limits, *reasons = printed(capsys, "info", folder).split("\n\n")
    assert limits == "Where it must not be trusted"
    assert "long runs" in "".join(reasons)
    source = "30 trainings of 10 architectures"
    assert table(targets) == [
        ["target", "unit", "scale", "noise", "estimated from"],
        ["val_accuracy", "fraction", "identity", "0.0100", source],
        ["test_accuracy", "fraction", "identity", "not estimable", "too few replicates"],
        ["train_time_s", "s", "log", "5 %", source],
    ]
    r2 = "0.5000 [0.4000, 0.6000]"
    rows = table(both)
    assert rows[0][:2] == ["surrogate", "r2"]
    assert [row[:2] for row in rows[1:3]] == [["linear *", r2], ["other", r2]]
    assert rows[3][:2] == ["ceiling", "0.9000"]
    assert selected.startswith("linear on held-out architectures; --scores shows the others")
    rows = table(selected)
    assert rows[0] == ["target", "metric", "n", "score [90 % interval]", "ceiling"]
    assert rows[1] == ["val_accuracy", "r2", "40", r2, "0.9000"]
    assert rows[2][-1] == "not estimable"
    assert len(rows) == 7


def test_info_shows_all_scores_of_all_surrogates_if_asked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = write_benchmark(tmp_path, TARGETS, surrogates=("linear", "other"))
    _, _, scores, limits, *_ = printed(capsys, "info", folder, "--scores").split("\n\n")
    assert limits == "Where it must not be trusted"
    heading, *rows, _ = table(scores)
    assert heading[:3] == ["surrogate", "target", "metric"]
    assert [row[0] for row in rows] == ["linear *"] * 6 + ["other"] * 6


def test_info_shows_noise_that_depends_on_the_prediction(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    data = json.loads((folder / "manifest.json").read_text())
    data["targets"]["val_accuracy"]["noise"].update(log_variance=2000.0, slope=-4.0)
    edit_manifest(folder, **data)
    assert "  inf exp(-2 p)  " in printed(capsys, "info", folder)


def test_info_prints_the_manifest_as_json(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    output = printed(capsys, "info", folder, "--json")
    assert json.loads(output) == json.loads((folder / "manifest.json").read_text())


def test_verify_names_a_file_that_is_not_listed(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "run_me.py").write_text("")
    error = refused(capsys, "verify", folder)
    assert "holds 'run_me.py', which manifest.json does not list" in error
    assert "remove what you put there yourself" in error


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
        {"best_known": {}},
        {"best_known": {"architecture": "x"}},
        {"best_known": {"architecture": ARCHITECTURE, "val_accuracy": "high"}},
        {"training_set": {"evaluations": 1, "architectures": 1, "samplers": ["random"]}},
        {"training_set": {"evaluations": 1, "architectures": 1, "machines": "fast"}},
        {"surrogates": [{}]},
        {"surrogates": ["text"]},
    ],
    ids=[
        "training_set",
        "recipe_id",
        "dataset_id",
        "no best known",
        "a best known of no space",
        "a best known that is text",
        "a sampler that is text",
        "machines that are text",
        "an empty score",
        "a score that is text",
    ],
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
        (["query"], "required: benchmark"),
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


def test_ctrl_c_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nasforge.cli.query.resolve_space", interrupted)
    assert main(["sample"]) == 130
    assert capsys.readouterr().err == "nasforge: interrupted\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_what_cannot_be_printed_is_one_line() -> None:
    command = [sys.executable, "-m", "nasforge.cli", "sample", "1000"]
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert process.returncode == 2
    assert process.stderr == "nasforge: No space left on device\n"


@pytest.mark.parametrize(
    "command",
    [
        (
            "merge",
            REPOSITORY / "data/darts-cifar10-cpu",
            REPOSITORY / "data/darts-cifar10-cpu",
            "-o",
        ),
        ("restore", REPOSITORY / "data/darts-cifar10-cpu", "--cache"),
        ("train", ARCHITECTURE, "--config", REPOSITORY / "config/config.yaml", "-o"),
    ],
    ids=lambda command: command[0],
)
def test_a_file_where_a_folder_should_be_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: tuple[Any, ...]
) -> None:
    pytest.importorskip("torch")
    (tmp_path / "file").write_text("mine")
    assert str(tmp_path / "file") in refused(capsys, *command, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"

"""`nasforge optimize`: what it writes and prints, and that misuse is one line with exit code 2."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from command_line import printed, refused
from tiny_benchmark import write_benchmark

import nasforge
from nasforge.cli import main
from nasforge.cli.progress import progress_bar
from nasforge.evaluations.imported import ImportedTables, Result
from nasforge.optimizers import OPTIMIZERS, read_trajectories
from nasforge.optimizers.registry import PROBES
from nasforge.space import DARTS

DATA = Path(__file__).parents[1] / "data" / "darts-cifar10-cpu"


@pytest.fixture
def bench(tmp_path: Path) -> str:
    return str(write_benchmark(tmp_path / "export", ("val_accuracy", "train_time_s")))


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "t.parquet"


def test_it_writes_a_table_and_a_figure_and_prints_a_summary(
    bench: str, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("random", "tpe")
    options = [option for name in names for option in ("--optimizer", name)]
    sizes = ("--budget", "30", "--seeds", "2", "--workers", "3")
    assert main(["optimize", bench, *options, *sizes, "-o", str(output)]) == 0
    runs = read_trajectories(output)
    assert [(run.optimizer, run.seed) for run in runs] == [(n, s) for n in names for s in (0, 1)]
    assert {(len(run), run.workers) for run in runs} == {(30, 3)}
    assert output.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    printed, progress = capsys.readouterr()
    assert progress == ""  # no terminal
    lines = printed.splitlines()
    assert lines[0] == "tiny-v1/linear: 30 evaluations, workers: 3"
    middle = np.median([run.regret[-1] for run in runs[:2]]) * 100
    assert lines[2].startswith("random ")
    assert f" {middle:.2f} [" in lines[2]
    assert lines[-1] == f"written: {output}, {output.with_suffix('.png')}"


def test_json(bench: str, output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["optimize", bench, "--optimizer", "regularized_evolution", "--json"]
    settings = ("--setting", "population_size=5", "--setting", "sample_size=2")
    sizes = ("--budget", "12", "--seeds", "3", "--generation-size", "4")
    assert main([*command, *settings, *sizes, "-o", str(output)]) == 0
    result = json.loads(capsys.readouterr().out)
    [summary] = result["optimizers"]
    assert (summary["runs"], summary["evaluations"]) == (3, 12)
    assert list(summary["regret"]) == ["10", "12"]
    assert result["backend"] == "tiny-v1/linear"
    assert {run.generation_size for run in read_trajectories(output)} == {4}


def test_a_table_of_evaluations(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["optimize", "--table", str(DATA), "--optimizer", "local_search"]
    settings = ("--setting", "improvement=first", "--budget", "20", "--seeds", "2")
    assert main([*command, *settings, "-o", str(output)]) == 0
    assert "darts-cifar10-cpu: 20 evaluations" in capsys.readouterr().out


def small_table(folder: Path, networks: int) -> Path:
    tables = ImportedTables(DARTS, {"imported": "r"}, {"imported": "d"})
    rng = np.random.default_rng(0)
    for number in range(networks):
        text = DARTS.format(DARTS.sample(rng))
        tables.propose("random", text, tables.add(DARTS.parse(text), Result(number / 100)))
    tables.write(folder, {})
    return folder / "evaluations.parquet"


@pytest.mark.parametrize("option", ["--workers", "--generation-size"])
def test_more_at_once_than_a_table_has_networks(
    option: str, tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = small_table(tmp_path / "small", 5)
    command = ("optimize", "--table", table, "--seeds", "1", "-o", output, "--budget")
    evolving = ("--optimizer", "local_search")
    message = refused(capsys, *command, "20", *evolving, option, "6")
    assert f"{option}: 6 must be at most 5, the number of networks in --table {table}" in message
    assert not output.exists()
    printed(capsys, *command, "20", *evolving, option, "5")
    printed(capsys, *command, "4", *evolving, option, "6")  # no more than the budget are asked for
    printed(capsys, *command, "20", "--optimizer", "random", option, "6")


@pytest.mark.slow
def test_real_trainings(tmp_path: Path, output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    config = {
        "name": "tiny",
        "dataset": {
            "source": "digits",
            "image_size": 8,
            "train_images": 60,
            "validation_images": 50,
            "test_images": 50,
        },
        "training": {
            "recipe": {
                "cells": 3,
                "channels": 2,
                "epochs": 1,
                "batch_size": 30,
                "learning_rate": 0.05,
            }
        },
        "samplers": [
            {"name": "r", "optimizer": "random", "seed": 1, "generations": 4, "generation_size": 5}
        ],
        "surrogates": {"families": {"mean": {}}},
        "export": {"name": "tiny", "version": 1, "description": "A test."},
        "execution": {"cache_dir": str(tmp_path / "cache"), "backend": "torch"},
    }
    schema = tmp_path / "workflow" / "schemas" / "config.schema.yaml"
    schema.parent.mkdir(parents=True)
    root = Path(__file__).parents[1]
    schema.write_text((root / "workflow/schemas/config.schema.yaml").read_text())
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(config))
    command = ["optimize", "--train", str(tmp_path / "tiny.yaml"), "--optimizer", "random"]
    command += ["--budget", "2", "--seeds", "1", "-o", str(output)]
    assert main(command) == 0
    [run] = read_trajectories(output)
    assert np.isnan(run.value).all()
    assert ((run.value_seen > 0) & (run.value_seen < 1)).all()
    assert (run.wall_time_s > 0).all()
    assert "the best known architecture is unknown" in capsys.readouterr().out
    entries = list((tmp_path / "cache").rglob("*/*/*/*.json"))
    stamps = [entry.stat().st_mtime_ns for entry in entries]
    assert main(command) == 0  # from the cache
    assert [entry.stat().st_mtime_ns for entry in entries] == stamps
    [again] = read_trajectories(output)
    np.testing.assert_array_equal(again.value_seen, run.value_seen)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["BENCH"], "arguments are required: --optimizer"),
        (["--optimizer", "tpe"], "give one of a benchmark, --table FILE and --train CONFIG"),
        (["BENCH", "--table", "x", "--optimizer", "tpe"], "give one of a benchmark"),
        (["nothing", "--optimizer", "tpe"], "no benchmark 'nothing'"),
        (["BENCH", "--optimizer", "bohb"], "unknown optimizer 'bohb'; allowed: random, "),
        (["BENCH", "--optimizer", "tpe", "--budget", "0"], "--budget: 0 must be at least 1"),
        (["BENCH", "--optimizer", "tpe", "--seeds", "0"], "--seeds: 0 must be"),
        (["BENCH", "--optimizer", "tpe", "--workers", "-1"], "--workers: -1 must be"),
        (["BENCH", "--optimizer", "tpe", "--generation-size", "0"], "--generation-size: 0 must"),
        (["BENCH", "--optimizer", "tpe", "--setting", "x"], "--setting: 'x' must be KEY=VALUE"),
        (["BENCH", "--optimizer", "tpe", "--setting", "x=1"], "tpe has no setting 'x'"),
        (
            ["BENCH", "--optimizer", "tpe", *["--setting", "candidates=1"] * 2],
            "--setting: 'candidates' is given twice, as 1 and 1; give it once",
        ),
        (
            ["BENCH", "--optimizer", "tpe", "--optimizer", "random", "--setting", "candidates=1"],
            "--setting: goes with a single --optimizer",
        ),
        (["--table", "nothing.parquet", "--optimizer", "tpe"], "nothing.parquet: no such file"),
        (["--table", "x", "--no-noise", "--optimizer", "tpe"], "go with a benchmark"),
        (["--train", "nothing.yaml", "--optimizer", "tpe"], "nothing.yaml: cannot be read"),
        (["BENCH", "--optimizer", "tpe", "-o", "t.csv"], "--output: t.csv must end in .parquet"),
        (["BENCH", "--optimizer", "tpe", "-o", "no/t.parquet"], "no/t.parquet: there is no folder"),
        (["BENCH", "--optimizer", "tpe", "-o", "/dev/null/t.parquet"], "no folder /dev/null;"),
        (["BENCH", *["--optimizer", "tpe"] * 2], "'tpe' is given 2 times; give it once, and with"),
    ],
)
def test_misuse_is_one_line(
    arguments: list[str],
    message: str,
    bench: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code = main(["optimize", *[bench if a == "BENCH" else a for a in arguments]])
    except SystemExit as exit_:  # argparse's own
        code = exit_.code
    printed = capsys.readouterr()
    assert code == 2
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_table_that_is_there_is_replaced_only_if_it_is_named(
    bench: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ("optimize", bench, "--optimizer", "random", "--seeds", "1", "--budget")
    printed(capsys, *command, "3")
    message = refused(capsys, *command, "4")
    assert "trajectories.parquet is there already: -o trajectories.parquet writes over" in message
    assert len(read_trajectories("trajectories.parquet")[0]) == 3
    printed(capsys, *command, "4", "-o", "trajectories.parquet")
    assert len(read_trajectories("trajectories.parquet")[0]) == 4
    Path("trajectories.parquet").unlink()
    message = refused(capsys, *command, "5")
    assert "trajectories.png is there already: -o trajectories.parquet writes over" in message


def test_help_names_every_optimizer(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["optimize", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert f"one of {', '.join([*OPTIMIZERS, *PROBES])};" in text


@pytest.mark.parametrize("surpassed", [False, True])
def test_a_regret_below_0_is_explained(
    bench: str, output: Path, capsys: pytest.CaptureFixture[str], surpassed: bool
) -> None:
    path = Path(bench) / "manifest.json"
    manifest = json.loads(path.read_text())
    rng = np.random.default_rng(0)
    texts = [DARTS.format(DARTS.sample(rng)) for _ in range(300)]
    values = nasforge.load(bench).query_many(texts)["val_accuracy"]
    known = np.argmin(values) if surpassed else np.argmax(values)
    manifest["best_known"]["architecture"] = texts[known]
    path.write_text(json.dumps(manifest))
    command = ("optimize", bench, "--optimizer", "random", "--seeds", "1", "--budget", "3")
    assert ("below 0: " in printed(capsys, *command, "-o", output)) is surpassed


def test_no_noise_and_another_surrogate(bench: str, output: Path) -> None:
    command = ["optimize", bench, "--optimizer", "random", "--no-noise", "--surrogate", "linear"]
    assert main([*command, "--budget", "5", "--seeds", "1", "-o", str(output)]) == 0
    [run] = read_trajectories(output)
    np.testing.assert_array_equal(run.value_seen, run.value)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_progress_bar_is_drawn_on_a_terminal_and_wiped_away() -> None:
    terminal = Terminal()
    now_s = iter([0.0, 0.1, 10.0, 20.0]).__next__
    with progress_bar(40, "tpe", terminal, now_s) as advance:
        advance(1)  # too soon
        assert terminal.getvalue() == ""
        advance(9)
        assert "tpe [#######.......................] 10/40, 0:30 left" in terminal.getvalue()
        advance(30)
    assert "40/40, 0:00 left" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r")


def test_no_terminal_no_progress_bar() -> None:
    stream = io.StringIO()
    with progress_bar(1, "tpe", stream) as advance:
        advance(1)
    assert stream.getvalue() == ""

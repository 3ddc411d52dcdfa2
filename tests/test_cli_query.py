"""What `nasforge query` reads and writes."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from command_line import fields, printed, refused
from every_kind import write_every_kind
from pyarrow import parquet
from tiny_benchmark import write_benchmark

import nasforge
from nasforge.accelerator import numpy_alone
from nasforge.space import DARTS

RNG = np.random.default_rng(1)
TEXTS = [DARTS.format(DARTS.sample(RNG)) for _ in range(3)]
FIELDS = [
    "val_accuracy",
    "test_accuracy",
    "noise_std",
    "epistemic_std",
    "train_time_s",
    "params",
    "macs",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_benchmark(tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "genotypes.txt"
    path.write_text(f"# three\n{TEXTS[0]}\n\n  {TEXTS[1]}  \n{TEXTS[2]}")
    return path


def expected(folder: Path, name: str) -> list[float]:
    bench = nasforge.load(folder)
    return [getattr(bench.query(text), name) for text in TEXTS]


def test_several_answers_are_a_table(
    capsys: pytest.CaptureFixture[str], folder: Path, file: Path
) -> None:
    lines = printed(capsys, "query", folder, "--file", file).splitlines()
    known = [name for name in FIELDS if name not in ("test_accuracy", "train_time_s")]
    assert lines[0].split() == [*known, "architecture"]
    assert [line.split()[-1] for line in lines[1:]] == TEXTS
    values = [float(line.split()[0]) for line in lines[1:]]
    assert values == pytest.approx(expected(folder, "val_accuracy"), rel=1e-5)
    assert len({line.index("normal:") for line in lines[1:]}) == 1


def test_standard_input_and_arguments_are_read_in_order(
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{TEXTS[1]}\n#\n"))
    output = printed(capsys, "query", folder, TEXTS[0], "-", "-f", file, "--json")
    order = [row["architecture"] for row in json.loads(output)]
    assert order == [TEXTS[0], TEXTS[1], *TEXTS]


def test_one_line_of_a_file_reads_as_one_argument(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "one.txt").write_text(TEXTS[0])
    output = printed(capsys, "query", folder, "-f", tmp_path / "one.txt")
    assert output == printed(capsys, "query", folder, TEXTS[0])
    assert fields(output)["architecture"] == TEXTS[0]


def test_csv_has_all_digits(capsys: pytest.CaptureFixture[str], folder: Path, file: Path) -> None:
    output = printed(capsys, "query", folder, "-f", file, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(output)))
    assert list(rows[0]) == ["benchmark", "architecture", *FIELDS, "best_val_accuracy"]
    assert [float(row["val_accuracy"]) for row in rows] == expected(folder, "val_accuracy")
    assert rows[0]["test_accuracy"] == ""
    assert rows[0]["benchmark"] == "tiny-v1/linear"


@pytest.mark.parametrize("name", ["csv", "json", "parquet"])
def test_a_files_name_says_the_format(
    capsys: pytest.CaptureFixture[str], folder: Path, file: Path, tmp_path: Path, name: str
) -> None:
    output = tmp_path / f"answers.{name}"
    assert printed(capsys, "query", folder, "-f", file, "-o", output) == ""
    if name == "csv":
        rows = list(csv.DictReader(io.StringIO(output.read_text())))
    elif name == "json":
        rows = json.loads(output.read_text())
    else:
        rows = parquet.read_table(output).to_pylist()
    assert [row["architecture"] for row in rows] == TEXTS
    assert [int(row["params"]) for row in rows] == expected(folder, "params")


def test_parquet_columns_are_numbers_even_if_unknown(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    printed(capsys, "query", folder, TEXTS[0], "-o", tmp_path / "a.parquet")
    schema = parquet.read_schema(tmp_path / "a.parquet")
    kinds = {name: str(schema.field(name).type) for name in schema.names}
    integers = ("params", "macs")
    assert all(kinds[name] == "double" for name in FIELDS if name not in integers)
    assert all(kinds[name] == "int64" for name in integers)


def test_a_table_can_go_to_a_file(
    capsys: pytest.CaptureFixture[str], folder: Path, file: Path, tmp_path: Path
) -> None:
    arguments = ("query", folder, "-f", file)
    printed(capsys, *arguments, "-o", tmp_path / "t.txt", "--format", "table")
    assert (tmp_path / "t.txt").read_text() == printed(capsys, *arguments)


def test_options_may_stand_anywhere(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    first, *others = TEXTS
    usual = printed(capsys, "query", folder, *TEXTS, "--space", "darts", "--json")
    assert printed(capsys, "query", folder, "--space", "darts", *TEXTS, "--json") == usual
    assert printed(capsys, "query", "--json", folder, first, "--space=darts", *others) == usual


@pytest.mark.parametrize(("few", "compiled"), [(len(TEXTS), False), (len(TEXTS) - 1, True)])
@pytest.mark.parametrize("epoch", [(), ("--epoch", "2")])
def test_numba_is_for_commands_that_ask_much(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    few: int,
    compiled: bool,
    epoch: tuple[str, ...],
) -> None:
    wanted: list[str] = []
    monkeypatch.setattr("nasforge.accelerator._import", wanted.append)  # which gives None: no numba
    monkeypatch.setattr("nasforge.cli.query.FEW", few)
    folder = write_every_kind(tmp_path)
    wanted.clear()
    printed(capsys, "query", folder, *TEXTS, *epoch)
    assert bool(wanted) is compiled
    wanted.clear()
    printed(capsys, "verify", folder)
    assert not wanted


def test_an_epoch_is_asked_for(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = write_every_kind(tmp_path)
    rows = json.loads(printed(capsys, "query", folder, *TEXTS, "--epoch", "2", "--json"))
    bench = nasforge.load(folder)
    with numpy_alone():  # as so small a command does
        assert [row["val_accuracy"] for row in rows] == [bench.curve(text)[1] for text in TEXTS]
    assert {row["test_accuracy"] for row in rows} == {None}
    message = refused(capsys, "query", folder, TEXTS[0], "--epoch", "9")
    assert "epoch: 9 must be an integer from 1 to 4" in message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "no architecture is given"),
        (["-f", "missing.txt"], "missing.txt: cannot be read (No such file or directory)"),
        ([TEXTS[0], "--json", "--format", "csv"], "--json and --format csv contradict"),
        ([TEXTS[0], "--format", "parquet"], "name a file with --output"),
        ([TEXTS[0], "-o", "answers.txt"], "ends in none of .csv, .json, .parquet; say --format"),
        ([TEXTS[0], "-o", "/no/such/folder/a.csv"], "there is no folder /no/such/folder"),
        ([TEXTS[0], "-o", "/no/such/folder/a.parquet"], "there is no folder /no/such/folder"),
        (
            [TEXTS[0], "-o", "/dev/full", "--format", "csv"],
            "/dev/full: cannot be written (No space",
        ),
        ([TEXTS[0], "--epoch", "1"], "was made without learning curves"),
        ([TEXTS[0], "--format", "xml"], "invalid choice: 'xml'"),
    ],
)
def test_misuse_is_explained(
    capsys: pytest.CaptureFixture[str], folder: Path, options: list[str], message: str
) -> None:
    assert message in refused(capsys, "query", folder, *options)


@pytest.mark.parametrize("text", ["", "# nothing\n\n"])
def test_a_file_without_architectures_is_refused(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path, text: str
) -> None:
    (tmp_path / "empty.txt").write_text(text)
    assert "no architecture is given" in refused(
        capsys, "query", folder, "-f", tmp_path / "empty.txt"
    )


def test_a_wrong_line_is_named(
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = TEXTS[0].replace("sep_conv_3x3", "sep_conv_3x4")
    file.write_text(f"{TEXTS[0]}\n\n{wrong}\n")
    error = refused(capsys, "query", folder, "-f", file)
    assert f"{file}, line 3: " in error
    assert "did you mean 'sep_conv_3x3'?" in error
    monkeypatch.setattr("sys.stdin", io.StringIO("nonsense"))
    error = refused(capsys, "query", folder, "-")
    assert "standard input, line 1: 'nonsense' is no genotype" in error


def test_a_file_that_is_no_text_is_refused(
    capsys: pytest.CaptureFixture[str], folder: Path, file: Path
) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    assert f"{file}: is not text in UTF-8" in refused(capsys, "query", folder, "-f", file)

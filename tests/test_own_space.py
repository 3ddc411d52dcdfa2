"""docs/own_space.md, done: a table of another space's evaluations becomes a benchmark."""

import csv
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from tiny_campaign import Run, succeed

import nasforge
from nasforge.benchmark.selftest import verify
from nasforge.cli import main
from nasforge.config import check_config
from nasforge.errors import (
    BenchmarkFormatError,
    ConfigError,
    GenotypeError,
    SpaceError,
    SurrogateError,
)
from nasforge.evaluations.folder import find_tables, tables_in
from nasforge.evaluations.given import collect_evaluations
from nasforge.space import GraphLayout, SearchSpace
from nasforge.space.encoding import encode, encodings_of
from nasforge.space.graph import NO_EDGE
from nasforge.space.registry import resolve_space
from nasforge.surrogates import scores
from nasforge.surrogates.describing import ExportSources, ExportSpec
from nasforge.surrogates.ensemble import Bagging
from nasforge.surrogates.export import export
from nasforge.surrogates.families import FAMILIES as FAMILIES_OF_MODELS
from nasforge.surrogates.fitting import fit_target
from nasforge.surrogates.labels import PartFiles, write_parts
from nasforge.surrogates.selection import SelectionOutputs, select
from nasforge.surrogates.testing import score_test

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "own_space.md").read_text()
FAMILIES = ("mean", "linear", "lightgbm", "gin")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory):
    """The page's first block, as the module `nb201` that a user would have."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "nb201.py").write_text(blocks("python")[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield resolve_space("nb201:SPACE")
        sys.modules.pop("nb201")


@pytest.fixture(scope="module")
def table(space, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 cells with two seeds each, in percent; convolutions help."""
    rng = np.random.default_rng(0)
    file = tmp_path_factory.mktemp("table") / "cells.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["cell", "seed0", "seed1"])
        for choice in rng.choice(space.size, 60, replace=False):
            cell = space.from_vector([choice // 5**k % 5 for k in range(6)])
            mean = 60 + 5 * sum(operation.startswith("nor_conv") for operation in cell)
            writer.writerow([space.format(cell), *np.round(mean + rng.normal(0, 0.3, 2), 2)])
    return file


@pytest.fixture(scope="module")
def benchmark(space, table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All stages, with the functions that the rules call."""
    folder = tmp_path_factory.mktemp("results")
    command = ["import", "csv", str(table), "-o", str(folder / "data"), "--space", "nb201:SPACE"]
    columns = ["--architecture", "cell", "--target", "seed0", "--target", "seed1", "--percent"]
    assert main([*command, *columns]) == 0
    collected = tables_in(folder / "collect")
    collect_evaluations(space, find_tables(folder / "data"), collected)
    files = {name: folder / name for name in ("development", "test", "scores", "selection")}
    machines = folder / "machines.json"
    parts = PartFiles(files["development"], files["test"], folder / "set_aside", machines)
    write_parts(space, collected.evaluations, collected.proposals, parts, 0.2, 0)
    records = {(family, "val_accuracy"): folder / family / "val.json" for family in FAMILIES}
    for (family, target), record in records.items():
        record.parent.mkdir()
        bagging = Bagging(folds=5, repeats=2, seed=0)
        fit_target(space, files["development"], family, target, {}, bagging, record)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scores, "BOOTSTRAPS", 20)
        outputs = SelectionOutputs(files["scores"], folder / "candidates", files["selection"])
        select(space, files["development"], records, 1000.0, outputs)
        test_scores, predicted = folder / "test_scores", folder / "predicted"
        tables = files["test"], files["development"], files["selection"]
        score_test(space, *tables, records, test_scores, predicted)
    sources = ExportSources(
        collected.evaluations,
        collected.proposals,
        files["development"],
        machines,
        files["selection"],
        test_scores,
        predicted,
    )
    spec = ExportSpec("cells", 1, "NAS-Bench-201's cells.", "CC0-1.0")
    return export(space, spec, sources, records, folder / "export")


def test_the_example_is_a_search_space(space) -> None:
    assert isinstance(space, SearchSpace)
    assert space.size == 15_625
    rng = np.random.default_rng(0)
    for _ in range(50):
        cell = space.sample(rng)
        assert space.parse(space.format(cell)) == cell
        assert space.from_vector(space.to_vector(cell)) == cell
        assert space.mutate(cell, rng) in space.neighbours(cell)
    assert len(set(space.neighbours(cell))) == 24
    features = space.encode([cell, cell], "one_hot")
    assert features.shape == (2, 30) == (2, len(space.feature_names("one_hot")))
    assert space.encode([], "one_hot").shape == (0, 30)


@pytest.mark.parametrize(
    "text", ["", "|none~0|", "|nope~0|+|none~0|none~1|+|none~0|none~1|none~2|"]
)
def test_the_example_refuses_what_is_no_cell(space, text: str) -> None:
    with pytest.raises(GenotypeError, match="is no cell"):
        space.parse(text)


def test_the_benchmark_answers(space, benchmark: Path) -> None:
    bench = nasforge.load(benchmark, space=space)
    assert bench.manifest.space["name"] == "nasbench201"
    assert bench.manifest.evaluator == "import"
    assert bench.surrogate in FAMILIES[1:]
    good, bad = (("nor_conv_3x3",) * 6, ("none",) * 6)
    answer = bench.query_many([good, space.format(bad)])
    assert answer["val_accuracy"][0] > answer["val_accuracy"][1] + 0.1
    assert bench.query(good).noise_std == pytest.approx(0.003, rel=0.5)
    assert (bench.query(good).params, bench.query(good).train_time_s) == (None, None)
    assert len(verify(benchmark, space)) == 4


def test_the_graph_network_answers_from_graphs_alone(space, benchmark: Path) -> None:
    bench = nasforge.load(benchmark, space=space, surrogate="gin")
    good, bad = (("nor_conv_3x3",) * 6, ("none",) * 6)
    answer = bench.query_many([good, bad])
    assert answer["val_accuracy"][0] > answer["val_accuracy"][1] + 0.05
    assert encode(space, [good, bad], "graph")[0, :6].tolist() == [0, 1, 3, 0, 2, 3]
    assert (encode(space, [bad], "graph")[0, 2::3] == NO_EDGE).all()


def test_the_command_line_is_told_the_space(
    benchmark: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    option = ("--space", "nb201:SPACE")
    cell = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|"
    assert main(["query", str(benchmark), cell, *option]) == 0
    assert main(["verify", str(benchmark), *option]) == 0
    assert main(["info", str(benchmark), *option]) == 0
    assert "nasbench201 (1.562e+04 architectures)" in capsys.readouterr().out
    assert main(["sample", "2", *option]) == 0
    assert capsys.readouterr().out.count("~2|") == 2


def test_the_pages_commands_are_right(
    table: Path,
    benchmark: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(table, "cells.csv")
    shutil.copytree(benchmark, "results/mine/export/cells-v1")
    commands = blocks("bash")[0].replace("\\\n", " ").splitlines()
    sample = "nasforge sample --space nb201:SPACE"
    assert main(shlex.split(sample)[1:]) == 0
    cell = capsys.readouterr().out.strip()
    for command in [line for line in commands if line.startswith("nasforge")]:
        assert main(shlex.split(command.replace(f"$({sample})", cell))[1:]) == 0
    assert "val_accuracy" in capsys.readouterr().out
    assert tables_in(Path("data/cells")).evaluations.exists()
    [_, asking] = blocks("python")
    done: dict[str, Any] = {}
    exec(asking, done)
    assert done["bench"].manifest.name == "cells"


def test_no_file_decides_what_is_imported(benchmark: Path) -> None:
    with pytest.raises(BenchmarkFormatError, match="'nasbench201' is not installed"):
        nasforge.load(benchmark)


def test_the_pages_config_is_right(space) -> None:
    config = yaml.safe_load(blocks("yaml")[0])
    check_config(config, ROOT / "workflow/schemas/config.schema.yaml")
    assert config["space"] == "nb201:SPACE"


@pytest.mark.slow
def test_the_pages_config_runs_to_the_end(space, table: Path, tmp_path: Path) -> None:
    (tmp_path / "nb201.py").write_text(blocks("python")[0])
    config = yaml.safe_load(blocks("yaml")[0])
    config["surrogates"] |= {"folds": 2, "families": {"mean": {}, "linear": {}}}
    run = Run(tmp_path, config)
    columns = ["--architecture", "cell", "--target", "seed0", "--target", "seed1", "--percent"]
    data = str(tmp_path / config["evaluations"]["path"])
    assert main(["import", "csv", str(table), "-o", data, "--space", "nb201:SPACE", *columns]) == 0
    succeed(run, variables={"PYTHONPATH": str(tmp_path)})
    bench = nasforge.load(run.results / "export/cells-v1", space=space)
    best = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+" + "|nor_conv_3x3~%d" * 3 % (0, 1, 2)
    worst = best.replace("nor_conv_3x3", "none")
    # Far apart in truth; a linear model of 60 cells is cautious.
    assert bench.query(best + "|").val_accuracy > bench.query(worst + "|").val_accuracy + 0.02


def test_families_whose_encoding_a_space_lacks_are_left_out(space) -> None:
    config = yaml.safe_load(blocks("yaml")[0])
    schema = ROOT / "workflow/schemas/config.schema.yaml"
    config["surrogates"]["families"] |= {"gin": {}, "mlp": {}}
    notes = check_config(config, schema)
    [note] = notes
    assert note.startswith("left out: surrogates.families.mlp: needs encoding paths, space")
    assert note.endswith("has one_hot, graph")
    assert "gin" in config["surrogates"]["families"]
    config["surrogates"]["families"] = {"mlp": {}}
    with pytest.raises(ConfigError, match="mlp: needs encoding paths"):
        check_config(config, schema)


def test_graphs_without_a_layout_are_no_encoding(space) -> None:
    class WithoutLayout(type(space)):
        graph_layout = None

    assert encodings_of(WithoutLayout()) == ("one_hot",)
    with pytest.raises(SurrogateError, match="space 'nasbench201' lacks graph_layout"):
        FAMILIES_OF_MODELS["gin"].encoding_for(WithoutLayout())


def test_a_graph_that_its_layout_does_not_describe_is_refused(space) -> None:
    class TooSmall(type(space)):
        graph_layout = GraphLayout(node_types=(0, 1, 2), edges=6, operations=5)

    with pytest.raises(SpaceError, match="6 edges, 3 nodes, 5 operations"):
        encode(TooSmall(), [("nor_conv_3x3",) * 6], "graph")

"""The DAG from evaluations that are there already: split to report, and nothing trained."""

import shutil
from copy import deepcopy
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from tiny_campaign import REPOSITORY, Run, planned_jobs

import nasforge
from nasforge.benchmark.selftest import verify
from nasforge.evaluations.import_csv import import_table
from nasforge.space import DARTS

DOWNSTREAM = {
    "split_parts": 1,
    "fit_family": 3,
    "select_surrogate": 1,
    "score_test": 1,
    "export_benchmark": 1,
    "plot_figures": 1,
    "tabulate_scores": 1,
    "write_explorer": 1,
    "all": 1,
}


def write_tables(folder: Path, number: int = 40) -> Path:
    """Import a table of `number` architectures with two seeds each."""
    rng = np.random.default_rng(0)
    lines = ["arch,seed0,seed1,sampler"]
    for i in range(number):
        genotype = DARTS.sample(rng)
        first, second = 0.6 + 0.2 * rng.random() + 0.01 * rng.normal(size=2)
        lines.append(f"{DARTS.format(genotype)},{first},{second},{'re' if i % 2 else 'rs'}")
    (folder / "table.csv").write_text("\n".join(lines))
    targets = ["seed0", "seed1"]
    import_table(
        DARTS, folder / "table.csv", folder / "data/imported", "arch", targets, sampler="sampler"
    )
    return folder


def new_run(folder: Path) -> Run:
    """The shipped config, with an ensemble that is fitted fast."""
    config = yaml.safe_load((REPOSITORY / "config/from_evaluations.yaml").read_text())
    config["surrogates"] |= {"folds": 2, "families": {**config["surrogates"]["families"]}}
    config["surrogates"]["families"]["lightgbm"] = {"trees": 5}
    return Run(folder, config)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = new_run(write_tables(tmp_path_factory.mktemp("given")))
    process = run.snakemake()
    assert process.returncode == 0, process.stdout + process.stderr
    return run


def dry_run(run: Run) -> dict[str, int]:
    process = run.snakemake("--dry-run")
    assert process.returncode == 0, process.stdout + process.stderr
    return planned_jobs(process.stdout + process.stderr)


def test_nothing_is_sampled_or_trained(tmp_path: Path) -> None:
    jobs = dry_run(new_run(write_tables(tmp_path)))
    assert jobs == {"collect_evaluations": 1, **DOWNSTREAM}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere", "config: evaluations.path: no folder nowhere"),
        (".", "holds neither evaluations.parquet nor evaluations/*.parquet"),
    ],
)
def test_a_path_without_tables_is_one_line_and_leaves_nothing(
    tmp_path: Path, path: str, message: str
) -> None:
    run = new_run(tmp_path)
    run.config["evaluations"]["path"] = path
    process = run.snakemake()
    output = process.stdout + process.stderr
    assert process.returncode == 1
    assert message in output
    assert "Traceback" not in output
    assert not run.results.exists()


@pytest.mark.slow
def test_every_stage_leaves_its_results(finished: Run) -> None:
    rows = pq.read_table(finished.results / "collect/evaluations.parquet").to_pylist()
    assert len(rows) == 80
    assert {row["evaluator"] for row in rows} == {"import"}
    folder = finished.results / "export/darts-imported-v1"
    bench = nasforge.load(folder)
    assert bench.manifest.evaluator == "import"
    assert bench.manifest.recipe["file"] == "table.csv"
    answer = bench.query(rows[0]["architecture"])
    assert 0.6 < answer.val_accuracy < 0.8
    assert answer.noise_std == pytest.approx(0.01, rel=0.5)
    assert (answer.params, answer.macs, answer.train_time_s) == (None, None, None)
    assert len(verify(folder, DARTS)) == 3
    assert not any((finished.results / stage).exists() for stage in ("sample", "train", "images"))
    assert (finished.results / "report/learning_curves.png").exists()


@pytest.mark.slow
def test_an_edit_of_the_path_or_of_a_file_reruns_what_follows(
    finished: Run, tmp_path: Path
) -> None:
    assert dry_run(finished) == {}
    shutil.copytree(finished.folder, tmp_path / "copy")
    run = Run(tmp_path / "copy", deepcopy(finished.config))
    everything = {"collect_evaluations": 1, **DOWNSTREAM}
    shutil.copytree(run.folder / "data/imported", run.folder / "data/elsewhere")
    run.config["evaluations"]["path"] = "data/elsewhere"
    assert dry_run(run) == everything
    run.config["evaluations"]["path"] = "data/imported"
    assert dry_run(run) == {}
    write_tables(run.folder, 41)
    assert dry_run(run) == everything


@pytest.mark.slow
def test_evaluations_of_another_space_are_one_line(finished: Run, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    shutil.copytree(finished.folder / "data/imported", tmp_path / "data/imported")
    run = new_run(tmp_path)
    (tmp_path / "newer_space.py").write_text(
        "from nasforge.space.darts.space import DartsSpace\n"
        "class Newer(DartsSpace):\n    version = 2\n"
        "SPACE = Newer()\n"
    )
    run.config["space"] = "newer_space:SPACE"
    process = run.snakemake(variables={"PYTHONPATH": str(tmp_path)})
    output = process.stdout + process.stderr
    assert process.returncode == 1
    assert "made for space 'darts' version 1" in output
    assert "Traceback" not in output
    assert not (run.results / "collect/evaluations.parquet").exists()

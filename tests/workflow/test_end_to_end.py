"""The workflow run for real, on a tiny config: results, errors, kill -9."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from explorer_container import content_of
from tiny_campaign import REPOSITORY, Run, environment

import nasforge
from nasforge.benchmark.selftest import verify
from nasforge.cli import main
from nasforge.space import DARTS

pytestmark = pytest.mark.slow

NOT_REPRODUCED = {"train_time_s", "finished_at"}
"""Columns that differ between two runs of the same config on one machine."""

CYCLE: list = []
CYCLE.append(CYCLE)
"""What YAML writes, and reads, as `&x [*x]`."""


def evaluations(run: Run) -> list[dict]:
    table = pq.read_table(run.results / "collect/evaluations.parquet")
    keep = [name for name in table.column_names if name not in NOT_REPRODUCED]
    return table.select(keep).to_pylist()


def cache_entries(run: Run) -> dict[str, str]:
    return {path.stem: path.read_text() for path in run.cache.glob("*/*/*/*.json")}


def failure(process: subprocess.CompletedProcess[str]) -> str:
    assert process.returncode == 1, process.stdout + process.stderr
    output = process.stdout + process.stderr
    assert "Traceback" not in output, output
    return output


def test_every_stage_leaves_its_results(finished: Run) -> None:
    rows = evaluations(finished)
    assert len(rows) == 16 + 8  # proposals, and half of them once more
    assert all(row["status"] == "ok" and row["attempts"] == 1 for row in rows)
    assert {row["replicate"] for row in rows} == {0, 1}
    assert len({row["seed"] for row in rows}) == len(rows)
    bench = nasforge.load(finished.results / "export/darts-tiny-v1")
    prediction = bench.query(rows[0]["architecture"])
    assert 0.0 <= prediction.val_accuracy <= 1.0
    assert prediction.train_time_s > 0.0
    assert prediction.params == rows[0]["params"]
    assert verify(finished.results / "export/darts-tiny-v1", DARTS)
    assert (finished.folder / "report.html").stat().st_size > 100_000


def test_the_page_has_the_trajectories_of_the_samplers(finished: Run) -> None:
    page = content_of(finished.results / "report/explorer.html")["evaluated"]
    accuracies = defaultdict(list)
    for row in evaluations(finished):
        accuracies[row["architecture"]].append(row["val_accuracy"])
    proposals = pd.read_parquet(finished.results / "collect/proposals.parquet")
    assert sorted(map(tuple, page["samplers"])) == sorted(
        set(zip(proposals["sampler"], proposals["optimizer"], strict=True))
    )
    for (sampler, _), sequence in zip(page["samplers"], page["sequences"], strict=True):
        rows = proposals[proposals["sampler"] == sampler].sort_values(["generation", "position"])
        raw = rows["raw_architecture"]
        forms = dict.fromkeys(str(DARTS.canonical(DARTS.parse(text))) for text in raw)
        means = [np.mean(accuracies[form]) for form in forms]
        np.testing.assert_allclose(page["val_accuracy"][sequence], means, rtol=1e-6)


def test_a_second_run_has_nothing_to_do(finished: Run) -> None:
    process = finished.snakemake()
    assert process.returncode == 0
    assert "Nothing to be done" in process.stdout + process.stderr


def test_a_plan_finds_all_trainings_in_the_cache(
    finished: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(finished.folder)
    (finished.folder / "workflow").symlink_to(REPOSITORY / "workflow")
    assert main(["plan", "config.yaml"]) == 0
    assert "in the cache: all of them" in capsys.readouterr().out


def make_benchmark(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`make benchmark` in a clone, without installing anything."""
    venv = Path(sys.executable).parents[1]
    given = [f"{key}={value}" for key, value in ({"VENV": venv, "CORES": 2} | variables).items()]
    old = ("-o", "environment", "-o", f"{venv}/.installed")
    return subprocess.run(
        ["make", *old, "benchmark", *given],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_says_what_was_made_and_what_stopped_it(finished: Run, tmp_path: Path) -> None:
    folder = tmp_path / "clone"
    shutil.copytree(finished.folder, folder, ignore=shutil.ignore_patterns("workflow"))
    for name in ("Makefile", "Snakefile", "workflow", "profiles"):
        (folder / name).symlink_to(REPOSITORY / name)
    done = make_benchmark(folder, CONFIG="config.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    made = "results/tiny/export/darts-tiny-v1"
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines()[-4:])
    assert lines["Benchmark:"] == f"{made}/"
    selected = nasforge.load(folder / made).manifest.selected
    assert lines["Surrogate:"].startswith(f"{selected}: r2 of val_accuracy ")
    assert "localrule" not in done.stderr  # a block per job
    (folder / "config.yaml").write_text("name: wrong\n")
    stopped = make_benchmark(folder, CONFIG="config.yaml")
    assert stopped.returncode == 2
    assert "logs of the jobs are in results/wrong/logs" in stopped.stderr


def test_a_query_needs_nothing_but_numpy(finished: Run) -> None:
    code = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in sys.argv[2].split(","):
            raise ImportError(f"{name} is not there")
sys.meta_path.insert(0, Refuse())
import nasforge
bench = nasforge.load(sys.argv[1])
print(bench.query(bench.manifest.best_known["architecture"]).val_accuracy)
"""
    absent = "torch,torchvision,pandas,pyarrow,scipy,sklearn,lightgbm,xgboost,matplotlib,snakemake"
    process = subprocess.run(
        [sys.executable, "-c", code, str(finished.results / "export/darts-tiny-v1"), absent],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert 0.0 <= float(process.stdout) <= 1.0


def test_kill_9_while_training_loses_and_repeats_nothing(
    finished: Run, new_run: Callable[..., Run]
) -> None:
    run = new_run()
    process = subprocess.Popen(
        run.command(),
        env=environment(),
        start_new_session=True,  # a group of its own, so that its workers die with it
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 300
    while len(cache_entries(run)) < 3:
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline, "no training finished"
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = cache_entries(run)
    assert 3 <= len(before) < 24

    again = run.snakemake()

    assert again.returncode == 0, again.stdout + again.stderr
    after = cache_entries(run)
    assert {key: after[key] for key in before} == before  # not trained again, to the byte
    assert len(after) == 24  # each evaluation once, and no other
    assert evaluations(run) == evaluations(finished)


def test_two_runs_at_a_time_are_refused(new_run: Callable[..., Run]) -> None:
    run = new_run()
    first = subprocess.Popen(
        run.command(),
        env=environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not (run.results / ".lock").exists():
            assert first.poll() is None, "ended before the second could start"
            time.sleep(0.05)
        assert "another run is writing to" in failure(run.snakemake())
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()


def test_a_damaged_cache_entry_is_reported_and_made_again(finished: Run, tmp_path: Path) -> None:
    shutil.copytree(finished.folder, tmp_path / "copy")
    run = Run(tmp_path / "copy", finished.config)
    before = cache_entries(run)
    shard = run.results / "train/random/gen0/shard0.evaluations.parquet"
    evaluation_id = pq.read_table(shard)["evaluation_id"][0].as_py()
    [entry] = run.cache.glob(f"*/*/*/{evaluation_id}.json")
    entry.write_text(entry.read_text()[:100])

    process = run.snakemake("--forcerun", "train_shard")

    assert process.returncode == 0, process.stdout + process.stderr
    assert evaluations(run) == evaluations(finished)
    after = cache_entries(run)
    assert after.pop(evaluation_id) != before.pop(evaluation_id)
    assert after == before  # every job ran again, and only the damaged evaluation was trained
    log = (run.results / "logs/train/random/gen0/shard0.log").read_text()
    assert f"{entry.name} is damaged and will be made again" in log


def test_a_missing_image_folder_is_one_line_and_leaves_nothing(
    new_run: Callable[..., Run],
) -> None:
    run = new_run()
    run.config["dataset"]["source"] = "parquet"
    run.config["execution"] = {"data_dir": "no/such/folder"}
    output = failure(run.snakemake("--until", "prepare_images"))
    assert "no/such/folder" in output
    assert "execution.data_dir" in output
    assert not (run.results / "images/dataset.json").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nmae": "x"}, "nmae: unknown key; did you mean 'name'?"),
        ({"split": {"test_fraction": 0.9}}, "split.test_fraction: 0.9 is not a number >= 0.05"),
        ({"split": CYCLE}, "config: split[0]: holds itself, by a YAML alias"),
    ],
)
def test_a_wrong_config_is_one_line_and_leaves_nothing(
    new_run: Callable[..., Run], change: dict, message: str
) -> None:
    run = new_run(**change)
    output = failure(run.snakemake())
    assert message in output
    assert not run.results.exists()

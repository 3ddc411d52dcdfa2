"""The workflow on simulated trainings: growing, faults. What is trained is counted by the cache.

Trainings cost nothing here, so that whole campaigns can be run again and compared.
"""

import copy
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from tiny_benchmark import write_benchmark
from tiny_campaign import REPOSITORY, TINY, Run, environment, fail, planned_jobs, succeed

from nasforge.benchmark.registry import available, find
from nasforge.evaluations.proposals import Proposal, read_proposals
from nasforge.evaluations.results import replicate_zero_results
from nasforge.sampling import PastGeneration, SamplerSpec, propose
from nasforge.space import DARTS

pytestmark = pytest.mark.slow

TABLES = ("--until", "collect_campaign")
NOT_REPRODUCED = "finished_at"


def simulated(truth: Path, **rates: float) -> dict:
    """One random and one evolving sampler, 12 evaluations in 3 jobs."""
    config = copy.deepcopy(TINY)
    config["training"]["evaluator"] = "simulate"
    config["training"]["simulate"] = {"benchmark": str(truth), **rates}
    config["training"]["max_failed_fraction"] = 1.0
    config["export"]["name"] = "sim-tiny"
    config["replicates"] = {"fraction": 0.0}
    config["samplers"][0]["generations"] = 1
    return config


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_benchmark(tmp_path_factory.mktemp("truth"), ("val_accuracy", "train_time_s"))


@pytest.fixture(scope="module")
def undisturbed(truth: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("undisturbed"), simulated(truth))
    succeed(run, *TABLES)
    return run


def rows(run: Run) -> dict[str, dict]:
    """Collected evaluations by id, but for when they ended and what is nan."""
    table = pq.read_table(run.results / "collect/evaluations.parquet").drop([NOT_REPRODUCED])
    return {
        row["evaluation_id"]: {name: value for name, value in row.items() if value == value}
        for row in table.to_pylist()
    }


def entries(run: Run) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in run.cache.glob("simulate/*/*/*.json")}


def start(run: Run, *options: str) -> subprocess.Popen:
    return subprocess.Popen(
        run.command(*options),
        env=environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_for(condition: Callable[[], bool], process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 300
    while not condition():
        assert process.poll() is None, "ended too early"
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.02)


def test_every_job_says_what_it_took(undisturbed: Run) -> None:
    logs = list(undisturbed.results.glob("logs/**/*.log"))
    took = re.compile(r"took [\d.]+ s, [\d.]+ s of processor, at most [1-9]\d* MiB\n\Z")
    assert len(logs) == 11
    assert [path for path in logs if not took.search(path.read_text())] == []


def test_nothing_is_trained_and_no_images_are_made(undisturbed: Run) -> None:
    assert {row["evaluator"] for row in rows(undisturbed).values()} == {"simulate"}
    assert len(rows(undisturbed)) == 12
    assert set(entries(undisturbed)) == set(rows(undisturbed))
    assert not (undisturbed.results / "images").exists()
    assert not (undisturbed.results / "train").exists()


@pytest.mark.parametrize("name", ["shipped", "zipped"])
def test_the_truth_may_be_a_shipped_benchmark_or_a_zip(name: str, tmp_path: Path) -> None:
    shipped = available()[0]
    truth = shipped if name == "shipped" else find(shipped)
    run = Run(tmp_path, simulated(Path(truth)))
    succeed(run, "--until", "describe_simulation")
    assert (run.results / "simulate/source.json").exists()


def test_growing_trains_only_what_is_new(undisturbed: Run, again: Run) -> None:
    before, parts = entries(again), part_bytes(again)
    again.config["samplers"][1]["generations"] = 3
    again.config["samplers"].append(
        {**again.config["samplers"][0], "name": "random_b", "seed": 9, "generation_size": 3}
    )
    plan = planned_jobs(again.snakemake("--dry-run", *TABLES).stdout)
    assert plan["simulate_shard"] == plan["sample_generation"] == plan["collect_generation"] == 2
    succeed(again, *TABLES)
    after = entries(again)
    assert len(after) == 12 + 4 + 3
    assert {name: after[name] for name in before} == before  # to the byte
    assert {name: part_bytes(again)[name] for name in parts} == parts
    assert {name: rows(again)[name] for name in before} == rows(undisturbed)


def test_a_thousand_evaluations_grow_to_two_thousand(truth: Path, tmp_path: Path) -> None:
    run = Run(tmp_path, simulated(truth))
    run.config["training"]["shard_size"] = 250
    for sampler in run.config["samplers"]:
        sampler |= {"generations": 2, "generation_size": 250}
    succeed(run, *TABLES)
    before, parts, old = entries(run), part_bytes(run), rows(run)
    assert len(before) == len(old) == 1000
    for sampler in run.config["samplers"]:
        sampler["generations"] = 4
    plan = planned_jobs(run.snakemake("--dry-run", *TABLES).stdout)
    assert plan == {
        "sample_generation": 4,
        "simulate_shard": 4,
        "collect_generation": 4,
        "collect_campaign": 1,
    }
    succeed(run, *TABLES)
    after = entries(run)
    assert len(after) == len(rows(run)) == 2000
    assert {name: after[name] for name in before} == before  # to the byte
    assert {name: part_bytes(run)[name] for name in parts} == parts
    assert {name: rows(run)[name] for name in old} == old


def test_the_paper_s_size_is_a_dag_that_snakemake_can_carry(truth: Path, tmp_path: Path) -> None:
    simulate = {"benchmark": str(truth), "surrogate": None}
    here = {"training": {"simulate": simulate, "shard_size": 20}}  # config/nb301.yaml's
    (tmp_path / "here.yaml").write_text(yaml.safe_dump(here))
    process = subprocess.run(
        [sys.executable, "-m", "snakemake", "--snakefile", REPOSITORY / "Snakefile",
         "--directory", tmp_path, "--cores", "2", "--dry-run", "--quiet", "rules", "--configfile",
         REPOSITORY / "config/nb301.yaml", REPOSITORY / "config/full_size.yaml",
         tmp_path / "here.yaml"],
        capture_output=True, text=True, env=environment(), check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stdout + process.stderr
    jobs = planned_jobs(process.stdout + process.stderr)
    assert jobs["sample_generation"] == jobs["collect_generation"] == 250
    assert jobs["simulate_shard"] == 3350
    assert sum(jobs.values()) < 5000


def part_bytes(run: Run) -> dict[str, bytes]:
    folder = run.results / "collect/parts"
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.parquet")}


def test_more_replicates_train_only_the_new_ones(again: Run) -> None:
    before = entries(again)
    again.config["replicates"] = {"fraction": 0.25, "seeds": 2}
    succeed(again, *TABLES)
    after = entries(again)
    assert len(after) == 12 + 3
    assert {name: after[name] for name in before} == before


def test_a_truncated_table_is_put_aside_and_made_again(again: Run, undisturbed: Run) -> None:
    before = entries(again)
    shard = again.results / "simulate/random/gen0/shard0.evaluations.parquet"
    shard.write_bytes(shard.read_bytes()[:-200])
    output = fail(again, *TABLES, "--forcerun", "collect_generation")
    assert f"{shard.relative_to(again.folder)} is damaged; 1 damaged files were renamed" in output
    assert "run the same command again" in output
    succeed(again, *TABLES)
    assert rows(again) == rows(undisturbed)
    assert entries(again) == before  # from the cache


def test_truncated_cache_entries_are_reported_and_made_again(again: Run, undisturbed: Run) -> None:
    before = entries(again)
    damaged = sorted(before)[::3]
    for name in damaged:
        [path] = again.cache.glob(f"simulate/*/*/{name}.json")
        path.write_bytes(path.read_bytes()[:50])
    succeed(again, *TABLES, "--forcerun", "simulate_shard")
    assert rows(again) == rows(undisturbed)
    after = entries(again)
    assert {name for name in after if after[name] != before[name]} <= set(damaged)
    logs = "".join(p.read_text() for p in again.results.glob("logs/simulate/*/*/*.log"))
    assert logs.count("is damaged and will be made again") == len(damaged)


def test_kill_9_of_snakemake_alone_loses_and_repeats_nothing(
    truth: Path, undisturbed: Run, tmp_path: Path
) -> None:
    run = Run(tmp_path, simulated(truth))
    process = start(run, *TABLES)
    wait_for(lambda: len(entries(run)) > 0, process)
    os.kill(process.pid, signal.SIGKILL)  # its jobs go on, as orphans
    process.wait()
    before = entries(run)
    succeed(run, *TABLES)
    after = entries(run)
    assert {name: after[name] for name in before} == before
    assert rows(run) == rows(undisturbed)


def test_a_recipe_edited_while_a_run_goes_on_changes_nothing_of_it(
    truth: Path, undisturbed: Run, tmp_path: Path
) -> None:
    run = Run(tmp_path, simulated(truth))
    process = start(run, *TABLES)
    wait_for((run.results / "simulate/source.json").exists, process)
    edited = Run(tmp_path, run.config)
    edited.config["training"]["recipe"]["epochs"] = 5
    edited.command()  # writes the config; jobs on a cluster would read it, see running_config
    assert process.wait() == 0
    assert rows(run) == rows(undisturbed)
    plan = planned_jobs(edited.snakemake("--dry-run", *TABLES).stdout)
    assert plan["simulate_shard"] == 3


def test_random_failures_leave_the_others_as_they_were(truth: Path, tmp_path: Path) -> None:
    calm = many_at_random(tmp_path / "calm", simulated(truth))
    run = many_at_random(tmp_path / "run", simulated(truth, failure_rate=0.2, divergence_rate=0.1))
    for each in (calm, run):
        succeed(each, *TABLES)
    found = rows(run)
    assert len(found) == 48  # complete, though some failed
    assert {row["status"] for row in found.values()} == {"ok", "failed", "diverged"}
    of = ("architecture_id", "replicate")
    expected = {tuple(row[n] for n in of): row for row in rows(calm).values()}
    names = pq.read_table(run.results / "collect/parts/evaluations/random-g0.parquet")
    random = [found[name] for name in names["evaluation_id"].to_pylist()]
    assert len(random) == 40
    statuses = [row["status"] for row in random]
    # All three are drawn, but for one choice of seeds in 60 (0.9 ** 40); ours is fixed.
    assert set(statuses) == {"ok", "failed", "diverged"}
    assert statuses.count("ok") > 20
    for row in random:
        if row["status"] == "ok":
            # The rates are part of what was simulated, and so of these two ids.
            without = {n: v for n, v in row.items() if n not in ("evaluation_id", "dataset_id")}
            assert without.items() <= expected[tuple(row[n] for n in of)].items()
        else:
            assert "val_accuracy" not in row  # nan
    second = Run(tmp_path / "second", run.config)
    second.folder.mkdir()
    succeed(second, *TABLES)
    assert rows(second) == found
    assert proposed(run, 1) == told(run)  # a function of what the sampler was told, and complete
    assert len(proposed(run, 1)) == 4


def many_at_random(folder: Path, config: dict) -> Run:
    """40 of the 48 proposals are the random sampler's, whose proposals no failure changes."""
    folder.mkdir()
    config["samplers"][0]["generation_size"] = 40
    config["training"]["shard_size"] = 40
    config["execution"] = {"max_attempts": 1}
    return Run(folder, config)


def proposed(run: Run, generation: int) -> list[Proposal]:
    return read_proposals(run.results / f"sample/evolution/gen{generation}.csv")


def told(run: Run) -> list[Proposal]:
    """What evolution proposes after what its first generation gave, failures included."""
    [shard] = run.results.glob("simulate/evolution/gen0/*.evaluations.parquet")
    results = replicate_zero_results([shard])
    spec = SamplerSpec(**run.config["samplers"][1])
    return propose(DARTS, spec, 1, [PastGeneration(proposed(run, 0), results)])


def test_too_many_failures_stop_at_collect(truth: Path, tmp_path: Path) -> None:
    run = Run(tmp_path, simulated(truth, failure_rate=0.9))
    run.config["training"]["max_failed_fraction"] = 0.1
    assert "trainings failed or diverged, more than training.max_failed_fraction" in fail(
        run, *TABLES
    )


def test_the_workflow_is_a_module_of_another(truth: Path, undisturbed: Run, tmp_path: Path) -> None:
    run = Run(tmp_path, {**simulated(truth), "name": "inner"})
    run.command()
    (tmp_path / "Snakefile").write_text(
        f"""
configfile: "config.yaml"

module nas:
    snakefile: "{REPOSITORY / "Snakefile"}"
    config: config
    prefix: "nas"

use rule * from nas as nas_*

rule mine:
    default_target: True
    input: "nas/results/inner/collect/evaluations.parquet"
    output: "mine.txt"
    shell: "echo done > {{output}}"
"""
    )
    command = [part for part in run.command() if part != "--configfile"]
    command.remove(str(tmp_path / "config.yaml"))
    command[command.index(str(REPOSITORY / "Snakefile"))] = str(tmp_path / "Snakefile")

    def call(*options: str) -> str:
        process = subprocess.run(
            [*command, *options], capture_output=True, text=True, env=environment(), check=False
        )
        assert process.returncode == 0, process.stdout + process.stderr
        return process.stdout + process.stderr

    assert planned_jobs(call("--dry-run")) == {
        "nas_describe_simulation": 1,
        "nas_sample_generation": 3,
        "nas_simulate_shard": 3,
        "nas_collect_generation": 3,
        "nas_collect_campaign": 1,
        "mine": 1,
    }
    call()
    assert (tmp_path / "mine.txt").exists()
    inner = Run(tmp_path / "nas", run.config)
    inner.cache = tmp_path / "results/.cache"  # not a result: one for all configs
    assert rows(inner) == rows(undisturbed)
    assert set(entries(inner)) == set(rows(inner))
    assert (inner.results / "logs/collect.log").exists()
    assert "Nothing to be done" in call()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a file system cannot be mounted here (root only)")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("left", [0, 8, 30])
def test_a_full_disk_stops_the_run_and_the_same_command_goes_on(
    truth: Path, undisturbed: Run, small_disk: Path, left: int
) -> None:
    run = Run(small_disk, simulated(truth))
    succeed(run, "--until", "describe_simulation")  # Snakemake has its own files by now
    disk = os.statvfs(small_disk)
    (small_disk / "stone").write_bytes(b"0" * ((disk.f_bfree - left) * disk.f_bsize))

    process = run.snakemake(*TABLES)
    assert process.returncode == 1
    assert "No space left on device" in process.stdout + process.stderr
    before = entries(run)
    assert len(before) <= 12
    for path in (*run.cache.rglob("*.json"), *run.results.rglob("*.csv")):
        assert path.read_text().endswith("\n")  # whole
    assert list(run.cache.rglob("*.tmp")) == list(run.results.rglob("*.tmp")) == []

    (small_disk / "stone").unlink()
    succeed(run, *TABLES)
    assert {name: entries(run)[name] for name in before} == before
    assert rows(run) == rows(undisturbed)


def test_what_studies_train_is_simulated_too(undisturbed: Run, again: Run) -> None:
    long_runs = {"evaluations": 20, "seeds": 1, "optimizers": {"random": {}}}
    exploitation = {"best": 3, "controls": 2, "replicates": 2, "train": True}
    again.config["studies"] = {"long_runs": long_runs, "exploitation": exploitation}
    again.config["surrogates"] = {"targets": ["val_accuracy"], "folds": 2, "families": {"mean": {}}}
    again.config["samplers"][0]["generation_size"] = 8
    succeed(again, "--until", "score_exploited", "--", "studies")
    folder = again.results / "studies/exploitation"
    trained = [
        row
        for file in sorted(folder.glob("shard*.evaluations.parquet"))
        for row in pq.read_table(file).to_pylist()
    ]
    assert len(trained) == 10
    assert {row["evaluator"] for row in trained} == {"simulate"}
    scores = pq.read_table(again.results / "studies/exploitation.parquet")
    assert scores["trainings"].to_pylist() == [2] * 5
    assert entries(again).keys() >= {row["evaluation_id"] for row in trained}

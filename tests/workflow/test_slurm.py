"""The workflow on a real Slurm: devices, requests, and what a cluster does to jobs."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster_run import (
    ClusterRun,
    ShardLog,
    campaign,
    counted_trainings,
    curves,
    rows,
    shard_logs,
)
from throwaway_slurm import ThrowawaySlurm, missing, throwaway_slurm
from tiny_campaign import REPOSITORY, Run, script_process

from nasforge.training.checkpoint import Checkpoint

pytestmark = [
    pytest.mark.slow,
    pytest.mark.slurm,
    pytest.mark.skipif(bool(missing()), reason=missing()),
]

TRAININGS = 16
TRAIN_JOBS = 4
SHARD = 4
TABLES = ("--until", "collect_campaign")
LONGEST_S = 1200
"""Seconds after which a run waits for something that does not come; it takes about 60."""

# As docs/cluster.md tells users to. Trainings run on the CPU and hold a GPU all the same.
SITE = {
    "default-resources": {"slurm_partition": "debug"},
    "set-resources": {"train_shard": {"gpu": 1}},
    "slurm-status-command": "squeue",
    "slurm-init-seconds-before-status-checks": 3,
}


class SlurmRun(ClusterRun):
    """One with a site's profile beside the shipped one."""

    def command(self, *options: str) -> list[str]:
        site = self.folder / "site"
        site.mkdir(exist_ok=True)
        (site / "config.yaml").write_text(yaml.safe_dump(SITE))
        profiles = (
            "--profile",
            str(site),
            "--workflow-profile",
            str(REPOSITORY / "profiles/slurm"),
        )
        return super().command(*profiles, *options)


@pytest.fixture(scope="module")
def cluster() -> Iterator[ThrowawaySlurm]:
    with throwaway_slurm() as slurm:
        yield slurm


@pytest.fixture(scope="module")
def locally(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("locally"), campaign())
    process = run.snakemake(*TABLES)
    assert process.returncode == 0, process.stdout + process.stderr
    return run


def succeed(run: SlurmRun, process) -> None:
    try:
        code = process.wait(timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        pytest.fail(f"not done after {LONGEST_S} s; a job is held?\n{run.output.read_text()}")
    assert code == 0, run.output.read_text()


def submitted(cluster: ThrowawaySlurm, run: SlurmRun) -> list[dict[str, str]]:
    """What Slurm knows of a run's training jobs."""
    name = re.search(r"SLURM run ID: (\S+)", run.output.read_text())[1]
    jobs = [
        dict(re.findall(r"(\w+)=(\S+)", line))
        for line in cluster.call("scontrol", "show", "job", "-o").splitlines()
    ]
    return [
        job
        for job in jobs
        if job["JobName"] == name and job["Comment"].startswith("rule_train_shard")
    ]


def attempts(cluster: ThrowawaySlurm, run: SlurmRun, log: ShardLog) -> list[dict[str, str]]:
    """What Slurm knows of the jobs of one shard, the first one first."""
    wildcards = log.shard.removesuffix(".log").replace("/shard", "_").replace("/", "_")
    return sorted(
        (job for job in submitted(cluster, run) if job["Comment"].endswith(f"_{wildcards}")),
        key=lambda job: int(job["JobId"]),
    )


def half_done(run: SlurmRun, sampler: str = "") -> ShardLog | None:
    """A training job that has trained something and has something to train."""
    logs = [log for log in shard_logs(run) if log.shard.startswith(sampler)]
    return next((log for log in logs if 0 < log.trained < SHARD - 1), None)


def hang_in_a_training(run: SlurmRun, log: ShardLog, process: subprocess.Popen) -> None:
    """Have a job stand still some epochs after a training began, and for ever.

    Told by the processor time that it takes from here: a busy machine does not count.
    """
    job = script_process(run, "train_shard.py", f"SLURM_JOB_ID={log.slurm_job}")
    assert job is not None
    until = processor_s(job) + 0.15  # a training takes some three times that
    run.wait_for(lambda: processor_s(job) >= until, process)
    os.kill(job, signal.SIGSTOP)


def processor_s(process: int) -> float:
    """What a process has used of a processor."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def without_times(run: Run) -> dict[str, list[dict[str, Any]]]:
    """The collected learning curves, which two runs share but for their times."""
    return {
        name: [{k: v for k, v in point.items() if k != "elapsed_s"} for point in curve]
        for name, curve in curves(run).items()
    }


@pytest.mark.parametrize(
    "options",
    [(), ("--slurm-array-jobs", "train_shard", "--jobs", "5000")],
    ids=["single jobs", "array"],
)
def test_every_training_has_a_gpu_of_its_own_and_gives_what_it_gives_locally(
    cluster: ThrowawaySlurm, locally: Run, tmp_path: Path, options: tuple[str, ...]
) -> None:
    run = SlurmRun(tmp_path, campaign())
    with counted_trainings(run) as trainings, run.started(*options, *TABLES) as process:
        succeed(run, process)
    assert rows(run) == rows(locally)
    assert len(trainings) == len(set(trainings)) == TRAININGS
    logs = shard_logs(run)
    assert len(logs) == TRAIN_JOBS
    assert {log.device for log in logs} == {"0", "1"}
    for one, other in combinations(logs, 2):
        if one.device == other.device:
            assert one.ended < other.began or other.ended < one.began
    jobs = submitted(cluster, run)
    assert len(jobs) == TRAIN_JOBS
    # The three that are ready at once are an array; for its list of jobs the plugin adds 1 MB.
    assert sum("ArrayTaskId" in job for job in jobs) == (3 if options else 0)
    for job in jobs:
        assert job["TresPerJob"] == "gres:gpu:1"
        assert job["MinMemoryNode"] == ("4001M" if "ArrayTaskId" in job else "4000M")
        assert job["TimeLimit"] == "04:00:00"
        assert job["Partition"] == "debug"
        assert job["Requeue"] == "1"


def test_a_cancelled_job_is_submitted_again_with_more_and_trains_the_rest(
    cluster: ThrowawaySlurm, locally: Run, tmp_path: Path
) -> None:
    run = SlurmRun(tmp_path, campaign())
    with counted_trainings(run) as trainings, run.started(*TABLES) as process:
        log = run.wait_for(lambda: half_done(run), process)
        cluster.call("scancel", log.slurm_job)
        succeed(run, process)
    assert rows(run) == rows(locally)
    assert len(trainings) == len(set(trainings)) == TRAININGS
    jobs = submitted(cluster, run)
    assert len(jobs) == TRAIN_JOBS + 1
    [cancelled] = [job for job in jobs if job["JobState"] == "CANCELLED"]
    assert cancelled["JobId"] == log.slurm_job
    assert sorted(job["MinMemoryNode"] for job in jobs) == ["4000M"] * TRAIN_JOBS + ["8000M"]
    [again] = [other for other in shard_logs(run) if other.shard == log.shard]
    assert again.cached >= log.trained
    assert again.cached + again.trained == SHARD


def test_a_node_that_is_drained_and_dies_and_comes_back_loses_and_repeats_nothing(
    cluster: ThrowawaySlurm, locally: Run, tmp_path: Path
) -> None:
    run = SlurmRun(tmp_path, campaign())
    with counted_trainings(run) as trainings, run.started(*TABLES) as process:
        log = run.wait_for(lambda: half_done(run), process)
        cluster.call("scontrol", "update", f"nodename={cluster.node}", "state=drain", "reason=test")
        cluster.node_dies()
        requeued = [job["JobId"] for job in submitted(cluster, run) if job["Restarts"] == "1"]
        cluster.node_returns()
        succeed(run, process)
    assert log.slurm_job in requeued
    assert rows(run) == rows(locally)
    assert len(trainings) == len(set(trainings)) == TRAININGS
    jobs = submitted(cluster, run)
    assert [job for job in jobs if job["JobState"] != "COMPLETED"] == []
    assert len(jobs) == TRAIN_JOBS  # Slurm's own restarts, and none of Snakemake's beside them
    [again] = [other for other in shard_logs(run) if other.shard == log.shard]
    assert again.slurm_job == log.slurm_job
    assert again.cached >= log.trained


def test_a_job_at_its_time_limit_goes_on_after_its_last_epoch_with_more_time(
    cluster: ThrowawaySlurm, locally: Run, tmp_path: Path
) -> None:
    run = SlurmRun(tmp_path, campaign())
    limit = ("--set-resources", "train_shard:runtime=min(1*attempt,600)")
    # 150 s: Slurm looks at its limits every half a minute, Snakemake ever less often for the end.
    with counted_trainings(run) as trainings, run.started(*limit, *TABLES) as process:
        # Not evolution's, whose second generation would follow after the wait.
        log = run.wait_for(lambda: half_done(run, "random"), process)
        hang_in_a_training(run, log, process)
        file = run.results / "logs/train" / log.shard
        run.wait_for(lambda: "SIGTERM: the training stops" in file.read_text(), process)
        run.wait_for(lambda: attempts(cluster, run, log)[0]["JobState"] == "TIMEOUT", process)
        [checkpoint] = run.cache.glob("train/**/*.checkpoint.npz")
        _, kept = Checkpoint(checkpoint).load()
        succeed(run, process)
    first, second = attempts(cluster, run, log)
    assert (first["TimeLimit"], second["TimeLimit"]) == ("00:01:00", "00:02:00")
    assert (first["JobState"], second["JobState"]) == ("TIMEOUT", "COMPLETED")
    assert first["JobId"] == log.slurm_job

    epochs = run.config["training"]["recipe"]["epochs"]
    assert 0 < len(kept) < epochs
    assert f"going on after epoch {len(kept)}\n" in file.read_text()
    curve = curves(run)[checkpoint.name.partition(".")[0]]
    # To the last digit of the times: these epochs are those of the first job.
    assert curve[: len(kept)] == [asdict(point) for point in kept]
    assert len(curve) == epochs
    assert list(run.cache.glob("train/**/*.checkpoint.npz")) == []

    assert len(trainings) == len(set(trainings)) == TRAININGS
    assert rows(run) == rows(locally)
    assert without_times(run) == without_times(locally)

"""The workflow on a real Slurm: devices, requests, and what a cluster does to jobs."""

import re
import subprocess
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from cluster_run import ClusterRun, ShardLog, campaign, counted_trainings, rows, shard_logs
from throwaway_slurm import ThrowawaySlurm, missing, throwaway_slurm
from tiny_campaign import REPOSITORY, Run

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


def half_done(run: SlurmRun) -> ShardLog | None:
    """A training job that has trained something and has something to train."""
    return next((log for log in shard_logs(run) if 0 < log.trained < SHARD - 1), None)


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

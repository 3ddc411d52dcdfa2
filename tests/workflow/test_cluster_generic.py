"""The workflow through snakemake-executor-plugin-cluster-generic: every job a submission."""

import os
import re
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from cluster_run import ClusterRun, counted_trainings, rows
from tiny_campaign import TINY, Run

import nasforge

pytestmark = pytest.mark.slow

SCHEDULER = Path(__file__).with_name("pretend_scheduler.sh")
TABLES = ("--until", "collect_campaign")
TRAININGS = 16 + 8


class GenericRun(ClusterRun):
    """One whose scheduler is a script of thirty lines."""

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    def command(self, *options: str) -> list[str]:
        return super().command(
            "--executor", "cluster-generic",
            "--cluster-generic-submit-cmd", f"{SCHEDULER} submit {self.spool}",
            "--cluster-generic-status-cmd", f"{SCHEDULER} status {self.spool}",
            "--jobs", "2", "--retries", "1", "--seconds-between-status-checks", "1",
            *options,
        )  # fmt: skip

    def submitted(self) -> set[int]:
        """Numbers of the jobs so far."""
        return {int(path.stem) for path in self.spool.glob("*.out")}

    def running(self) -> set[int]:
        """Those that have not ended, unless they were killed."""
        return self.submitted() - {int(path.stem) for path in self.spool.glob("*.end")}


def test_a_whole_benchmark_is_made_of_submitted_jobs(finished: Run, tmp_path: Path) -> None:
    run = GenericRun(tmp_path, TINY)
    with counted_trainings(run) as trainings:
        process = run.snakemake()
    assert process.returncode == 0, process.stdout + process.stderr
    assert rows(run) == rows(finished)
    assert len(trainings) == len(set(trainings)) == TRAININGS
    bench = nasforge.load(run.results / "export/darts-tiny-v1")
    assert 0.0 <= bench.query(rows(run)[0]["architecture"]).val_accuracy <= 1.0
    # Training, collect, split, tune, fit, curve, select, score, export, report; not local rules.
    assert len(run.submitted()) == 8 + 1 + 1 + 1 + 4 + 1 + 1 + 1 + 1 + 3


def test_killed_jobs_and_a_killed_snakemake_lose_and_repeat_nothing(
    finished: Run, tmp_path: Path
) -> None:
    run = GenericRun(tmp_path, TINY)
    with counted_trainings(run) as trainings:
        with run.started(*TABLES) as process:
            run.wait_for(lambda: trainings, process)
            killed = []
            for number in run.running():
                with suppress(ProcessLookupError):  # it ended meanwhile
                    os.killpg(number, signal.SIGKILL)
                    killed.append(number)
            before = len(trainings)
            run.wait_for(lambda: len(trainings) > before, process)
            process.kill()  # its jobs go on
        again = run.snakemake(*TABLES)
    assert killed
    assert again.returncode == 0, again.stdout + again.stderr
    assert rows(run) == rows(finished)
    assert len(trainings) == len(set(trainings)) == TRAININGS


def test_jobs_stop_when_the_recipe_was_edited_and_go_on_when_that_is_undone(
    finished: Run, tmp_path: Path
) -> None:
    run = GenericRun(tmp_path, TINY)
    with counted_trainings(run) as trainings:
        with run.started(*TABLES) as process:
            run.wait_for(lambda: trainings, process)
            file = tmp_path / "config.yaml"
            file.write_text(re.sub("epochs: 2", "epochs: 3", file.read_text()))
            assert process.wait() == 1
        said = "".join(path.read_text() for path in run.spool.glob("*.out"))
        assert "dataset or training was edited while a run goes on" in said
        assert len(trainings) < TRAININGS
        again = run.snakemake(*TABLES)  # writes the config as it was
    assert again.returncode == 0, again.stdout + again.stderr
    assert rows(run) == rows(finished)
    assert len(trainings) == len(set(trainings)) == TRAININGS

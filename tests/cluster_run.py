"""Runs of the workflow on a cluster, and what they are compared with: a run on this machine."""

import copy
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from tiny_campaign import TINY, Run, environment

NOT_REPRODUCED = {"train_time_s", "finished_at"}
"""Columns that differ between two runs of the same config on one machine."""


class ClusterRun(Run):
    """A run whose jobs go elsewhere, so that this machine's cores do not limit them."""

    resources = ()

    @property
    def output(self) -> Path:
        """What Snakemake said, when started in the background."""
        return self.folder / "snakemake.out"

    @contextmanager
    def started(self, *options: str) -> Iterator[subprocess.Popen]:
        """Snakemake in the background; killed if it still runs at the end."""
        with self.output.open("w") as output:
            process = subprocess.Popen(
                self.command(*options),
                env=environment(),
                start_new_session=True,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def wait_for(self, condition: Callable[[], Any], process: subprocess.Popen) -> Any:
        """What `condition` gives, once that is true."""
        while not (found := condition()):
            assert process.poll() is None, f"ended too early:\n{self.output.read_text()}"
            time.sleep(0.05)
        return found


def campaign() -> dict[str, Any]:
    """16 trainings of about a second in 4 jobs; 3 of these can run side by side."""
    config = copy.deepcopy(TINY)
    config["dataset"]["train_images"] = 400
    config["training"]["recipe"]["epochs"] = 60
    config["replicates"] = {"fraction": 0.0}
    return config


def rows(run: Run) -> list[dict[str, Any]]:
    """The collected evaluations, but for what two runs never share."""
    table = pq.read_table(run.results / "collect/evaluations.parquet")
    return table.drop(sorted(NOT_REPRODUCED)).to_pylist()


def curves(run: Run) -> dict[str, list[dict[str, Any]]]:
    """The collected learning curves by evaluation, times included."""
    table = pq.read_table(run.results / "collect/curves.parquet")
    found: dict[str, list[dict[str, Any]]] = {}
    for row in table.sort_by([("evaluation_id", "ascending"), ("epoch", "ascending")]).to_pylist():
        found.setdefault(row.pop("evaluation_id"), []).append(row)
    return found


@contextmanager
def counted_trainings(run: Run) -> Iterator[list[str]]:
    """Ids of trainings that ended meanwhile, one for each time that one was stored.

    Told from the files of the cache, whatever a job says of itself: storing an evaluation again
    makes a new file.
    """
    ended: dict[tuple[str, int], str] = {}
    trainings: list[str] = []
    over = threading.Event()

    def look() -> None:
        for path in run.cache.glob("*/*/*/*.json"):
            if (key := (path.stem, path.stat().st_mtime_ns)) not in ended:
                ended[key] = path.stem
                trainings.append(path.stem)

    def watch() -> None:
        while not over.wait(0.02):
            look()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield trainings
    finally:
        over.set()
        watcher.join()
        look()


@dataclass(frozen=True)
class ShardLog:
    """What a training job wrote about itself.

    Attributes:
        shard: Its log file's path below the logs.
        slurm_job: Slurm's number of the job; "" elsewhere.
        device: The number of its GPU; "" without one.
        began: When it started.
        ended: When its last training ended.
        trained: Trainings it made.
        cached: Trainings that it found made.
    """

    shard: str
    slurm_job: str
    device: str
    began: datetime
    ended: datetime
    trained: int
    cached: int


def shard_logs(run: Run) -> list[ShardLog]:
    """Logs of the training jobs so far."""
    folder = run.results / "logs/train"
    logs = []
    for path in sorted(folder.glob("*/*/*.log")):
        text = path.read_text()
        if not (head := re.match(r"(\S+ \S+) INFO on (.*)\n", text)):
            continue  # just made
        given = dict(entry.split("=") for entry in head[2].split(", ")[1:])
        times = [datetime.fromisoformat(when) for when in re.findall(r"(?m)^(20\S+ \S+) ", text)]
        logs.append(
            ShardLog(
                shard=str(path.relative_to(folder)),
                slurm_job=given.get("SLURM_JOB_ID", ""),
                device=given.get("CUDA_VISIBLE_DEVICES", ""),
                began=times[0],
                ended=times[-1],
                trained=text.count(" trained: "),
                cached=text.count(" cached: "),
            )
        )
    return logs

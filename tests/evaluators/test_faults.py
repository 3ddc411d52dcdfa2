"""What breaks below the workflow: killed workers, full and read-only disks; evaluations counted.

A worker is a process that evaluates a shard with the simulated trainer, slowed down, and appends a
line to a file for every evaluation it makes.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_benchmark import DATASET, RECIPE, write_benchmark

import nasforge
from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.proposals import Proposal, write_proposals
from nasforge.evaluations.schema import Evaluation
from nasforge.evaluators.shard import evaluate_shard
from nasforge.evaluators.simulate import Simulator, simulation_record
from nasforge.space import DARTS

SIZE = 40

WORKER = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[4])
from tiny_benchmark import DATASET, RECIPE
import nasforge
from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.proposals import read_proposals
from nasforge.evaluators.shard import evaluate_shard
from nasforge.evaluators.simulate import Simulator, simulation_record

class Slow(Simulator):
    def evaluate(self, *arguments):
        row = super().evaluate(*arguments)
        time.sleep(0.01)
        with open(Path(sys.argv[2]), "a") as file:
            file.write(row.evaluation_id + "\\n")
        return row

bench = nasforge.load(sys.argv[1])
slow = Slow.of(bench, RECIPE, simulation_record(bench, DATASET, 0.0, 0.0))
cache = EvaluationCache(Path(sys.argv[3]), "simulate", RECIPE.recipe_id)
evaluate_shard(read_proposals(Path(sys.argv[5])), RECIPE, slow, cache)
"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    targets = ("val_accuracy", "test_accuracy", "train_time_s")
    return write_benchmark(tmp_path_factory.mktemp("truth"), targets)


@pytest.fixture
def proposals() -> list[Proposal]:
    rng = np.random.default_rng(7)
    texts = [DARTS.format(DARTS.sample(rng)) for _ in range(SIZE)]
    return [Proposal("a", "random", 0, i, 0, text) for i, text in enumerate(texts)]


class Shard:
    """Workers on one shard, with one cache."""

    def __init__(self, folder: Path, bench: Path, proposals: list[Proposal]) -> None:
        self.log, self.cache_root = folder / "made.txt", folder / "cache"
        file = folder / "proposals.csv"
        write_proposals(file, proposals)
        tests = str(Path(__file__).parents[1])
        self.command = [
            *(sys.executable, "-c", WORKER),
            *map(str, (bench, self.log, self.cache_root, tests, file)),
        ]

    def start(self) -> subprocess.Popen:
        return subprocess.Popen(self.command)

    def made(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []


def evaluate(folder: Path, bench: Path, proposals: list[Proposal]) -> list[Evaluation]:
    loaded = nasforge.load(bench)
    source = Simulator.of(loaded, RECIPE, simulation_record(loaded, DATASET, 0.0, 0.0))
    cache = EvaluationCache(folder, "simulate", RECIPE.recipe_id)
    return evaluate_shard(proposals, RECIPE, source, cache)


def without_date(rows: list[Evaluation]) -> list[str]:
    return [repr(replace(row, finished_at="")) for row in rows]


@pytest.mark.slow
def test_kill_9_of_a_worker_repeats_one_evaluation_at_most(
    tmp_path: Path, bench: Path, proposals: list[Proposal]
) -> None:
    shard = Shard(tmp_path, bench, proposals)
    kills = 0
    for wanted in (5, 15, 25):
        worker = shard.start()
        deadline = time.monotonic() + 60
        while len(shard.made()) < wanted and worker.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        if worker.poll() is None:
            os.kill(worker.pid, signal.SIGKILL)
            kills += 1
        worker.wait()
    assert kills == 3
    assert shard.start().wait() == 0
    made = shard.made()
    assert len(set(made)) == SIZE
    assert len(made) - SIZE <= kills  # the one in flight, if it was made and not yet stored
    again = evaluate(shard.cache_root, bench, proposals)
    assert without_date(again) == without_date(evaluate(tmp_path / "other", bench, proposals))


@pytest.mark.slow
def test_two_workers_on_one_shard_share_the_work(
    tmp_path: Path, bench: Path, proposals: list[Proposal]
) -> None:
    shard = Shard(tmp_path, bench, proposals)
    workers = [shard.start() for _ in range(2)]
    assert [worker.wait() for worker in workers] == [0, 0]
    assert len(shard.made()) == len(set(shard.made())) == SIZE


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a file system cannot be mounted here (root only)")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_stops_the_shard_and_loses_nothing(
    small_disk: Path, tmp_path: Path, bench: Path, proposals: list[Proposal]
) -> None:
    stone = small_disk / "stone"
    stone.write_bytes(b"0" * (2**20 - 12 * 4096))
    with pytest.raises(OSError, match="No space left on device"):
        evaluate(small_disk, bench, proposals)
    cache = EvaluationCache(small_disk, "simulate", RECIPE.recipe_id)
    before = {row.evaluation_id: row.finished_at for row in cache.evaluations()}
    assert 0 < len(before) < SIZE
    assert list(small_disk.rglob("*.tmp")) == []
    stone.unlink()
    rows = evaluate(small_disk, bench, proposals)
    assert {r.evaluation_id: r.finished_at for r in rows if r.evaluation_id in before} == before
    assert without_date(rows) == without_date(evaluate(tmp_path / "other", bench, proposals))


def test_a_full_disk_keeps_unpacked_files(
    small_disk: Path, bench: Path, proposals: list[Proposal]
) -> None:
    evaluate(small_disk, bench, proposals)
    with pytest.raises(OSError, match="No space left"):
        (small_disk / "stone").write_bytes(b"0" * 2**20)
    cache = EvaluationCache(small_disk, "simulate", RECIPE.recipe_id)
    cache.compact(fewest=1)
    assert len(list(cache.evaluations())) == SIZE


def test_a_read_only_disk_stops_with_the_reason(
    small_disk: Path, bench: Path, proposals: list[Proposal]
) -> None:
    evaluate(small_disk, bench, proposals[:10])
    remount = ["mount", "-o", "remount,ro", str(small_disk)]
    if subprocess.run(remount, capture_output=True).returncode:
        pytest.skip("a file system cannot be made read-only here")
    with pytest.raises(OSError, match="Read-only file system"):
        evaluate(small_disk, bench, proposals)
    cache = EvaluationCache(small_disk, "simulate", RECIPE.recipe_id)
    assert len(list(cache.evaluations())) == 10
    assert cache.compact(fewest=1) == 0

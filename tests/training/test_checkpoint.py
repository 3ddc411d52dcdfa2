"""A killed training goes on where it was, to the same result bit for bit."""

import dataclasses
import errno
import logging
import os
import signal
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from nasforge.evaluations.cache import EvaluationCache
from nasforge.evaluations.proposals import Proposal
from nasforge.evaluations.schema import CurvePoint, Evaluation
from nasforge.recipe import Recipe
from nasforge.space import DARTS
from nasforge.space.darts import Genotype
from nasforge.training.batches import Batch
from nasforge.training.checkpoint import Checkpoint
from nasforge.training.dataset import ImageSet
from nasforge.training.loop import Outcome, train_network
from nasforge.training.native.build import NativeEngineError, find_compiler
from nasforge.training.shard import train_shard
from nasforge.training.torch_trainer import TorchTrainer


def results(outcome: Outcome) -> list[tuple]:
    """Everything but times."""
    points = [dataclasses.astuple(point)[:-1] for point in outcome.curve]
    return [*points, (outcome.test_accuracy, outcome.diverged)]


def killed_after(
    epoch: int, path: Path, genotype: Genotype, recipe: Recipe, images: ImageSet, backend: str
) -> None:
    """Train in another process, which kills itself as soon as that epoch has ended."""

    def kill(point: CurvePoint) -> None:
        if point.epoch == epoch:
            os.kill(os.getpid(), signal.SIGKILL)

    checkpoint = Checkpoint(path, interval_s=0.0)
    train_network(
        genotype, recipe, images, seed=1, backend=backend, checkpoint=checkpoint, on_epoch=kill
    )


@pytest.fixture(params=["torch", "native"])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "native":
        try:
            find_compiler()
        except NativeEngineError as error:
            pytest.skip(str(error))
    return request.param


@pytest.fixture
def full(recipe: Recipe) -> Recipe:
    options = {"epochs": 4, "nesterov": True, "mixup": 0.2, "drop_path": 0.2, "cutout": 2}
    return dataclasses.replace(recipe, **options)


@pytest.fixture
def killed(
    tmp_path: Path, genotype: Genotype, full: Recipe, images: ImageSet, backend: str
) -> Path:
    """The checkpoint of a training killed in its third epoch."""
    path = tmp_path / "one.checkpoint.npz"
    process = get_context("spawn").Process(
        target=killed_after, args=(3, path, genotype, full, images, backend)
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    return path


def stopped_in(epoch: int, cache_root: Path, text: str, recipe: Recipe, images: ImageSet) -> None:
    """Train as a job does, and get SIGTERM in the middle of an epoch."""

    def train_batch(trainer: TorchTrainer, batch: Batch) -> None:
        if trainer.epochs_ended == epoch - 1:
            os.kill(os.getpid(), signal.SIGTERM)
        original(trainer, batch)

    def evaluate(trainer: TorchTrainer, split: str) -> tuple[float, float]:
        trainer.epochs_ended += 1
        return evaluated(trainer, split)

    original, evaluated = TorchTrainer.train_batch, TorchTrainer.evaluate
    TorchTrainer.epochs_ended = 0
    TorchTrainer.train_batch, TorchTrainer.evaluate = train_batch, evaluate
    cache = EvaluationCache(cache_root, "train", recipe.recipe_id)
    proposals = [Proposal("a", "random", 0, 0, replicate, text) for replicate in range(3)]
    train_shard(proposals, recipe, images, cache, backend="torch")


def test_sigterm_keeps_the_last_epoch_and_the_job_goes_on_to_the_same_rows(
    tmp_path: Path,
    genotype: Genotype,
    full: Recipe,
    images: ImageSet,
    caplog: pytest.LogCaptureFixture,
) -> None:
    text, root = DARTS.format(genotype), tmp_path / "cache"
    job = get_context("spawn").Process(target=stopped_in, args=(3, root, text, full, images))
    job.start()
    job.join()
    assert job.exitcode == 128 + signal.SIGTERM
    [left] = [path for path in root.rglob("*") if path.is_file()]  # no lock, no *.tmp, no row
    assert left.name.endswith(".checkpoint.npz")
    assert len(Checkpoint(left).load()[1]) == 2

    cache = EvaluationCache(root, "train", full.recipe_id)
    proposals = [Proposal("a", "random", 0, 0, replicate, text) for replicate in range(3)]
    with caplog.at_level(logging.INFO):
        rows = train_shard(proposals, full, images, cache, backend="torch")
    assert [m for m in caplog.messages if "going on" in m] == ["going on after epoch 2"]
    other = EvaluationCache(tmp_path / "other", "train", full.recipe_id)
    undisturbed = train_shard(proposals, full, images, other, backend="torch")
    assert list(map(without_times, rows)) == list(map(without_times, undisturbed))
    assert {row.attempts for row in rows} == {1}
    assert list(root.rglob("*.npz")) == []


def without_times(row: Evaluation) -> Evaluation:
    curve = tuple(dataclasses.replace(point, elapsed_s=0.0) for point in row.curve)
    return dataclasses.replace(row, curve=curve, train_time_s=0.0, finished_at="")


def test_a_disk_that_refuses_the_checkpoint_does_not_stop_the_training(
    tmp_path: Path,
    genotype: Genotype,
    full: Recipe,
    images: ImageSet,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full_disk(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    checkpoint = Checkpoint(tmp_path / "one.npz", interval_s=0.0)
    outcome = train_network(genotype, full, images, seed=1, checkpoint=checkpoint)
    assert results(outcome) == results(train_network(genotype, full, images, seed=1))
    assert "one.npz cannot be written, the training goes on: [Errno 28] No space" in caplog.text
    assert list(tmp_path.iterdir()) == []


def epochs_trained(log: list[CurvePoint]) -> list[int]:
    return [point.epoch for point in log]


def test_a_killed_training_goes_on_to_the_same_result(
    killed: Path, genotype: Genotype, full: Recipe, images: ImageSet, backend: str
) -> None:
    log: list[CurvePoint] = []
    resumed = train_network(
        genotype,
        full,
        images,
        seed=1,
        backend=backend,
        checkpoint=Checkpoint(killed),
        on_epoch=log.append,
    )
    assert epochs_trained(log) == [3, 4]
    undisturbed = train_network(genotype, full, images, seed=1, backend=backend)
    assert results(resumed) == results(undisturbed)
    elapsed = [point.elapsed_s for point in resumed.curve]
    assert elapsed == sorted(elapsed)
    assert resumed.train_time_s >= elapsed[-1]


@pytest.mark.parametrize("backend", ["torch"], indirect=True)
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: data[:200] + bytes([data[200] ^ 255]) + data[201:],
    ],
)
def test_a_damaged_checkpoint_is_logged_and_the_training_starts_again(
    killed: Path,
    genotype: Genotype,
    full: Recipe,
    images: ImageSet,
    caplog: pytest.LogCaptureFixture,
    damage: Callable[[bytes], bytes],
) -> None:
    killed.write_bytes(damage(killed.read_bytes()))
    log: list[CurvePoint] = []
    with caplog.at_level(logging.WARNING):
        outcome = train_network(
            genotype, full, images, seed=1, checkpoint=Checkpoint(killed), on_epoch=log.append
        )
    assert epochs_trained(log) == [1, 2, 3, 4]
    assert "starts again" in caplog.text
    assert results(outcome) == results(train_network(genotype, full, images, seed=1))


def test_a_checkpoint_of_another_network_is_not_used(
    killed: Path, genotype: Genotype, full: Recipe, images: ImageSet, backend: str
) -> None:
    wider = dataclasses.replace(full, channels=6)
    checkpoint = Checkpoint(killed)
    outcome = train_network(genotype, wider, images, seed=1, backend=backend, checkpoint=checkpoint)
    assert results(outcome) == results(
        train_network(genotype, wider, images, seed=1, backend=backend)
    )


def test_a_short_training_writes_no_checkpoint(
    tmp_path: Path, genotype: Genotype, recipe: Recipe, images: ImageSet
) -> None:
    checkpoint = Checkpoint(tmp_path / "none.npz")
    train_network(genotype, recipe, images, seed=1, checkpoint=checkpoint)
    assert list(tmp_path.iterdir()) == []
    checkpoint.remove()

"""A killed training goes on where it was, to the same result bit for bit."""

import dataclasses
import logging
import os
import signal
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest

from nasforge.evaluations.schema import CurvePoint
from nasforge.recipe import Recipe
from nasforge.space.darts import Genotype
from nasforge.training.checkpoint import Checkpoint
from nasforge.training.dataset import ImageSet
from nasforge.training.loop import Outcome, train_network


def results(outcome: Outcome) -> list[tuple]:
    """Everything but times."""
    points = [dataclasses.astuple(point)[:-1] for point in outcome.curve]
    return [*points, (outcome.test_accuracy, outcome.diverged)]


def killed_after(
    epoch: int, path: Path, genotype: Genotype, recipe: Recipe, images: ImageSet
) -> None:
    """Train in another process, which kills itself as soon as that epoch has ended."""

    def kill(point: CurvePoint) -> None:
        if point.epoch == epoch:
            os.kill(os.getpid(), signal.SIGKILL)

    checkpoint = Checkpoint(path, interval_s=0.0)
    train_network(genotype, recipe, images, seed=1, checkpoint=checkpoint, on_epoch=kill)


@pytest.fixture
def full(recipe: Recipe) -> Recipe:
    options = {"epochs": 4, "nesterov": True, "mixup": 0.2, "drop_path": 0.2, "cutout": 2}
    return dataclasses.replace(recipe, **options)


@pytest.fixture
def killed(tmp_path: Path, genotype: Genotype, full: Recipe, images: ImageSet) -> Path:
    """The checkpoint of a training killed in its third epoch."""
    path = tmp_path / "one.checkpoint.npz"
    process = get_context("spawn").Process(
        target=killed_after, args=(3, path, genotype, full, images)
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    return path


def epochs_trained(log: list[CurvePoint]) -> list[int]:
    return [point.epoch for point in log]


def test_a_killed_training_goes_on_to_the_same_result(
    killed: Path, genotype: Genotype, full: Recipe, images: ImageSet
) -> None:
    log: list[CurvePoint] = []
    resumed = train_network(
        genotype, full, images, seed=1, checkpoint=Checkpoint(killed), on_epoch=log.append
    )
    assert epochs_trained(log) == [3, 4]
    assert results(resumed) == results(train_network(genotype, full, images, seed=1))
    elapsed = [point.elapsed_s for point in resumed.curve]
    assert elapsed == sorted(elapsed)
    assert resumed.train_time_s >= elapsed[-1]


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
    killed: Path, genotype: Genotype, full: Recipe, images: ImageSet
) -> None:
    wider = dataclasses.replace(full, channels=6)
    outcome = train_network(genotype, wider, images, seed=1, checkpoint=Checkpoint(killed))
    assert results(outcome) == results(train_network(genotype, wider, images, seed=1))


def test_a_short_training_writes_no_checkpoint(
    tmp_path: Path, genotype: Genotype, recipe: Recipe, images: ImageSet
) -> None:
    checkpoint = Checkpoint(tmp_path / "none.npz")
    train_network(genotype, recipe, images, seed=1, checkpoint=checkpoint)
    assert list(tmp_path.iterdir()) == []
    checkpoint.remove()

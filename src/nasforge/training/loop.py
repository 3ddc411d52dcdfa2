"""Training one network from scratch, and what came of it.

    >>> outcome = train_network(genotype, recipe, ImageSet.open(folder), seed=1)
    >>> outcome.curve[-1].val_accuracy

The same seed on one CPU thread gives the same outcome bit for bit.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from nasforge.evaluations.schema import CurvePoint
from nasforge.evaluators.stopping import Stopped, stoppable
from nasforge.recipe import Recipe
from nasforge.space.darts import Genotype
from nasforge.training.backends import Trainer, make_trainer
from nasforge.training.batches import epoch_batches
from nasforge.training.checkpoint import Checkpoint
from nasforge.training.dataset import ImageSet

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What one training gave.

    Attributes:
        curve: One point per finished epoch; an epoch with a non-finite loss is not finished.
        test_accuracy: Of the network after the last epoch, in [0, 1]; nan if it diverged.
        train_time_s: Training and validation, without test and loading: processor time on a
            CPU (one thread, so that a busy machine does not count), wall time on a GPU.
        diverged: Whether a loss became infinite or nan, which ends the training.
    """

    curve: tuple[CurvePoint, ...]
    test_accuracy: float
    train_time_s: float
    diverged: bool


def train_network(
    genotype: Genotype,
    recipe: Recipe,
    images: ImageSet,
    seed: int,
    device: str = "cpu",
    backend: str = "torch",
    checkpoint: Checkpoint | None = None,
    on_epoch: Callable[[CurvePoint], None] = lambda point: None,
) -> Outcome:
    """Train, validate after every epoch, test at the end.

    Args:
        genotype: The architecture; parameters follow its order, so pass the canonical form.
        recipe: How to train.
        images: The data set.
        seed: Decides initial parameters, order of images and augmentation.
        device: "cpu", "cuda" or "cuda:<number>".
        backend: "torch" or "native" (`backends.resolve_backend`).
        checkpoint: Where the state between epochs is kept and gone on from; None to do without.
        on_epoch: Called with every finished epoch.

    Raises:
        Stopped: The process was asked to (`evaluators.stopping`); the state is in the checkpoint.
    """
    clock = time.process_time if device == "cpu" else time.perf_counter
    count, size = len(images.train.labels), images.image_size
    with _one_thread():
        trainer, curve = _start(
            lambda: make_trainer(backend, genotype, recipe, images, seed, device), checkpoint
        )
        # As if all had been trained in one go.
        start = clock() - (curve[-1].elapsed_s if curve else 0.0)
        for epoch in range(len(curve) + 1, recipe.epochs + 1):
            last = epoch == recipe.epochs
            with _kept(checkpoint), stoppable():
                for batch in epoch_batches(recipe, count, size, seed, epoch):
                    trainer.train_batch(batch)
                train_loss, train_accuracy = trainer.training_means()
                val_loss, val_accuracy = trainer.evaluate("validation" if last else "curve")
            if not (math.isfinite(train_loss) and math.isfinite(val_loss)):
                return Outcome(tuple(curve), math.nan, clock() - start, diverged=True)
            point = CurvePoint(
                epoch, train_loss, train_accuracy, val_loss, val_accuracy, clock() - start
            )
            curve.append(point)
            on_epoch(point)
            if checkpoint and not last:
                checkpoint.save(trainer.state, curve)
        train_time_s = clock() - start
        _, test_accuracy = trainer.evaluate("test")
    return Outcome(tuple(curve), test_accuracy, train_time_s, diverged=False)


def _start(
    make: Callable[[], Trainer], checkpoint: Checkpoint | None
) -> tuple[Trainer, list[CurvePoint]]:
    """A trainer in the state of the checkpoint, with the curve so far; or a new one."""
    saved = checkpoint.load() if checkpoint else None
    trainer = make()
    if saved is None:
        return trainer, []
    state, curve = saved
    try:
        trainer.load_state(state)
    except (KeyError, RuntimeError, ValueError) as error:
        # Of another version of the network. What was loaded of it must not stay.
        _LOG.warning("a checkpoint does not fit, the training starts again: %s", error)
        return make(), []
    _LOG.info("going on after epoch %d", len(curve))
    return trainer, curve


@contextmanager
def _kept(checkpoint: Checkpoint | None) -> Iterator[None]:
    """Write the state of the last epoch's end, should the process be asked to stop."""
    try:
        yield
    except Stopped as stop:
        _LOG.warning("%s: the training stops, and goes on when its job runs again", stop.signal)
        if checkpoint:
            checkpoint.keep()
        raise


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread per training: it is faster than several, and deterministic."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)

"""What every step of a training sees, with all randomness decided: any backend trains the same.

    >>> for batch in epoch_batches(recipe, images=8192, image_size=16, seed=1, epoch=1):
    ...     trainer.train_batch(batch)

A function of (recipe, number and size of images, seed, epoch) alone, so that a resumed training
needs no state of a generator. Each purpose has its own stream: an option that is off draws nothing
and leaves the others as they are.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nasforge.recipe import Recipe
from nasforge.space.darts.genotype import INTERMEDIATE_NODES

EDGES = 2 * INTERMEDIATE_NODES
"""Edges of a cell."""

_STREAMS = {
    "initial": 0,
    "order": 1,
    "crop": 2,
    "flip": 3,
    "cutout": 4,
    "mixup": 5,
    "drop_path": 6,
}


@dataclass(frozen=True, eq=False)
class Batch:
    """One step of SGD.

    Attributes:
        index: int64 [n], which training images.
        rows: int64 [n], where each crop starts in its padded image, from 0 to 2 * crop_padding.
        columns: int64 [n], likewise.
        mirrored: bool [n], which crops are mirrored left to right.
        cutout_rows: int64 [n], centre of each blanked square; not used without cutout.
        cutout_columns: int64 [n], likewise.
        partner: int64 [n], position within this batch of the image that each one is mixed with.
        mix_weight: Weight of the image itself; 1 without mixup.
        keep: float32 [cells, 8, n], drop-path factors (see `EvaluationNetwork`), or None.
        learning_rate: Of this step.
    """

    index: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    mirrored: np.ndarray
    cutout_rows: np.ndarray
    cutout_columns: np.ndarray
    partner: np.ndarray
    mix_weight: float
    keep: np.ndarray | None
    learning_rate: float


def epoch_batches(
    recipe: Recipe, images: int, image_size: int, seed: int, epoch: int
) -> Iterator[Batch]:
    """The batches of one epoch; the last one may be smaller.

    Args:
        recipe: Batch size, augmentation and schedule.
        images: Number of training images; each is seen once.
        image_size: Their height and width in pixels.
        seed: The training's seed.
        epoch: 1, 2, ...
    """
    order = stream(seed, "order", epoch).permutation(images)
    # No choice is no draw: what is off gives zeros.
    crops = _integers(seed, "crop", epoch, 2 * recipe.crop_padding + 1, images)
    centres = _integers(seed, "cutout", epoch, image_size if recipe.cutout else 1, images)
    mirrored = np.zeros(images, dtype=bool)
    if recipe.flip:
        mirrored = stream(seed, "flip", epoch).random(images) < 0.5
    mixup, drop_path = stream(seed, "mixup", epoch), stream(seed, "drop_path", epoch)
    steps = math.ceil(images / recipe.batch_size)
    for step in range(steps):
        part = slice(step * recipe.batch_size, (step + 1) * recipe.batch_size)
        size = len(order[part])
        mixed = recipe.mixup > 0
        yield Batch(
            index=order[part],
            rows=crops[0, part],
            columns=crops[1, part],
            mirrored=mirrored[part],
            cutout_rows=centres[0, part],
            cutout_columns=centres[1, part],
            mix_weight=mixup.beta(recipe.mixup, recipe.mixup) if mixed else 1.0,
            partner=mixup.permutation(size) if mixed else np.arange(size),
            keep=_drop_path_factors(recipe, size, drop_path) if recipe.drop_path else None,
            learning_rate=_learning_rate(recipe, epoch - 1 + step / steps),
        )


def _learning_rate(recipe: Recipe, epochs_done: float) -> float:
    """Cosine annealing (Loshchilov & Hutter 2017, eq. 5)."""
    if recipe.rate_per_epoch:
        epochs_done = math.floor(epochs_done)
    share = 0.5 * (1.0 + math.cos(math.pi * epochs_done / recipe.epochs))
    return recipe.final_learning_rate + share * (recipe.learning_rate - recipe.final_learning_rate)


def _drop_path_factors(recipe: Recipe, size: int, rng: np.random.Generator) -> np.ndarray:
    """0 for a dropped edge; what is kept is scaled, so that the expectation stays."""
    kept = rng.random((recipe.cells, EDGES, size)) >= recipe.drop_path
    return (kept / (1.0 - recipe.drop_path)).astype(np.float32)


def _integers(seed: int, purpose: str, epoch: int, choices: int, images: int) -> np.ndarray:
    """A row and a column per image, int64 [2, images], from 0 to choices - 1."""
    if choices == 1:
        return np.zeros((2, images), dtype=np.int64)
    return stream(seed, purpose, epoch).integers(choices, size=(2, images))


def stream(seed: int, purpose: str, epoch: int = 0) -> np.random.Generator:
    """The generator of one purpose in one epoch."""
    return np.random.Generator(np.random.PCG64([seed, _STREAMS[purpose], epoch]))

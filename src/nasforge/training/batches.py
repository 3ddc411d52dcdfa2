"""What every step of a training sees, with all randomness decided: any backend trains the same.

    >>> for batch in epoch_batches(recipe, images=8192, seed=1, epoch=1):
    ...     trainer.train_batch(batch)

A function of (recipe, number of images, seed, epoch) alone, so that a resumed training needs no
state of a generator. Each purpose has its own stream: an option that is off draws nothing and
leaves the others as they are.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nasforge.recipe import Recipe

_STREAMS = {"initial": 0, "order": 1, "crop": 2, "flip": 3}


@dataclass(frozen=True, eq=False)
class Batch:
    """One step of SGD.

    Attributes:
        index: int64 [n], which training images.
        rows: int64 [n], where each crop starts in its padded image, from 0 to 2 * crop_padding.
        columns: int64 [n], likewise.
        mirrored: bool [n], which crops are mirrored left to right.
        learning_rate: Of this step.
    """

    index: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    mirrored: np.ndarray
    learning_rate: float


def epoch_batches(recipe: Recipe, images: int, seed: int, epoch: int) -> Iterator[Batch]:
    """The batches of one epoch; the last one may be smaller.

    Args:
        recipe: Batch size, augmentation and schedule.
        images: Number of training images; each is seen once.
        seed: The training's seed.
        epoch: 1, 2, ...
    """
    order = stream(seed, "order", epoch).permutation(images)
    offsets = np.zeros((2, images), dtype=np.int64)
    if recipe.crop_padding:
        crop = stream(seed, "crop", epoch)
        offsets = crop.integers(2 * recipe.crop_padding, size=(2, images), endpoint=True)
    mirrored = np.zeros(images, dtype=bool)
    if recipe.flip:
        mirrored = stream(seed, "flip", epoch).random(images) < 0.5
    steps = math.ceil(images / recipe.batch_size)
    for step in range(steps):
        part = slice(step * recipe.batch_size, (step + 1) * recipe.batch_size)
        progress = ((epoch - 1) * steps + step) / (recipe.epochs * steps)
        yield Batch(
            index=order[part],
            rows=offsets[0, part],
            columns=offsets[1, part],
            mirrored=mirrored[part],
            # Cosine annealing to 0, stepped per batch (Loshchilov & Hutter 2017, eq. 5).
            learning_rate=0.5 * recipe.learning_rate * (1.0 + math.cos(math.pi * progress)),
        )


def stream(seed: int, purpose: str, epoch: int = 0) -> np.random.Generator:
    """The generator of one purpose in one epoch."""
    return np.random.Generator(np.random.PCG64([seed, _STREAMS[purpose], epoch]))

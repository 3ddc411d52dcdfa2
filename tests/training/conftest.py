"""A small data set in memory that a network can learn, and a recipe that takes a moment."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from nasforge.recipe import Recipe
from nasforge.space import DARTS
from nasforge.space.darts import Genotype
from nasforge.training.dataset import ImageSet, Split

CLASSES = 3


def coloured_split(count: int, size: int, seed: int) -> Split:
    """Noise, with one colour channel per class a little brighter."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.int64) % CLASSES
    images = rng.integers(0, 156, (count, 3, size, size))
    images[np.arange(count), labels] += 60
    return Split(images.astype(np.uint8), labels)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Several threads make such small networks slow on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def images() -> ImageSet:
    """96 images of 8 x 8 to train on, 3 classes."""
    train = coloured_split(96, 8, seed=0)
    scaled = train.images / 255
    return ImageSet(
        train=train,
        validation=coloured_split(48, 8, seed=1),
        test=coloured_split(45, 8, seed=2),
        mean=scaled.mean((0, 2, 3)).astype(np.float32),
        std=scaled.std((0, 2, 3)).astype(np.float32),
        classes=CLASSES,
        image_size=8,
        dataset_id="0123456789abcdef",
    )


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    """3 epochs of 3 steps, the last of which is not full."""
    return Recipe(
        cells=3,
        channels=4,
        epochs=3,
        batch_size=40,
        learning_rate=0.1,
        momentum=0.9,
        crop_padding=1,
        flip=True,
    )


@pytest.fixture(scope="session")
def genotype() -> Genotype:
    """Each of the seven operations once or more."""
    vector = [3, 2, 0, 1, 5, 2, 2, 6, 1, 2, 3, 2, 0, 4, 2, 1, 2, 3, 2, 0, 1, 2]
    return DARTS.canonical(DARTS.from_vector(vector))

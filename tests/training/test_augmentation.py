"""Random crops and flips against a loop over images."""

import numpy as np
import pytest
import torch
from torch import Tensor

from nasforge.training.augmentation import crop_and_flip


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def batch() -> Tensor:
    """Pixels that are never 0, the value of the padding."""
    return torch.randint(1, 256, (40, 3, 6, 6), generator=generator(9), dtype=torch.uint8)


def crops(image: np.ndarray, padding: int, flip: bool) -> list[tuple[int, int, bool, np.ndarray]]:
    """Every crop of one image as (row, column, mirrored, pixels), by slicing."""
    size = image.shape[-1]
    padded = np.zeros((image.shape[0], size + 2 * padding, size + 2 * padding), np.uint8)
    padded[:, padding : padding + size, padding : padding + size] = image
    found = []
    for row in range(2 * padding + 1):
        for column in range(2 * padding + 1):
            crop = padded[:, row : row + size, column : column + size]
            found.append((row, column, False, crop))
            if flip:
                found.append((row, column, True, crop[:, :, ::-1]))
    return found


def found_crops(batch: Tensor, padding: int, flip: bool, seed: int = 0) -> list[tuple]:
    """Which crop each image got; fails if it got none."""
    result = crop_and_flip(batch, padding, flip, generator(seed)).numpy()
    chosen = []
    for image, output in zip(batch.numpy(), result, strict=True):
        ((row, column, mirrored, _),) = (
            crop for crop in crops(image, padding, flip) if np.array_equal(crop[3], output)
        )
        chosen.append((row, column, mirrored))
    return chosen


@pytest.mark.parametrize("padding", [0, 1, 2, 4])
@pytest.mark.parametrize("flip", [False, True])
def test_every_image_is_one_of_its_own_crops(batch: Tensor, padding: int, flip: bool) -> None:
    result = crop_and_flip(batch, padding, flip, generator())
    assert result.dtype == torch.uint8
    assert result.shape == batch.shape
    chosen = found_crops(batch, padding, flip)
    if padding or flip:
        assert len(set(chosen)) > 1


def test_rows_columns_and_mirroring_are_uniform_and_independent() -> None:
    batch = torch.randint(1, 256, (3000, 1, 4, 4), generator=generator(9), dtype=torch.uint8)
    chosen = np.array(found_crops(batch, padding=1, flip=True))
    for column, number in ((0, 3), (1, 3), (2, 2)):
        counts = np.bincount(chosen[:, column], minlength=number)
        assert len(counts) == number
        assert np.abs(counts - 3000 / number).max() < 110  # more than 4 standard deviations
    assert np.abs(np.corrcoef(chosen.T.astype(float)) - np.eye(3)).max() < 0.08


def test_flip_alone_mirrors_about_half(batch: Tensor) -> None:
    result = crop_and_flip(batch, 0, True, generator())
    same = (result == batch).flatten(1).all(1)
    mirrored = (result == batch.flip(3)).flatten(1).all(1)
    assert (same ^ mirrored).all()
    assert 10 <= int(mirrored.sum()) <= 30


def test_off_means_the_same_values(batch: Tensor) -> None:
    assert torch.equal(crop_and_flip(batch, 0, False, generator()), batch)


def test_the_given_images_are_not_changed(batch: Tensor) -> None:
    before = batch.clone()
    crop_and_flip(batch, 2, True, generator())
    assert torch.equal(batch, before)


def test_the_generator_decides_everything(batch: Tensor) -> None:
    torch.manual_seed(1)
    one = crop_and_flip(batch, 2, True, generator(3))
    torch.manual_seed(2)
    assert torch.equal(crop_and_flip(batch, 2, True, generator(3)), one)
    assert not torch.equal(crop_and_flip(batch, 2, True, generator(4)), one)


def test_the_generator_moves_on(batch: Tensor) -> None:
    source = generator(3)
    one, other = (crop_and_flip(batch, 2, True, source) for _ in range(2))
    assert not torch.equal(one, other)

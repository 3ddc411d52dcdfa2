"""Crops and flips against slicing one image after the other."""

import numpy as np
import pytest
import torch

from nasforge.training.augmentation import crop_and_flip, cut_out


def sliced(image: np.ndarray, row: int, column: int, mirrored: bool, padding: int) -> np.ndarray:
    size = image.shape[-1]
    padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
    crop = padded[:, row : row + size, column : column + size]
    return crop[:, :, ::-1] if mirrored else crop


@pytest.mark.parametrize("padding", [0, 1, 2, 5])
def test_each_image_is_cropped_and_mirrored_at_its_own_place(padding: int) -> None:
    rng = np.random.default_rng(padding)
    images = rng.integers(1, 256, (40, 3, 6, 6), dtype=np.uint8)  # 0 is the padding
    rows, columns = rng.integers(2 * padding + 1, size=(2, 40))
    mirrored = rng.random(40) < 0.5
    tensors = map(torch.from_numpy, (images, rows, columns, mirrored))
    result = crop_and_flip(*tensors, padding)
    assert result.dtype == torch.uint8
    for i in range(40):
        expected = sliced(images[i], rows[i], columns[i], mirrored[i], padding)
        assert np.array_equal(result[i].numpy(), expected)


def test_the_middle_crop_is_the_image_and_the_images_are_not_changed() -> None:
    images = torch.randint(0, 256, (5, 3, 8, 8), dtype=torch.uint8)
    before = images.clone()
    middle = torch.full((5,), 2)
    result = crop_and_flip(images, middle, middle, torch.zeros(5, dtype=torch.bool), 2)
    assert torch.equal(result, before)
    assert torch.equal(images, before)


@pytest.mark.parametrize("side", [2, 4, 5, 20])
def test_cutout_blanks_a_square_around_its_centre_and_nothing_else(side: int) -> None:
    rng = np.random.default_rng(side)
    values = torch.from_numpy(rng.normal(size=(30, 3, 8, 8)).astype(np.float32))
    rows, columns = torch.from_numpy(rng.integers(8, size=(2, 30)))
    result = cut_out(values, rows, columns, side)
    for i in range(30):
        expected = values[i].clone()
        top, left = max(rows[i] - side // 2, 0), max(columns[i] - side // 2, 0)
        expected[:, top : rows[i] + side // 2, left : columns[i] + side // 2] = 0.0
        assert torch.equal(result[i], expected)

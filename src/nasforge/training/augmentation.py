"""Augmentation of a whole batch at once: crops and flips of stored pixels, cutout of values.

>>> pixels = crop_and_flip(images[index], rows, columns, mirrored, padding=2)
"""

import torch
from torch import Tensor
from torch.nn import functional


def crop_and_flip(
    images: Tensor, rows: Tensor, columns: Tensor, mirrored: Tensor, padding: int
) -> Tensor:
    """Crop each image at its own place of its zero-padded self, and mirror some of the crops.

    Args:
        images: uint8 [n, channels, size, size].
        rows: int64 [n], first row of each crop in the padded image, from 0 to 2 * padding.
        columns: int64 [n], first column, likewise.
        mirrored: bool [n], whether the crop is mirrored left to right.
        padding: Black pixels added on each side.

    Returns:
        uint8 [n, channels, size, size].
    """
    number, _, size, _ = images.shape
    # Index arithmetic instead of a loop over images: one gather makes the batch.
    grid = torch.arange(size, device=images.device)
    row_index = rows[:, None] + grid
    column_index = columns[:, None] + torch.where(mirrored[:, None], grid.flip(0), grid)
    padded = functional.pad(images, (padding,) * 4)
    which = torch.arange(number, device=images.device)[:, None, None]
    # Advanced indices around the channel slice put it last: [n, size, size, channels].
    return padded[which, :, row_index[:, :, None], column_index[:, None, :]].permute(0, 3, 1, 2)


def cut_out(values: Tensor, rows: Tensor, columns: Tensor, side: int) -> Tensor:
    """Set a square of each image to 0, the mean of normalised images.

    Args:
        values: float [n, channels, size, size], normalised.
        rows: int64 [n], centre of each square; what reaches over the border is lost.
        columns: int64 [n], likewise.
        side: Side of the square in pixels.

    Returns:
        float [n, channels, size, size].
    """
    grid = torch.arange(values.shape[-1], device=values.device)

    def inside(centres: Tensor) -> Tensor:
        start = centres[:, None] - side // 2
        return (grid >= start) & (grid < start + side // 2 * 2)

    square = inside(rows)[:, None, :, None] & inside(columns)[:, None, None, :]
    return values.masked_fill(square, 0.0)

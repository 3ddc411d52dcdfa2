"""Crops and flips of a whole batch at once, on the pixels as stored (uint8).

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

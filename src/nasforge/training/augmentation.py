"""Random crops and flips of a whole batch at once, on the pixels as stored (uint8).

    >>> batch = crop_and_flip(images[index], padding=2, flip=True, generator=generator)

All randomness is drawn on the CPU from the given generator, so a batch is the same on any device.
"""

import torch
from torch import Tensor
from torch.nn import functional


def crop_and_flip(images: Tensor, padding: int, flip: bool, generator: torch.Generator) -> Tensor:
    """Crop each image at its own place of its zero-padded self, and mirror half of them.

    Args:
        images: uint8 [n, channels, size, size].
        padding: Black pixels added on each side before cropping back to `size`; 0 for no crop.
        flip: Whether to mirror each image left to right with probability 1/2.
        generator: Source of all randomness, on the CPU.

    Returns:
        uint8 [n, channels, size, size].
    """
    number, _, size, _ = images.shape
    if not padding and not flip:
        return images
    # Index arithmetic instead of a loop over images: one gather makes the batch.
    grid = torch.arange(size)
    rows = torch.randint(2 * padding + 1, (number, 1), generator=generator) + grid
    columns = torch.randint(2 * padding + 1, (number, 1), generator=generator) + grid
    if flip:
        mirrored = torch.rand((number, 1), generator=generator) < 0.5
        columns = torch.where(mirrored, columns.flip(1), columns)
    device = images.device
    padded = functional.pad(images, (padding,) * 4)
    which = torch.arange(number, device=device)[:, None, None]
    rows, columns = rows.to(device)[:, :, None], columns.to(device)[:, None, :]
    # Advanced indices around the channel slice put it last: [n, size, size, channels].
    return padded[which, :, rows, columns].permute(0, 3, 1, 2)

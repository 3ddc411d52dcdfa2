"""The source `digits`: 1,797 handwritten digits of 8x8 pixels that scikit-learn ships.

>>> read().train_images.shape
(1400, 8, 8, 3)
"""

import hashlib

import numpy as np
from sklearn.datasets import load_digits

from nasforge.training.sources.images import SourceImages
from nasforge.training.sources.size import SIZES

TRAIN_IMAGES = SIZES["digits"].train_images
"""The first so many are the training part, the other 397 the test part (scikit-learn has none)."""

BRIGHTEST = 16
"""Grey values are 0..16."""


def read() -> SourceImages:
    """Read the digits, grey scaled to 0..255 and repeated on 3 channels."""
    data = load_digits()
    grey = data.images.astype(np.uint8)
    labels = data.target.astype(np.int64)
    # The values and not the file are hashed: scikit-learn may compress or move its file.
    digest = hashlib.sha256(grey.tobytes() + labels.astype(np.uint8).tobytes()).hexdigest()
    # Integers, so that 8 / 16 rounds up everywhere.
    scaled = ((grey.astype(np.int64) * 255 + BRIGHTEST // 2) // BRIGHTEST).astype(np.uint8)
    images = np.repeat(scaled[..., np.newaxis], 3, axis=-1)
    return SourceImages(
        images[:TRAIN_IMAGES],
        labels[:TRAIN_IMAGES],
        images[TRAIN_IMAGES:],
        labels[TRAIN_IMAGES:],
        {"sklearn-digits": digest},
    )

"""The images of one source as its reader hands them on.

>>> SourceImages(train_images, train_labels, test_images, test_labels, digests).classes
10
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class SourceImages:
    """All images of a source, in the source's own order and resolution.

    Attributes:
        train_images: uint8 [n, h, w, 3], RGB, 0..255, of the source's training part.
        train_labels: int64 [n], 0..classes-1.
        test_images: uint8 [m, h, w, 3], of the source's test part.
        test_labels: int64 [m].
        digests: SHA-256 (hex) by file name, of the bytes the images were read from.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    digests: dict[str, str]

    @property
    def classes(self) -> int:
        """Number of classes: the largest label of both parts, plus 1."""
        return int(max(self.train_labels.max(), self.test_labels.max())) + 1

    @property
    def size(self) -> int:
        """Height and width of an image, in pixels."""
        return self.train_images.shape[1]


def sha256_by_name(files: Iterable[Path]) -> dict[str, str]:
    """SHA-256 (hex) of each file's bytes, by its name without the folder."""
    digests = {}
    for file in files:
        with file.open("rb") as stream:
            digests[file.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return digests

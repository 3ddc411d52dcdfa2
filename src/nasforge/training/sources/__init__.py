"""Readers of image sources: one module per source, all giving `SourceImages` at native resolution.

>>> images = read_source(spec, data_dir=Path("~/data/cifar10").expanduser())
"""

from pathlib import Path

import numpy as np

from nasforge.errors import DatasetError
from nasforge.recipe import DatasetSpec
from nasforge.training.sources.images import SourceImages

__all__ = ["SourceImages", "read_source", "source_digests"]


def read_source(spec: DatasetSpec, data_dir: Path | None) -> SourceImages:
    """Read every image of `spec.source`, at native resolution.

    Args:
        spec: Only its `source` is looked at.
        data_dir: The config key `execution.data_dir`; the source `digits` needs none.

    Raises:
        DatasetError: The source is missing or damaged, or its labels are not 0..classes-1.
    """
    # Imported on use, so that a source needs only the packages it reads with.
    match spec.source:
        case "digits":
            from nasforge.training.sources import digits

            images = digits.read()
        case "parquet":
            from nasforge.training.sources import parquet

            images = parquet.read(data_dir)
        case "cifar10":
            from nasforge.training.sources import cifar10

            images = cifar10.read(data_dir)
        case unknown:
            raise DatasetError(f"dataset.source: {unknown!r} has no reader; use another source")
    _check_labels(spec.source, images)
    return images


def source_digests(
    spec: DatasetSpec, data_dir: Path | None, download: bool = True
) -> dict[str, str]:
    """`SourceImages.digests` of what `read_source` would read; files are hashed and not decoded.

    Args:
        spec: Only its `source` is looked at.
        data_dir: As for `read_source`.
        download: Whether a source that can be downloaded is, where it is not there.

    Raises:
        DatasetError: The source is missing, or has no reader.
    """
    match spec.source:
        case "parquet":
            from nasforge.training.sources import parquet

            return parquet.digests(data_dir)
        case "cifar10":
            from nasforge.training.sources import cifar10

            return cifar10.digests(data_dir, download)
        case _:
            return read_source(spec, data_dir).digests


def _check_labels(source: str, images: SourceImages) -> None:
    # The class count is the largest label + 1: one stray label would make a giant classifier.
    present = np.unique(images.train_labels)
    if len(present) != images.classes:
        missing = next(i for i in range(len(present) + 1) if i not in present)
        raise DatasetError(
            f"source {source!r}: label {images.classes - 1} occurs but {missing} has no training"
            " image; labels must be 0..classes-1, so renumber them"
        )

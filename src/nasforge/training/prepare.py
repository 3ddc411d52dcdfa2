"""Preparing the images of a study: read once, split, downsampled, written as arrays.

>>> prepare(spec, data_dir, Path("results/quickstart/images"))["dataset_id"]
"""

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from nasforge.errors import DatasetError
from nasforge.protocols import IMAGES_PROTOCOL
from nasforge.recipe import DatasetSpec
from nasforge.training.dataset import MANIFEST, Split
from nasforge.training.sources import SourceImages, read_source, source_digests
from nasforge.training.sources.size import SourceSize

IMAGES_PER_CHUNK = 4096
"""Images downsampled at a time; bounds the memory of the wide sums."""


def prepare(spec: DatasetSpec, data_dir: Path | None, folder: Path) -> dict[str, Any]:
    """Read, split and downsample the images, and write them into `folder`.

    Writes `<split>_images.npy` (uint8 [n, 3, size, size]) and `<split>_labels.npy` (int64 [n])
    for the splits train, validation and test, then `dataset.json`: a folder with a
    `dataset.json` is complete.

    Args:
        spec: Which images.
        data_dir: Where the source is; the source `digits` needs none.
        folder: Made if it is not there.

    Returns:
        The content of `dataset.json`. `mean` and `std` are per channel of the training split
        scaled to [0, 1]; `std` is that of the population.

    Raises:
        DatasetError: The source cannot be read, has too few images, or its image size is no
            multiple of `spec.image_size`.
    """
    source = read_source(spec, data_dir)
    size = SourceSize(source.size, len(source.train_labels), len(source.test_labels))
    size.check(spec)
    factor = source.size // spec.image_size
    splits = {
        name: Split(_channels_first(_downsample(images, factor)), labels)
        for name, (images, labels) in _select(spec, source).items()
    }
    mean, std = _channel_moments(splits["train"].images)
    manifest = {
        "protocol": IMAGES_PROTOCOL,
        "dataset_id": spec.dataset_id(source.digests),
        "spec": spec.to_dict(),
        "sources": source.digests,
        "classes": source.classes,
        "counts": {name: len(split.labels) for name, split in splits.items()},
        "mean": mean,
        "std": std,
    }
    return _write(folder, splits, manifest)


def prepared_folder(spec: DatasetSpec, data_dir: Path | None, parent: Path) -> Path:
    """A folder in `parent` with these images, prepared if they are not there.

    It is named by the data set's id, so by the bytes of the source and not by `spec` alone: the
    same options and another `data_dir` are other images. Every call hashes the source's files.

    Args:
        spec: Which images.
        data_dir: Where the source is; the source `digits` needs none.
        parent: Holds one folder for each data set.

    Raises:
        DatasetError: As by `prepare`.
    """
    folder = parent / spec.dataset_id(source_digests(spec, data_dir))
    if not (folder / MANIFEST).exists():
        prepare(spec, data_dir, folder)
    return folder


def _downsample(images: np.ndarray, factor: int) -> np.ndarray:
    """Mean over factor x factor blocks of uint8 [n, h, h, 3], rounded to nearest, half up."""
    count, height = images.shape[:2]
    size = height // factor
    area = factor * factor
    small = np.empty((count, size, size, 3), np.uint8)
    for start in range(0, count, IMAGES_PER_CHUNK):
        blocks = images[start : start + IMAGES_PER_CHUNK].reshape(-1, size, factor, size, factor, 3)
        # Integers: float means round differently from one machine to the next.
        sums = blocks.sum(axis=(2, 4), dtype=np.uint32)
        small[start : start + IMAGES_PER_CHUNK] = (sums + area // 2) // area
    return small


def _channels_first(images: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2))


def _select(spec: DatasetSpec, source: SourceImages) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Images [n, h, h, 3] and labels of each split."""
    # Validation is drawn first, so that another train_images leaves it where it is.
    train_order = _shuffled(len(source.train_labels), spec.split_seed, stream=0)
    validation, rest = _draw(spec.validation_images, train_order, source.train_labels)
    train, _ = _draw(spec.train_images, rest, source.train_labels)
    test_order = _shuffled(len(source.test_labels), spec.split_seed, stream=1)
    test, _ = _draw(spec.test_images, test_order, source.test_labels)
    return {
        "train": (source.train_images[train], source.train_labels[train]),
        "validation": (source.train_images[validation], source.train_labels[validation]),
        "test": (source.test_images[test], source.test_labels[test]),
    }


def _shuffled(count: int, seed: int, stream: int) -> np.ndarray:
    """The numbers 0..count-1 in a random order."""
    # Raw bits and a stable sort, because numpy keeps PCG64's bits forever, but not what
    # Generator.permutation makes of them (NEP 19).
    return np.argsort(np.random.PCG64([seed, stream]).random_raw(count), kind="stable")


def _draw(asked: int, order: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take the first of each class, in proportion to the classes.

    Args:
        asked: How many to take, at most as many as there are.
        order: Indices to draw from, shuffled.
        labels: int64, labels of all indices.

    Returns:
        The indices drawn, ascending, and those left, in the order they came.
    """
    drawn = np.zeros(len(order), bool)
    classes = labels[order]
    for label, quota in enumerate(_quotas(np.bincount(classes), asked)):
        drawn[np.flatnonzero(classes == label)[:quota]] = True
    return np.sort(order[drawn]), order[~drawn]


def _quotas(class_counts: np.ndarray, asked: int) -> np.ndarray:
    """Split `asked` in proportion to `class_counts`, by largest remainder, low classes first."""
    shares, remainders = np.divmod(class_counts.astype(np.int64) * asked, class_counts.sum())
    left = asked - shares.sum()
    shares[np.argsort(-remainders, kind="stable")[:left]] += 1
    return shares


def _channel_moments(images: np.ndarray) -> tuple[list[float], list[float]]:
    """Mean and population standard deviation per channel of uint8 [n, 3, s, s] over 255."""
    squares = np.arange(256, dtype=np.uint32) ** 2
    mean, std = [], []
    for channel in range(3):
        # Python integers, so that mean and std do not depend on the order of summation.
        pixels = images[:, channel]
        total = int(pixels.sum(dtype=np.int64))
        square_total = int(squares[pixels].sum(dtype=np.int64))
        variance = (square_total * pixels.size - total * total) / pixels.size**2
        if not variance:
            raise DatasetError(
                f"channel {channel} has one value in all training images; images cannot be scaled"
                " to unit variance, so use other images"
            )
        mean.append(total / pixels.size / 255)
        std.append(variance**0.5 / 255)
    return mean, std


def _write(folder: Path, splits: dict[str, Split], manifest: dict[str, Any]) -> dict[str, Any]:
    arrays = {
        f"{name}_{kind}.npy": getattr(split, kind)
        for name, split in splits.items()
        for kind in ("images", "labels")
    }
    folder.mkdir(parents=True, exist_ok=True)
    # Inside the folder, because a rename cannot cross a file system.
    with tempfile.TemporaryDirectory(prefix=".prepare-", dir=folder) as scratch:
        digests = {}
        for name, array in arrays.items():
            path = Path(scratch) / name
            np.save(path, array, allow_pickle=False)
            with path.open("rb") as stream:
                digests[name] = hashlib.file_digest(stream, "sha256").hexdigest()
        manifest = manifest | {"sha256": digests}
        text = json.dumps(manifest, indent=2, allow_nan=False) + "\n"
        (Path(scratch) / MANIFEST).write_text(text, encoding="utf-8")
        # An old dataset.json must not vouch for a mix of old and new arrays.
        (folder / MANIFEST).unlink(missing_ok=True)
        for name in (*arrays, MANIFEST):
            (Path(scratch) / name).replace(folder / name)
    return manifest

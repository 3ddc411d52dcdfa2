"""A prepared data set: the arrays that all trainings share, memory-mapped.

>>> ImageSet.open(Path("results/quickstart/images")).train.images.shape
(500, 3, 8, 8)
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from nasforge.errors import DatasetError
from nasforge.protocols import IMAGES_PROTOCOL
from nasforge.recipe import DatasetSpec

MANIFEST = "dataset.json"
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Split:
    """Images used for one purpose, in the order of the source.

    Attributes:
        images: uint8 [n, 3, size, size], RGB, 0..255.
        labels: int64 [n], 0..classes-1.
    """

    images: np.ndarray
    labels: np.ndarray

    def spread(self, count: int) -> "Split":
        """That many images, evenly spread over all (a source may be in the order of classes)."""
        rows = np.arange(count) * len(self.labels) // count
        return Split(self.images[rows], self.labels[rows])


@dataclass(frozen=True)
class ImageSet:
    """A prepared data set.

    Attributes:
        train: Images to train on.
        validation: Images that choose between architectures.
        test: Images of the source's test part.
        mean: float32 [3], per channel of the training split scaled to [0, 1].
        std: float32 [3], population standard deviation, likewise.
        classes: Number of classes.
        image_size: Height and width, in pixels.
        dataset_id: `DatasetSpec.dataset_id` of what was prepared.
    """

    train: Split
    validation: Split
    test: Split
    mean: np.ndarray
    std: np.ndarray
    classes: int
    image_size: int
    dataset_id: str

    def splits(self, curve_images: int) -> dict[str, Split]:
        """What a trainer reads: "train", "validation", "test" and "curve".

        Args:
            curve_images: Size of "curve", a part of validation; 0 is all of it.
        """
        curve = self.validation.spread(curve_images) if curve_images else self.validation
        return {
            "train": self.train,
            "validation": self.validation,
            "test": self.test,
            "curve": curve,
        }

    @classmethod
    def open(cls, folder: Path, spec: DatasetSpec | None = None) -> Self:
        """Memory-map what `prepare` wrote, read-only.

        Args:
            folder: What was prepared.
            spec: What it must have been prepared for; None takes what is there.

        Raises:
            DatasetError: A file is missing, damaged, or not what `dataset.json` says, or the
                images are another data set's.
        """
        path = folder / MANIFEST
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            protocol = manifest["protocol"]
            size, classes = int(manifest["spec"]["image_size"]), int(manifest["classes"])
            counts = {name: int(manifest["counts"][name]) for name in SPLITS}
            mean, std = (np.array(manifest[key], np.float32) for key in ("mean", "std"))
            dataset_id = str(manifest["dataset_id"])
            files = [f"{name}_{kind}.npy" for name in SPLITS for kind in ("images", "labels")]
            digests = {file: str(manifest["sha256"][file]) for file in files}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _damaged(path, f"{type(error).__name__}: {error}") from error
        if protocol != IMAGES_PROTOCOL:
            raise _damaged(path, f"protocol {protocol}, expected {IMAGES_PROTOCOL}")
        if spec is not None and manifest["spec"] != spec.to_dict():
            raise DatasetError(
                f"{path}: prepared for another data set than the config's; prepare the images "
                "again: snakemake ... --forcerun prepare_images"
            )
        if mean.shape != (3,) or std.shape != (3,):
            raise _damaged(path, "mean and std must have 3 numbers each")
        splits = {
            name: Split(
                _map(folder / f"{name}_images.npy", np.uint8, (count, 3, size, size)),
                _map(folder / f"{name}_labels.npy", np.int64, (count,)),
            )
            for name, count in counts.items()
        }
        for name, digest in digests.items():
            _check_bytes(folder / name, digest)
        return cls(
            **splits,
            mean=mean,
            std=std,
            classes=classes,
            image_size=size,
            dataset_id=dataset_id,
        )


def _map(path: Path, dtype: type, shape: tuple[int, ...]) -> np.ndarray:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    if not isinstance(array, np.memmap) or array.dtype != dtype or array.shape != shape:
        has = f"{getattr(array, 'dtype', 'no array')} {list(getattr(array, 'shape', ()))}"
        raise _damaged(path, f"{has}, expected {np.dtype(dtype)} {list(shape)}")
    return array


def _check_bytes(path: Path, expected: str) -> None:
    """A pixel that changed since would be trained on; 200 MB take 0.2 s once per job."""
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    if found != expected:
        raise _damaged(path, f"its bytes have SHA-256 {found[:16]}..., not {expected[:16]}...")


def _damaged(path: Path, reason: str) -> DatasetError:
    return DatasetError(
        f"{path}: missing or damaged ({' '.join(reason.split())}); rerun the prepare_images stage"
    )

"""The source `cifar10`: CIFAR-10 (Krizhevsky 2009), downloaded when it is not there.

The binary version, because the python version is pickles, which nasforge never loads.

    >>> read(Path("data")).train_images.shape
    (50000, 32, 32, 3)
"""

import hashlib
import tarfile
import tempfile
from http.client import HTTPException
from pathlib import Path

import numpy as np

from nasforge.errors import DatasetError
from nasforge.training.sources.images import SourceImages, sha256_by_name

CIFAR10_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
CIFAR10_MD5 = "c32a1d4ab5d03f1284b67883e8d87530"

FOLDER = "cifar-10-batches-bin"
TRAIN_FILES = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST_FILES = ("test_batch.bin",)

SIZE = 32
CLASSES = 10
RECORD_BYTES = 1 + 3 * SIZE * SIZE
"""A label, then the red, green and blue plane, each row by row."""


def read(data_dir: Path | None) -> SourceImages:
    """Read the images from `data_dir`/cifar-10-batches-bin, downloading them first if needed.

    Raises:
        DatasetError: There is no `data_dir`, the download failed, or a file is damaged.
    """
    folder = _complete(data_dir, download=True)
    digests: dict[str, str] = {}
    train_images, train_labels = _read_files(folder, TRAIN_FILES, digests)
    test_images, test_labels = _read_files(folder, TEST_FILES, digests)
    return SourceImages(train_images, train_labels, test_images, test_labels, digests)


def digests(data_dir: Path | None, download: bool) -> dict[str, str]:
    """`SourceImages.digests` of what `read` would read.

    Args:
        data_dir: As for `read`.
        download: Whether to download what is not there.

    Raises:
        DatasetError: As by `read`, and if the images are not there and shall not be downloaded.
    """
    folder = _complete(data_dir, download)
    return sha256_by_name(folder / name for name in TRAIN_FILES + TEST_FILES)


def _complete(data_dir: Path | None, download: bool) -> Path:
    """The folder, with all its files."""
    if data_dir is None:
        raise DatasetError(
            "execution.data_dir: missing; the source 'cifar10' needs a folder to download into"
        )
    folder = data_dir / FOLDER
    if download and not folder.exists():
        _fetch(data_dir)
    _check_complete(folder)
    return folder


def _fetch(data_dir: Path) -> None:
    """Make `data_dir`/cifar-10-batches-bin, whole or not at all.

    Uses the archive in `data_dir` where someone has put one, else downloads it.
    """
    # On use: importing torchvision takes seconds and loads torch.
    from torchvision.datasets.utils import check_integrity, download_url

    name = CIFAR10_URL.rsplit("/", 1)[-1]
    archive = data_dir / name
    by_hand = archive.exists()
    try:
        if by_hand and not check_integrity(archive, CIFAR10_MD5):
            raise DatasetError(
                f"{archive}: its MD5 is not {CIFAR10_MD5}; delete it, or download it again from"
                f" {CIFAR10_URL}"
            )
        data_dir.mkdir(parents=True, exist_ok=True)
        # A folder of its own, so that two processes that download at once do not meet, and a
        # rename at the end, so that what a killed process leaves is never taken for complete.
        with tempfile.TemporaryDirectory(prefix=".cifar10-", dir=data_dir) as scratch:
            if not by_hand:
                download_url(CIFAR10_URL, scratch, filename=name, md5=CIFAR10_MD5)
                archive = Path(scratch) / name
            with tarfile.open(archive) as tar:
                # Python before 3.11.4 has no filters; the archive's checksum was right.
                safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
                tar.extractall(scratch, **safe)
            _move(Path(scratch) / FOLDER, data_dir / FOLDER)
    # torchvision raises RuntimeError on a wrong checksum.
    except (OSError, RuntimeError, HTTPException, tarfile.TarError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise DatasetError(
            f"CIFAR-10 cannot be had from {CIFAR10_URL} ({reason}); put {name} into {data_dir}"
            " by hand, or use the source 'parquet'"
        ) from error


def _move(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError:
        # Another process was first, and its files passed the same checksum.
        if not target.is_dir():
            raise


def _check_complete(folder: Path) -> None:
    for name in TRAIN_FILES + TEST_FILES:
        if not (folder / name).is_file():
            raise DatasetError(
                f"{folder / name}: missing; delete {folder} to have CIFAR-10 fetched again"
            )


def _read_files(
    folder: Path, names: tuple[str, ...], digests: dict[str, str]
) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [n, 32, 32, 3] and labels int64 [n]; adds the files' digests to `digests`."""
    records = []
    for name in names:
        content = (folder / name).read_bytes()
        if not content or len(content) % RECORD_BYTES:
            raise DatasetError(
                f"{folder / name}: {len(content)} bytes, must be a multiple of {RECORD_BYTES};"
                f" delete {folder} to have CIFAR-10 fetched again"
            )
        digests[name] = hashlib.sha256(content).hexdigest()
        records.append(np.frombuffer(content, np.uint8).reshape(-1, RECORD_BYTES))
        if records[-1][:, 0].max() >= CLASSES:
            raise DatasetError(
                f"{folder / name}: damaged, it has the label {records[-1][:, 0].max()} of"
                f" {CLASSES} classes; delete {folder} to have CIFAR-10 fetched again"
            )
    together = np.concatenate(records)
    planes = together[:, 1:].reshape(-1, 3, SIZE, SIZE)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), together[:, 0].astype(np.int64)

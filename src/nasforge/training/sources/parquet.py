"""The source `parquet`: a folder in the Hugging Face layout, images as PNG or JPEG in a column.

`train-*.parquet` and `test-*.parquet` hold a struct column `img` whose field `bytes` is an
encoded image, and an integer column `label`.

    >>> read(Path("cifar10")).train_images.shape
    (50000, 32, 32, 3)
"""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from PIL import Image

from nasforge.errors import DatasetError
from nasforge.training.sources.images import SourceImages, sha256_by_name

ROWS_PER_BATCH = 1024
"""Encoded images held in memory at a time."""


def read(data_dir: Path | None) -> SourceImages:
    """Decode every image of the folder to RGB.

    Raises:
        DatasetError: The folder, a file, a column, an image or a label is not as expected.
    """
    train_files, test_files = _both_parts(data_dir)
    train_images, train_labels = _decode_part(train_files)
    test_images, test_labels = _decode_part(test_files)
    if train_images.shape[1:] != test_images.shape[1:]:
        raise DatasetError(
            f"{test_files[0]}: images of {_size(test_images)} pixels, but {train_files[0].name}"
            f" has {_size(train_images)}; all images must be of one size"
        )
    digests = sha256_by_name(train_files + test_files)
    return SourceImages(train_images, train_labels, test_images, test_labels, digests)


def digests(data_dir: Path | None) -> dict[str, str]:
    """`SourceImages.digests` of what `read` would read, without decoding it.

    Raises:
        DatasetError: The folder or its files are not there.
    """
    train_files, test_files = _both_parts(data_dir)
    return sha256_by_name(train_files + test_files)


def _both_parts(data_dir: Path | None) -> tuple[list[Path], list[Path]]:
    if data_dir is None:
        raise DatasetError(
            "execution.data_dir: missing; the source 'parquet' needs the folder that holds"
            " train-*.parquet and test-*.parquet"
        )
    if not data_dir.is_dir():
        raise DatasetError(
            f"execution.data_dir: {data_dir} is not a folder; give the folder that holds"
            " train-*.parquet and test-*.parquet"
        )
    return _files(data_dir, "train"), _files(data_dir, "test")


def _files(folder: Path, part: str) -> list[Path]:
    files = sorted(folder.glob(f"{part}-*.parquet"))
    if not files:
        raise DatasetError(
            f"{folder}: no {part}-*.parquet; execution.data_dir must hold train-*.parquet and"
            " test-*.parquet"
        )
    return files


def _decode_part(files: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [n, h, h, 3] and labels int64 [n] of all files, in order."""
    total = sum(_open(file).metadata.num_rows for file in files)
    if not total:
        raise DatasetError(f"{files[0]}: no rows; download the data set again")
    # Filled in place: a list of images would need twice the memory when it is stacked.
    images, labels = None, np.empty(total, np.int64)
    place = 0
    for file in files:
        for row, (encoded, label) in enumerate(_rows(file)):
            image = _decode(file, row, encoded)
            if images is None:
                images = np.empty((total, *image.shape), np.uint8)
            elif image.shape != images.shape[1:]:
                raise DatasetError(
                    f"{file}: row {row} is an image of {_size(image)} pixels, the"
                    f" first was of {_size(images)}; all images must be of one size"
                )
            if label is None or label < 0:
                raise DatasetError(
                    f"{file}: row {row} has the label {label}; labels must be 0..classes-1, so"
                    " drop unlabelled rows"
                )
            images[place], labels[place] = image, label
            place += 1
    return images, labels


def _open(file: Path) -> pq.ParquetFile:
    try:
        parquet = pq.ParquetFile(file)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(file, error) from error
    schema = parquet.schema_arrow
    if not (_has_encoded_images(schema) and _has_labels(schema)):
        columns = ", ".join(f"{field.name}: {field.type}" for field in schema)
        raise DatasetError(
            f"{file}: needs columns img: struct<bytes: binary> and label: int, has {columns};"
            " rename or convert the columns"
        )
    return parquet


def _has_encoded_images(schema: pa.Schema) -> bool:
    if "img" not in schema.names or not pa.types.is_struct(schema.field("img").type):
        return False
    struct = schema.field("img").type
    position = struct.get_field_index("bytes")
    return position >= 0 and (
        pa.types.is_binary(struct.field(position).type)
        or pa.types.is_large_binary(struct.field(position).type)
    )


def _has_labels(schema: pa.Schema) -> bool:
    return "label" in schema.names and pa.types.is_integer(schema.field("label").type)


def _rows(file: Path) -> Iterator[tuple[bytes | None, int | None]]:
    try:
        for batch in _open(file).iter_batches(ROWS_PER_BATCH, columns=["img", "label"]):
            encoded = pc.struct_field(batch.column("img"), "bytes").to_pylist()
            yield from zip(encoded, batch.column("label").to_pylist(), strict=True)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> DatasetError:
    reason = " ".join(str(error).split())
    return DatasetError(f"{file}: not a readable parquet file ({reason}); download it again")


def _decode(file: Path, row: int, encoded: bytes | None) -> np.ndarray:
    """Image uint8 [h, h, 3]."""
    if encoded is None:
        raise DatasetError(
            f"{file}: row {row} has no img.bytes; a PNG or JPEG is expected, so embed the images"
        )
    try:
        with Image.open(io.BytesIO(encoded)) as picture:
            image = np.asarray(picture.convert("RGB"))
    # What Pillow raises on damaged bytes: SyntaxError is its "broken PNG file".
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DatasetError(
            f"{file}: row {row} cannot be decoded as PNG or JPEG; download the file again"
        ) from error
    if image.shape[0] != image.shape[1]:
        raise DatasetError(
            f"{file}: row {row} is an image of {_size(image)} pixels; images must be"
            " square, so crop them"
        )
    return image


def _size(images: np.ndarray) -> str:
    """Width x height of one image [h, w, 3] or several [n, h, w, 3]."""
    return f"{images.shape[-2]}x{images.shape[-3]}"

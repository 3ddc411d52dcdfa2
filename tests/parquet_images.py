"""Folders of images in the Hugging Face layout, as the source `parquet` reads them."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image


def encode(image: np.ndarray, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, kind)
    return stream.getvalue()


def write_parquet(
    path: Path, images: np.ndarray | list[bytes | None], labels: list[int | None]
) -> None:
    encoded = [encode(image) for image in images] if isinstance(images, np.ndarray) else images
    rows = [{"bytes": content, "path": None} for content in encoded]
    image_type = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    columns = {"img": pa.array(rows, image_type), "label": pa.array(labels, pa.int64())}
    pq.write_table(pa.table(columns), path, row_group_size=2)


def write_random_source(folder: Path, seed: int, classes: int = 3) -> Path:
    """A source of 200 training and 60 test images of 8 x 8 pixels; another seed, other images."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for part, count in (("train", 200), ("test", 60)):
        images = rng.integers(0, 256, (count, 8, 8, 3), np.uint8)
        labels = [number % classes for number in range(count)]
        write_parquet(folder / f"{part}-00000-of-00001.parquet", images, labels)
    return folder

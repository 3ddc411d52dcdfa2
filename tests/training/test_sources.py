"""Readers of image sources."""

import contextlib
import hashlib
import http.server
import io
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from parquet_images import encode, write_parquet
from sklearn.datasets import load_digits

from nasforge.errors import DatasetError
from nasforge.recipe import DatasetSpec
from nasforge.training.sources import cifar10, read_source, source_digests
from nasforge.training.sources.size import SIZES, SourceSize

REAL_CIFAR10 = Path(__file__).parents[3] / "shared/data/cifar10"


def spec(source: str) -> DatasetSpec:
    return DatasetSpec(source, 8, 10, 10, 10)


def random_images(count: int, height: int = 8, width: int = 8) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, height, width, 3), np.uint8)


@pytest.fixture
def parquet_folder(tmp_path: Path) -> Path:
    write_parquet(tmp_path / "train-00000-of-00001.parquet", random_images(4), [0, 1, 2, 0])
    write_parquet(tmp_path / "test-00000-of-00001.parquet", random_images(3), [0, 1, 2])
    return tmp_path


# --- sizes


def test_a_config_is_checked_by_the_size_that_the_source_has() -> None:
    read = read_source(spec("digits"), None)
    assert SIZES["digits"] == SourceSize(read.size, len(read.train_labels), len(read.test_labels))
    published = (cifar10.SIZE, 10_000 * len(cifar10.TRAIN_FILES), 10_000 * len(cifar10.TEST_FILES))
    assert SIZES["cifar10"] == SourceSize(*published)


# --- digests


def test_digests_are_those_of_what_is_read(parquet_folder: Path) -> None:
    for source in ("digits", "parquet"):
        read = read_source(spec(source), parquet_folder)
        assert source_digests(spec(source), parquet_folder) == read.digests


def test_digests_download_nothing_unless_they_may(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"data_batch_1\.bin: missing"):
        source_digests(spec("cifar10"), tmp_path, download=False)
    assert list(tmp_path.iterdir()) == []


# --- dispatch and labels


def test_source_without_reader() -> None:
    with pytest.raises(DatasetError, match=r"dataset.source: 'svhn' has no reader"):
        read_source(SimpleNamespace(source="svhn"), None)


@pytest.mark.parametrize(("train", "missing"), [([0, 1, 3, 3], 2), ([1, 2, 1, 2], 0)])
def test_gap_in_labels(parquet_folder: Path, train: list[int], missing: int) -> None:
    write_parquet(parquet_folder / "train-00000-of-00001.parquet", random_images(4), train)
    with pytest.raises(DatasetError, match=f"but {missing} has no training image"):
        read_source(spec("parquet"), parquet_folder)


def test_stray_test_label(parquet_folder: Path) -> None:
    write_parquet(parquet_folder / "test-00000-of-00001.parquet", random_images(2), [0, 10**9])
    with pytest.raises(DatasetError, match=r"label 1000000000 occurs but 3 has no training image"):
        read_source(spec("parquet"), parquet_folder)


# --- digits


def test_digits() -> None:
    source = read_source(spec("digits"), None)
    assert source.train_images.shape == (1400, 8, 8, 3)
    assert source.test_images.shape == (397, 8, 8, 3)
    assert source.train_images.dtype == source.test_images.dtype == np.uint8
    assert source.train_labels.dtype == source.test_labels.dtype == np.int64
    assert source.classes == 10
    assert source.size == 8
    data = load_digits()
    images = np.concatenate([source.train_images, source.test_images])
    assert np.abs(images[..., 0] - data.images * 255 / 16).max() <= 0.5
    assert (images == images[..., :1]).all()
    assert (np.concatenate([source.train_labels, source.test_labels]) == data.target).all()
    assert list(source.digests) == ["sklearn-digits"]
    assert source.digests == read_source(spec("digits"), None).digests


# --- parquet


def test_parquet(parquet_folder: Path) -> None:
    source = read_source(spec("parquet"), parquet_folder)
    assert (source.train_images == random_images(4)).all()
    assert (source.test_images == random_images(3)).all()
    assert source.train_labels.tolist() == [0, 1, 2, 0]
    assert source.test_labels.tolist() == [0, 1, 2]
    assert source.train_labels.dtype == np.int64
    assert source.classes == 3
    assert source.digests == {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in parquet_folder.iterdir()
    }


def test_parquet_shards_are_read_in_order(parquet_folder: Path) -> None:
    write_parquet(parquet_folder / "train-00001-of-00002.parquet", random_images(2), [2, 1])
    source = read_source(spec("parquet"), parquet_folder)
    assert source.train_labels.tolist() == [0, 1, 2, 0, 2, 1]
    assert (source.train_images[4:] == random_images(2)).all()
    assert len(source.digests) == 3


def test_parquet_jpeg_and_grey(parquet_folder: Path) -> None:
    flat = np.full((8, 8, 3), 200, np.uint8)
    encoded = [encode(flat, "JPEG"), encode(flat[..., 0]), encode(flat), encode(flat)]
    write_parquet(parquet_folder / "train-00000-of-00001.parquet", encoded, [0, 1, 2, 0])
    assert (read_source(spec("parquet"), parquet_folder).train_images == 200).all()


def test_parquet_without_data_dir() -> None:
    with pytest.raises(DatasetError, match=r"execution.data_dir: missing; .*train-.*parquet"):
        read_source(spec("parquet"), None)


def test_parquet_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"execution.data_dir: .*nowhere is not a folder"):
        read_source(spec("parquet"), tmp_path / "nowhere")


@pytest.mark.parametrize("part", ["train", "test"])
def test_parquet_missing_part(parquet_folder: Path, part: str) -> None:
    (parquet_folder / f"{part}-00000-of-00001.parquet").unlink()
    with pytest.raises(DatasetError, match=rf"no {part}-\*.parquet; execution.data_dir"):
        read_source(spec("parquet"), parquet_folder)


def test_parquet_unreadable(parquet_folder: Path) -> None:
    (parquet_folder / "train-00000-of-00001.parquet").write_bytes(b"not parquet")
    with pytest.raises(DatasetError, match=r"train-00000-of-00001.parquet: not a readable parquet"):
        read_source(spec("parquet"), parquet_folder)


def test_parquet_damaged_page(parquet_folder: Path) -> None:
    path = parquet_folder / "train-00000-of-00001.parquet"
    content = bytearray(path.read_bytes())
    content[4:64] = b"\xff" * 60
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"train-00000-of-00001.parquet: not a readable parquet"):
        read_source(spec("parquet"), parquet_folder)


@pytest.mark.parametrize(
    "columns",
    [
        {"image": [{"bytes": b""}], "label": [0]},
        {"img": [b""], "label": [0]},
        {"img": [{"path": ""}], "label": [0]},
        {"img": [{"bytes": "text"}], "label": [0]},
        {"img": [{"bytes": b""}], "fine_label": [0]},
        {"img": [{"bytes": b""}], "label": ["cat"]},
        {"img": [{"bytes": b""}], "label": [0.0]},
    ],
)
def test_parquet_wrong_columns(parquet_folder: Path, columns: dict[str, list]) -> None:
    table = pa.table(columns)
    pq.write_table(table, parquet_folder / "train-00000-of-00001.parquet")
    with pytest.raises(DatasetError) as caught:
        read_source(spec("parquet"), parquet_folder)
    message = str(caught.value)
    assert "train-00000-of-00001.parquet: needs columns img: struct<bytes: binary>" in message
    for field in table.schema:
        assert f"{field.name}: {field.type}" in message


def test_parquet_no_rows(parquet_folder: Path) -> None:
    write_parquet(parquet_folder / "test-00000-of-00001.parquet", [], [])
    with pytest.raises(DatasetError, match=r"test-00000-of-00001.parquet: no rows"):
        read_source(spec("parquet"), parquet_folder)


@pytest.mark.parametrize("damaged", [b"", b"no image", "cut"])
def test_parquet_undecodable_image(parquet_folder: Path, damaged: bytes | str) -> None:
    good = encode(random_images(1)[0])
    encoded = [good, good, good, good[:-40] if damaged == "cut" else damaged]
    write_parquet(parquet_folder / "train-00000-of-00001.parquet", encoded, [0, 1, 2, 0])
    with pytest.raises(
        DatasetError, match=r"train-00000-of-00001.parquet: row 3 cannot be decoded as PNG or JPEG"
    ):
        read_source(spec("parquet"), parquet_folder)


def test_parquet_image_without_bytes(parquet_folder: Path) -> None:
    write_parquet(parquet_folder / "train-00000-of-00001.parquet", [None], [0])
    with pytest.raises(DatasetError, match=r"row 0 has no img.bytes"):
        read_source(spec("parquet"), parquet_folder)


def test_parquet_image_not_square(parquet_folder: Path) -> None:
    images = random_images(3, height=8, width=9)
    write_parquet(parquet_folder / "train-00000-of-00001.parquet", images, [0, 1, 2])
    with pytest.raises(
        DatasetError, match=r"row 0 is an image of 9x8 pixels; images must be squar"
    ):
        read_source(spec("parquet"), parquet_folder)


def test_parquet_images_of_differing_size(parquet_folder: Path) -> None:
    encoded = [encode(random_images(1)[0]), encode(random_images(1, 16, 16)[0])]
    write_parquet(parquet_folder / "train-00000-of-00001.parquet", encoded, [0, 1])
    with pytest.raises(DatasetError, match=r"row 1 is an image of 16x16 pixels, the first.* 8x8"):
        read_source(spec("parquet"), parquet_folder)


def test_parquet_parts_of_differing_size(parquet_folder: Path) -> None:
    images = random_images(3, 16, 16)
    write_parquet(parquet_folder / "test-00000-of-00001.parquet", images, [0, 1, 2])
    with pytest.raises(DatasetError, match=r"test-.*images of 16x16 pixels, but train-.* has 8x8"):
        read_source(spec("parquet"), parquet_folder)


@pytest.mark.parametrize("label", [-1, None])
def test_parquet_bad_label(parquet_folder: Path, label: int | None) -> None:
    path = parquet_folder / "train-00000-of-00001.parquet"
    write_parquet(path, random_images(4), [0, 1, label, 2])
    with pytest.raises(DatasetError, match=f"train-.*: row 2 has the label {label}; labels must"):
        read_source(spec("parquet"), parquet_folder)


@pytest.mark.skipif(not REAL_CIFAR10.is_dir(), reason=f"no real CIFAR-10 at {REAL_CIFAR10}")
def test_parquet_real_cifar10() -> None:
    source = read_source(spec("parquet"), REAL_CIFAR10)
    assert source.train_images.shape == (50000, 32, 32, 3)
    assert source.test_images.shape == (10000, 32, 32, 3)
    assert np.bincount(source.train_labels).tolist() == [5000] * 10
    assert np.bincount(source.test_labels).tolist() == [1000] * 10
    # The channel means everyone normalises CIFAR-10 with.
    mean = source.train_images.mean(axis=(0, 1, 2)) / 255
    assert mean == pytest.approx([0.4914, 0.4822, 0.4465], abs=0.002)


# --- cifar10


def cifar10_content(name: str) -> bytes:
    """Twenty records, two of each class."""
    rng = np.random.default_rng(sum(name.encode()))
    records = rng.integers(0, 256, (20, cifar10.RECORD_BYTES), np.uint8)
    records[:, 0] = np.arange(20) % 10
    return records.tobytes()


def cifar10_archive(names: tuple[str, ...] = cifar10.TRAIN_FILES + cifar10.TEST_FILES) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(f"{cifar10.FOLDER}/{name}")
            member.size = len(cifar10_content(name))
            tar.addfile(member, io.BytesIO(cifar10_content(name)))
    return stream.getvalue()


def write_cifar10(data_dir: Path) -> Path:
    folder = data_dir / cifar10.FOLDER
    folder.mkdir(parents=True)
    for name in cifar10.TRAIN_FILES + cifar10.TEST_FILES:
        (folder / name).write_bytes(cifar10_content(name))
    return folder


class Site:
    """A loopback stand-in for the CIFAR-10 home page."""

    def __init__(self) -> None:
        self.archive = cifar10_archive()
        self.sent_bytes: int | None = None
        self.requests = 0
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.requests += 1
                self.send_response(200)
                self.send_header("Content-Length", str(len(site.archive)))
                self.end_headers()
                # torchvision looks at the header first, then hangs up.
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(site.archive[: site.sent_bytes])

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/cifar-10-binary.tar.gz"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(cifar10, "CIFAR10_URL", site.url)
    monkeypatch.setattr(cifar10, "CIFAR10_MD5", hashlib.md5(site.archive).hexdigest())
    yield site
    site.server.shutdown()
    site.server.server_close()
    thread.join()


def test_cifar10_record_layout(tmp_path: Path) -> None:
    write_cifar10(tmp_path)
    source = read_source(spec("cifar10"), tmp_path)
    assert source.train_images.shape == (100, 32, 32, 3)
    assert source.test_images.shape == (20, 32, 32, 3)
    assert source.classes == 10
    assert source.train_labels.tolist() == [*range(10)] * 10
    assert source.train_labels.dtype == np.int64
    record = cifar10_content("data_batch_2.bin")[3 * 3073 : 4 * 3073]
    image = source.train_images[23]
    for row, column, channel in [(0, 0, 0), (5, 7, 1), (31, 30, 2)]:
        assert image[row, column, channel] == record[1 + 1024 * channel + 32 * row + column]
    assert source.digests == {
        name: hashlib.sha256(cifar10_content(name)).hexdigest()
        for name in cifar10.TRAIN_FILES + cifar10.TEST_FILES
    }


def test_cifar10_is_downloaded_once(tmp_path: Path, site: Site) -> None:
    data_dir = tmp_path / "deep" / "data"
    first = read_source(spec("cifar10"), data_dir)
    assert site.requests > 0
    assert [path.name for path in data_dir.iterdir()] == [cifar10.FOLDER]
    requests = site.requests
    second = read_source(spec("cifar10"), data_dir)
    assert site.requests == requests
    assert (first.train_images == second.train_images).all()
    assert first.digests == second.digests


def test_cifar10_archive_put_by_hand(tmp_path: Path, site: Site) -> None:
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(site.archive)
    assert read_source(spec("cifar10"), tmp_path).classes == 10
    assert site.requests == 0


def test_cifar10_wrong_archive_put_by_hand(tmp_path: Path, site: Site) -> None:
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(b"half")
    with pytest.raises(DatasetError, match=r"cifar-10-binary.tar.gz: its MD5 is not .*; delete it"):
        read_source(spec("cifar10"), tmp_path)
    assert site.requests == 0


def test_cifar10_wrong_checksum(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cifar10, "CIFAR10_MD5", "0" * 32)
    with pytest.raises(DatasetError) as caught:
        read_source(spec("cifar10"), tmp_path)
    message = str(caught.value)
    assert site.url in message
    assert "corrupted" in message
    assert f"put cifar-10-binary.tar.gz into {tmp_path} by hand" in message
    assert "source 'parquet'" in message
    assert "\n" not in message
    assert list(tmp_path.iterdir()) == []


def test_cifar10_interrupted_download_is_not_taken_for_complete(tmp_path: Path, site: Site) -> None:
    site.sent_bytes = 100
    with pytest.raises(DatasetError, match=f"cannot be had from {site.url}"):
        read_source(spec("cifar10"), tmp_path)
    assert list(tmp_path.iterdir()) == []
    site.sent_bytes = None
    assert read_source(spec("cifar10"), tmp_path).classes == 10


def test_cifar10_litter_of_a_killed_process_is_not_taken_for_complete(
    tmp_path: Path, site: Site
) -> None:
    (tmp_path / ".cifar10-killed" / cifar10.FOLDER).mkdir(parents=True)
    assert read_source(spec("cifar10"), tmp_path).classes == 10
    assert site.requests > 0


def test_cifar10_no_network(tmp_path: Path, site: Site) -> None:
    site.server.shutdown()
    site.server.server_close()
    with pytest.raises(DatasetError, match=f"cannot be had from {site.url} .*refused.*by hand"):
        read_source(spec("cifar10"), tmp_path)


def test_cifar10_other_process_was_first(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def rename_second(source: Path, target: Path) -> None:
        write_cifar10(tmp_path)
        rename(source, target)

    monkeypatch.setattr(Path, "rename", rename_second)
    assert read_source(spec("cifar10"), tmp_path).classes == 10


def test_cifar10_archive_without_the_folder(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.archive = cifar10_archive(names=())
    monkeypatch.setattr(cifar10, "CIFAR10_MD5", hashlib.md5(site.archive).hexdigest())
    with pytest.raises(DatasetError, match=r"cannot be had from .*FileNotFoundError"):
        read_source(spec("cifar10"), tmp_path)


def test_cifar10_without_data_dir() -> None:
    with pytest.raises(DatasetError, match=r"execution.data_dir: missing; .*download into"):
        read_source(spec("cifar10"), None)


def test_cifar10_missing_file(tmp_path: Path) -> None:
    (write_cifar10(tmp_path) / "data_batch_3.bin").unlink()
    with pytest.raises(DatasetError, match=r"data_batch_3.bin: missing; delete .*batches-bin"):
        read_source(spec("cifar10"), tmp_path)


@pytest.mark.parametrize("length", [0, 3072, 20 * 3073 + 1])
def test_cifar10_wrong_length(tmp_path: Path, length: int) -> None:
    (write_cifar10(tmp_path) / "data_batch_4.bin").write_bytes(bytes(length))
    with pytest.raises(
        DatasetError, match=f"data_batch_4.bin: {length} bytes, must be a multiple of 3073"
    ):
        read_source(spec("cifar10"), tmp_path)

"""Splitting, downsampling, writing and mapping the images."""

import dataclasses
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasforge.errors import DatasetError
from nasforge.protocols import IMAGES_PROTOCOL
from nasforge.recipe import DatasetSpec
from nasforge.training import prepare as prepare_module
from nasforge.training.dataset import ImageSet
from nasforge.training.prepare import prepare
from nasforge.training.sources import SourceImages, read_source

CLASS_COUNTS = (60, 30, 10)
SPEC = DatasetSpec(
    source="parquet", image_size=8, train_images=40, validation_images=20, test_images=10
)


def coded_images(first: int, count: int, size: int = 8) -> np.ndarray:
    """Flat images whose red and green say which one it is."""
    images = np.zeros((count, size, size, 3), np.uint8)
    codes = np.arange(first, first + count)
    images[..., 0] = (codes // 256)[:, None, None]
    images[..., 1] = (codes % 256)[:, None, None]
    images[..., 2] = (codes * 7 % 251)[:, None, None]
    return images


def codes(images: np.ndarray) -> list[int]:
    """What `coded_images` wrote into images [n, 3, s, s]."""
    return (images[:, 0, 0, 0].astype(int) * 256 + images[:, 1, 0, 0]).tolist()


def coded_source(size: int = 8) -> SourceImages:
    labels = np.repeat(np.arange(3, dtype=np.int64), CLASS_COUNTS)[np.arange(100) * 37 % 100]
    return SourceImages(
        coded_images(200, 100, size),
        labels,
        coded_images(1000, 100, size),
        labels[::-1],
        {"f": "d"},
    )


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> SourceImages:
    images = coded_source()
    monkeypatch.setattr(prepare_module, "read_source", lambda spec, data_dir: images)
    return images


def made(folder: Path, **changes: int) -> ImageSet:
    prepare(dataclasses.replace(SPEC, **changes), None, folder)
    return ImageSet.open(folder)


def test_files_and_manifest(tmp_path: Path, source: SourceImages) -> None:
    folder = tmp_path / "new" / "images"
    manifest = prepare(SPEC, None, folder)
    assert json.loads((folder / "dataset.json").read_text()) == manifest
    names = {f"{s}_{k}.npy" for s in ("train", "validation", "test") for k in ("images", "labels")}
    assert {path.name for path in folder.iterdir()} == names | {"dataset.json"}
    assert manifest["protocol"] == IMAGES_PROTOCOL
    assert manifest["dataset_id"] == SPEC.dataset_id({"f": "d"})
    assert manifest["spec"] == SPEC.to_dict()
    assert manifest["sources"] == {"f": "d"}
    assert manifest["classes"] == 3
    assert manifest["counts"] == {"train": 40, "validation": 20, "test": 10}
    assert manifest["sha256"] == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names
    }


def test_open(tmp_path: Path, source: SourceImages) -> None:
    images = made(tmp_path)
    for split, count in ((images.train, 40), (images.validation, 20), (images.test, 10)):
        assert isinstance(split.images, np.memmap)
        assert not split.images.flags.writeable
        assert split.images.shape == (count, 3, 8, 8)
        assert split.images.dtype == np.uint8
        assert split.labels.shape == (count,)
        assert split.labels.dtype == np.int64
    assert (images.classes, images.image_size) == (3, 8)
    assert images.dataset_id == SPEC.dataset_id({"f": "d"})
    assert images.mean.dtype == images.std.dtype == np.float32


def test_labels_stay_with_their_images(tmp_path: Path, source: SourceImages) -> None:
    images = made(tmp_path)
    for split in (images.train, images.validation):
        assert split.labels.tolist() == [source.train_labels[c - 200] for c in codes(split.images)]
    expected = [source.test_labels[code - 1000] for code in codes(images.test.images)]
    assert images.test.labels.tolist() == expected


def test_splits_are_stratified(tmp_path: Path, source: SourceImages) -> None:
    images = made(tmp_path)
    assert np.bincount(images.validation.labels).tolist() == [12, 6, 2]
    assert np.bincount(images.train.labels).tolist() == [24, 12, 4]
    assert np.bincount(images.test.labels).tolist() == [6, 3, 1]


def test_splits_are_disjoint(tmp_path: Path, source: SourceImages) -> None:
    images = made(tmp_path, train_images=80)
    together = codes(images.train.images) + codes(images.validation.images)
    assert sorted(together) == list(range(200, 300))


def test_train_images_do_not_move_validation_or_test(tmp_path: Path, source: SourceImages) -> None:
    small, large = made(tmp_path / "a", train_images=7), made(tmp_path / "b", train_images=80)
    assert codes(small.validation.images) == codes(large.validation.images)
    assert codes(small.test.images) == codes(large.test.images)


def test_split_seed(tmp_path: Path, source: SourceImages) -> None:
    first, again = made(tmp_path / "a"), made(tmp_path / "b")
    other = made(tmp_path / "c", split_seed=1)
    for split in ("train", "validation", "test"):
        images = [codes(getattr(image_set, split).images) for image_set in (first, again, other)]
        assert images[0] == images[1]
        assert images[0] != images[2]


def test_split_is_the_published_one(tmp_path: Path, source: SourceImages) -> None:
    """Fails when a change would silently give everyone another split: raise IMAGES_PROTOCOL."""
    images = made(tmp_path)
    assert codes(images.test.images) == [1004, 1007, 1010, 1035, 1038, 1041, 1054, 1060, 1079, 1086]
    assert codes(images.validation.images)[:5] == [202, 203, 211, 213, 215]


@given(
    counts=st.lists(st.integers(1, 400), min_size=1, max_size=12),
    fraction=st.floats(0, 1),
)
def test_quotas(counts: list[int], fraction: float) -> None:
    total = sum(counts)
    asked = round(fraction * total)
    quotas = prepare_module._quotas(np.array(counts), asked)
    assert quotas.sum() == asked
    for quota, count in zip(quotas, counts, strict=True):
        assert 0 <= quota <= count
        assert abs(quota - count * asked / total) < 1


def test_quotas_by_largest_remainder() -> None:
    assert prepare_module._quotas(np.array([50, 30, 21]), 10).tolist() == [5, 3, 2]
    assert prepare_module._quotas(np.array([10, 10, 10]), 10).tolist() == [4, 3, 3]
    assert prepare_module._quotas(np.array([17, 18, 65]), 10).tolist() == [2, 2, 6]


def test_downsampling_is_the_rounded_mean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    images = coded_source(size=16)
    # Block means of 1.25, 2.5 (half goes up) and 254.75.
    images.train_images[0, :2, :2, 0] = [[0, 1], [2, 2]]
    images.train_images[0, 2:4, :2, 1] = [[2, 3], [2, 3]]
    images.train_images[0, 14:, 12:14, 2] = [[255, 255], [254, 255]]
    monkeypatch.setattr(prepare_module, "read_source", lambda spec, data_dir: images)
    downsampled = made(tmp_path, validation_images=20, train_images=80)
    together = np.concatenate([downsampled.train.images, downsampled.validation.images])
    assert together.shape == (100, 3, 8, 8)
    first = together[codes(together[:, :, 4:, 4:]).index(200)]
    assert (first[0, 0, 0], first[1, 1, 0], first[2, 7, 6]) == (1, 3, 255)


def test_downsampling_by_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(1).integers(0, 256, (10, 12, 12, 3), np.uint8)
    whole = prepare_module._downsample(images, 3)
    monkeypatch.setattr(prepare_module, "IMAGES_PER_CHUNK", 4)
    assert (prepare_module._downsample(images, 3) == whole).all()
    mean = images.reshape(10, 4, 3, 4, 3, 3).mean(axis=(2, 4))
    assert np.abs(whole - mean).max() <= 0.5


def test_factor_one_keeps_the_pixels(tmp_path: Path, source: SourceImages) -> None:
    images = made(tmp_path)
    kept = source.train_images[np.array(codes(images.train.images)) - 200]
    assert (images.train.images == kept.transpose(0, 3, 1, 2)).all()


def test_mean_and_std(tmp_path: Path) -> None:
    spec = DatasetSpec("digits", 8, 100, 50, 50)
    manifest = prepare(spec, None, tmp_path)
    images = ImageSet.open(tmp_path)
    scaled = images.train.images / 255
    assert manifest["mean"] == pytest.approx(scaled.mean(axis=(0, 2, 3)))
    assert manifest["std"] == pytest.approx(scaled.std(axis=(0, 2, 3)))
    assert images.mean == pytest.approx(np.float32(manifest["mean"]))
    assert images.std == pytest.approx(np.float32(manifest["std"]))


def test_digits_end_to_end(tmp_path: Path) -> None:
    spec = DatasetSpec("digits", 8, 1000, 400, 397)
    prepare(spec, None, tmp_path)
    images = ImageSet.open(tmp_path)
    assert images.classes == 10
    assert len(images.train.labels) == 1000
    source = read_source(spec, None)
    assert (images.test.images == source.test_images.transpose(0, 3, 1, 2)).all()


def test_import_needs_no_torch() -> None:
    code = "import sys, nasforge.training.prepare; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# --- refusals of prepare


@pytest.mark.parametrize(("size", "image_size"), [(32, 12), (8, 16)])
def test_size_not_a_multiple(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: int, image_size: int
) -> None:
    monkeypatch.setattr(prepare_module, "read_source", lambda spec, data_dir: coded_source(size))
    with pytest.raises(DatasetError, match=f"image_size: {image_size} does not divide the {size} "):
        made(tmp_path, image_size=image_size)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"validation_images": 101}, "validation_images: 101 asked, .* has 100 to draw from"),
        ({"train_images": 81}, "train_images: 81 asked, .* has 80 left after validation"),
        ({"test_images": 101}, "test_images: 101 asked, .* has 100 to draw from"),
    ],
)
def test_impossible_split(
    tmp_path: Path, source: SourceImages, changes: dict[str, int], message: str
) -> None:
    with pytest.raises(DatasetError, match=f"^dataset.{message}"):
        made(tmp_path, **changes)
    assert list(tmp_path.iterdir()) == []


def test_constant_channel(tmp_path: Path, source: SourceImages) -> None:
    source.train_images[..., 2] = 9
    with pytest.raises(DatasetError, match="channel 2 has one value in all training images"):
        made(tmp_path)


def test_failed_rerun_leaves_no_manifest_for_mixed_arrays(
    tmp_path: Path, source: SourceImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path)
    replace = Path.replace

    def replace_until_labels(old: Path, new: Path) -> None:
        if new.name == "train_labels.npy":
            raise OSError("disk full")
        replace(old, new)

    monkeypatch.setattr(Path, "replace", replace_until_labels)
    with pytest.raises(OSError, match="disk full"):
        made(tmp_path, split_seed=1)
    with pytest.raises(DatasetError, match=r"dataset.json: missing .*prepare_images"):
        ImageSet.open(tmp_path)
    assert not list(tmp_path.glob(".prepare-*"))


# --- refusals of open


def test_open_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"dataset.json: missing .*rerun the prepare_images"):
        ImageSet.open(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "{}", '{"protocol": 1}', b"\xff\xfe"],
    ids=["cut", "list", "empty", "keys", "binary"],
)
def test_open_bad_manifest(tmp_path: Path, source: SourceImages, text: str | bytes) -> None:
    made(tmp_path)
    (tmp_path / "dataset.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DatasetError, match=r"dataset.json: missing or damaged .*prepare_images"):
        ImageSet.open(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"protocol": 0}, f"protocol 0, expected {IMAGES_PROTOCOL}"),
        ({"mean": [0.5]}, "mean and std must have 3 numbers"),
        ({"std": None}, "mean and std must have 3 numbers"),
        ({"counts": {"train": 40}}, "KeyError: 'validation'"),
    ],
)
def test_open_wrong_manifest(
    tmp_path: Path, source: SourceImages, changes: dict[str, object], message: str
) -> None:
    made(tmp_path)
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(DatasetError, match=rf"dataset.json: missing or damaged \({message}"):
        ImageSet.open(tmp_path)


def test_a_pixel_that_changed_is_not_trained_on(tmp_path: Path, source: SourceImages) -> None:
    folder = tmp_path / "images"
    prepare(SPEC, None, folder)
    for name in ("train_images.npy", "test_labels.npy"):
        content = bytearray((folder / name).read_bytes())
        content[-3] ^= 4
        (folder / name).write_bytes(content)
        with pytest.raises(DatasetError, match=rf"{name}: missing or damaged \(its bytes have SHA"):
            ImageSet.open(folder)
        content[-3] ^= 4
        (folder / name).write_bytes(content)
        ImageSet.open(folder)


def test_open_missing_array(tmp_path: Path, source: SourceImages) -> None:
    made(tmp_path)
    (tmp_path / "test_labels.npy").unlink()
    with pytest.raises(DatasetError, match=r"test_labels.npy: missing .*rerun the prepare_images"):
        ImageSet.open(tmp_path)


@pytest.mark.parametrize("length", [0, 50, 500])
def test_open_cut_array(tmp_path: Path, source: SourceImages, length: int) -> None:
    made(tmp_path)
    path = tmp_path / "train_images.npy"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(DatasetError, match=r"train_images.npy: missing or damaged .*prepare_image"):
        ImageSet.open(tmp_path)


@pytest.mark.parametrize(
    ("array", "found"),
    [
        (np.zeros((40, 8, 8, 3), np.uint8), r"uint8 \[40, 8, 8, 3\]"),
        (np.zeros((39, 3, 8, 8), np.uint8), r"uint8 \[39, 3, 8, 8\]"),
        (np.zeros((40, 3, 8, 8), np.float32), r"float32 \[40, 3, 8, 8\]"),
    ],
)
def test_open_other_array(
    tmp_path: Path, source: SourceImages, array: np.ndarray, found: str
) -> None:
    made(tmp_path)
    np.save(tmp_path / "train_images.npy", array)
    expected = rf"train_images.npy: .*{found}, expected uint8 \[40, 3, 8, 8\]\); rerun"
    with pytest.raises(DatasetError, match=expected):
        ImageSet.open(tmp_path)


@pytest.mark.parametrize("kind", ["npz", "pickle"])
def test_open_never_unpickles_or_unzips(tmp_path: Path, source: SourceImages, kind: str) -> None:
    made(tmp_path)
    with (tmp_path / "train_labels.npy").open("wb") as stream:
        if kind == "npz":
            np.savez(stream, labels=np.zeros(40, np.int64))
        else:
            np.save(stream, np.array([None] * 40), allow_pickle=True)
    with pytest.raises(DatasetError, match=r"train_labels.npy: missing or damaged"):
        ImageSet.open(tmp_path)

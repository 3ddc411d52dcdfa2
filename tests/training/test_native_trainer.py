"""The native trainer against the PyTorch one, batch by batch."""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from nasforge.recipe import Recipe
from nasforge.space.darts import Genotype
from nasforge.training.augmentation import crop_and_flip, cut_out
from nasforge.training.batches import Batch, epoch_batches
from nasforge.training.dataset import ImageSet, Split
from nasforge.training.native.build import NativeEngineError, find_compiler
from nasforge.training.native.trainer import NativeTrainer
from nasforge.training.torch_trainer import TorchTrainer

try:
    find_compiler()
except NativeEngineError as error:
    pytest.skip(str(error), allow_module_level=True)

OPTIONS = {
    "plain": {"momentum": 0.0, "crop_padding": 0, "flip": False},
    "momentum": {"momentum": 0.9},
    "nesterov": {"nesterov": True},
    "weight decay": {"weight_decay": 0.01},
    "clip": {"gradient_clip": 0.5},
    "cutout": {"cutout": 6},
    "mixup": {"mixup": 0.5},
    "drop path": {"drop_path": 0.3},
    "all": {
        "nesterov": True,
        "weight_decay": 0.001,
        "gradient_clip": 2.0,
        "cutout": 4,
        "mixup": 1.0,
        "drop_path": 0.2,
    },
}


@pytest.fixture(scope="module")
def small(recipe: Recipe) -> Recipe:
    """Five steps an epoch, the last of one image more than a vector or less."""
    return dataclasses.replace(recipe, batch_size=20, epochs=4, learning_rate=0.005)


@pytest.fixture
def trainer(genotype: Genotype, small: Recipe, images: ImageSet) -> Iterator[NativeTrainer]:
    with NativeTrainer(genotype, small, images, seed=1) as trainer:
        yield trainer


def batches(recipe: Recipe, images: ImageSet, epoch: int = 1) -> list[Batch]:
    return list(epoch_batches(recipe, len(images.train.labels), images.image_size, 1, epoch))


def losses(
    trainer: NativeTrainer | TorchTrainer, recipe: Recipe, images: ImageSet
) -> list[tuple[float, float]]:
    """Loss and accuracy of the ten steps of two epochs."""
    result = []
    for epoch in (1, 2):
        for batch in batches(recipe, images, epoch):
            trainer.train_batch(batch)
            result.append(trainer.training_means())
    return result


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_ten_steps_as_in_pytorch(
    genotype: Genotype, small: Recipe, images: ImageSet, options: dict
) -> None:
    recipe = dataclasses.replace(small, **options)
    with NativeTrainer(genotype, recipe, images, seed=1) as native:
        ours = np.array(losses(native, recipe, images))
        ours_evaluated = np.array([native.evaluate(name) for name in ("validation", "test")])
    reference = TorchTrainer(genotype, recipe, images, 1, "cpu")
    theirs = np.array(losses(reference, recipe, images))
    assert len(ours) == 10
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-6)
    np.testing.assert_allclose(ours[:, 0], theirs[:, 0], rtol=1e-3)
    theirs_evaluated = [reference.evaluate(name) for name in ("validation", "test")]
    np.testing.assert_allclose(ours_evaluated[:, 0], np.array(theirs_evaluated)[:, 0], rtol=1e-3)


def test_every_option_changes_the_training(
    genotype: Genotype, small: Recipe, images: ImageSet
) -> None:
    """Else the test above would compare nothing."""
    seen = set()
    for options in OPTIONS.values():
        recipe = dataclasses.replace(small, **options)
        with NativeTrainer(genotype, recipe, images, seed=1) as native:
            seen.add(tuple(losses(native, recipe, images)))
    # "momentum" is what the others build on.
    assert len(seen) == len(OPTIONS)


@pytest.mark.parametrize("cutout", [0, 2, 4, 6, 20])
@pytest.mark.parametrize(("padding", "flip"), [(0, False), (0, True), (1, False), (3, True)])
def test_augmented_pixels_are_exactly_those_of_pytorch(
    genotype: Genotype, small: Recipe, images: ImageSet, padding: int, flip: bool, cutout: int
) -> None:
    recipe = dataclasses.replace(small, crop_padding=padding, flip=flip, cutout=cutout)
    batch = batches(recipe, images)[0]
    with NativeTrainer(genotype, recipe, images, seed=1) as native:
        native.train_batch(batch)
        inputs = native._network.inputs()
    index, *places = map(
        torch.from_numpy, (batch.index, batch.rows, batch.columns, batch.mirrored.copy())
    )
    pixels = crop_and_flip(torch.from_numpy(images.train.images)[index], *places, padding)
    scale, shift = (
        torch.from_numpy(array).view(1, -1, 1, 1)
        for array in (1.0 / (255.0 * images.std), -images.mean / images.std)
    )
    expected = torch.addcmul(shift, pixels.float(), scale)
    if cutout:
        centres = map(torch.from_numpy, (batch.cutout_rows, batch.cutout_columns))
        expected = cut_out(expected, *centres, cutout)
    assert np.array_equal(inputs, expected.numpy())


def test_mixed_pixels_are_those_of_pytorch(
    genotype: Genotype, small: Recipe, images: ImageSet
) -> None:
    recipe = dataclasses.replace(small, mixup=1.0, cutout=4)
    batch = batches(recipe, images)[0]
    with NativeTrainer(genotype, recipe, images, seed=1) as native:
        native.train_batch(batch)
        inputs = native._network.inputs()
    expected, _ = TorchTrainer(genotype, recipe, images, 1, "cpu")._inputs(batch)
    np.testing.assert_allclose(inputs, expected.numpy(), rtol=0, atol=1e-6)


def test_evaluation_counts_every_image_once(
    genotype: Genotype, small: Recipe, images: ImageSet
) -> None:
    """48 and 45 images: less than a chunk, and more than one chunk of 20 would hold."""
    with NativeTrainer(genotype, small, images, seed=1) as native:
        reference = TorchTrainer(genotype, small, images, 1, "cpu")
        for name in ("validation", "test"):
            assert native.evaluate(name) == pytest.approx(reference.evaluate(name), rel=1e-5)


def test_evaluation_in_several_chunks(genotype: Genotype, small: Recipe, images: ImageSet) -> None:
    swapped = dataclasses.replace(images, validation=images.train)  # 96 images, chunks of 64
    with NativeTrainer(genotype, small, swapped, seed=1) as native:
        reference = TorchTrainer(genotype, small, swapped, 1, "cpu")
        assert native.evaluate("validation") == pytest.approx(
            reference.evaluate("validation"), rel=1e-5
        )


def test_training_means_are_over_the_images_since_the_last_call(
    trainer: NativeTrainer, genotype: Genotype, small: Recipe, images: ImageSet
) -> None:
    twin_losses = []
    for batch in batches(small, images):
        trainer.train_batch(batch)
        twin_losses.append((trainer.training_means(), len(batch.index)))
    total = sum(count for _, count in twin_losses)
    assert total == 96
    with NativeTrainer(genotype, small, images, seed=1) as other:
        for batch in batches(small, images):
            other.train_batch(batch)
        means = other.training_means()
    for i in (0, 1):
        expected = sum(values[i] * count for values, count in twin_losses) / total
        assert means[i] == pytest.approx(expected, rel=1e-12)


def test_two_runs_are_the_same_bit_for_bit(
    genotype: Genotype, small: Recipe, images: ImageSet
) -> None:
    recipe = dataclasses.replace(small, **OPTIONS["all"])
    runs = []
    for _ in range(2):
        with NativeTrainer(genotype, recipe, images, seed=1) as native:
            runs.append((losses(native, recipe, images), native.evaluate("test"), native.state()))
    assert runs[0][:2] == runs[1][:2]
    for name, array in runs[0][2].items():
        assert np.array_equal(array, runs[1][2][name])


def test_a_restored_state_goes_on_bit_for_bit(
    genotype: Genotype, small: Recipe, images: ImageSet
) -> None:
    with NativeTrainer(genotype, small, images, seed=1) as first:
        losses(first, small, images)
        state = first.state()
        expected = losses(first, small, images), first.evaluate("test")
    with NativeTrainer(genotype, small, images, seed=2) as second:
        second.load_state(state)
        assert (losses(second, small, images), second.evaluate("test")) == expected


def test_a_state_is_a_copy(trainer: NativeTrainer, small: Recipe, images: ImageSet) -> None:
    before = trainer.state()
    kept = {name: array.copy() for name, array in before.items()}
    losses(trainer, small, images)
    assert all(np.array_equal(before[name], kept[name]) for name in kept)
    assert not np.array_equal(trainer.state()["native.parameters"], kept["native.parameters"])


def test_a_state_of_another_network_is_refused_and_changes_nothing(
    trainer: NativeTrainer, genotype: Genotype, small: Recipe, images: ImageSet
) -> None:
    before = trainer.state()
    wide = dataclasses.replace(small, channels=6)
    with (
        NativeTrainer(genotype, wide, images, seed=1) as other,
        pytest.raises(ValueError, match="p"),
    ):
        trainer.load_state(other.state())
    with pytest.raises(KeyError):
        trainer.load_state(TorchTrainer(genotype, small, images, 1, "cpu").state())
    assert all(np.array_equal(before[name], array) for name, array in trainer.state().items())


def test_a_loss_that_is_no_number_is_seen(
    genotype: Genotype, small: Recipe, images: ImageSet
) -> None:
    recipe = dataclasses.replace(small, learning_rate=1e30)
    with NativeTrainer(genotype, recipe, images, seed=1) as native:
        for batch in batches(recipe, images):
            native.train_batch(batch)
        assert not math.isfinite(native.training_means()[0])
        assert not math.isfinite(native.evaluate("validation")[0])


@pytest.mark.parametrize("operation", ["max_pool_3x3", "avg_pool_3x3", "skip_connect"])
def test_a_nan_passes_through_every_operation(
    small: Recipe, images: ImageSet, operation: str
) -> None:
    cell = tuple((operation, source) for source in (0, 1, 0, 1, 0, 1, 0, 1))
    with NativeTrainer(Genotype(cell, cell), small, images, seed=1) as native:
        native._network.parameters[0] = np.nan
        native.train_batch(batches(small, images)[0])
        assert math.isnan(native.training_means()[0])


def test_a_batch_of_images_that_do_not_exist_is_refused(
    trainer: NativeTrainer, small: Recipe, images: ImageSet
) -> None:
    batch = batches(small, images)[0]
    for index in (np.full(20, 96), np.full(20, -1), np.zeros(65, dtype=np.int64)):
        with pytest.raises(IndexError):
            trainer.train_batch(dataclasses.replace(batch, index=index))


def test_bf16_is_left_to_pytorch(genotype: Genotype, small: Recipe, images: ImageSet) -> None:
    with pytest.raises(NativeEngineError, match="precision"):
        NativeTrainer(genotype, dataclasses.replace(small, precision="bf16"), images, seed=1)


def test_the_memory_is_freed_once(genotype: Genotype, small: Recipe, images: ImageSet) -> None:
    native = NativeTrainer(genotype, small, images, seed=1)
    native.close()
    native.close()
    del native


def test_the_auxiliary_head_trains_as_in_pytorch(genotype: Genotype, recipe: Recipe) -> None:
    rng = np.random.default_rng(0)
    split = Split(rng.integers(0, 256, (24, 3, 32, 32), dtype=np.uint8), rng.integers(0, 3, 24))
    half = np.full(3, 0.5, np.float32)
    large = ImageSet(split, split, split, half, half, 3, 32, "0" * 16)
    with_head = dataclasses.replace(
        recipe, channels=2, batch_size=12, learning_rate=0.005, auxiliary_weight=0.4
    )
    reference = TorchTrainer(genotype, with_head, large, 1, "cpu")
    with NativeTrainer(genotype, with_head, large, seed=1) as native:
        ours, theirs = (losses(t, with_head, large) for t in (native, reference))
        np.testing.assert_allclose(np.array(ours)[:, 0], np.array(theirs)[:, 0], rtol=1e-3)
        alone = dataclasses.replace(batches(with_head, large)[0], index=np.zeros(1, np.int64))
        with pytest.raises(ValueError, match="auxiliary head"):
            native.train_batch(alone)

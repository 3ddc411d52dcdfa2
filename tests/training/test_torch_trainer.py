"""The PyTorch backend: mixup, drop path, the auxiliary loss, and going on from a state."""

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from nasforge.errors import ConfigError
from nasforge.recipe import Recipe
from nasforge.space.darts import Genotype
from nasforge.training.batches import epoch_batches
from nasforge.training.dataset import ImageSet
from nasforge.training.torch_trainer import TorchTrainer, _memory_format, initial_network

REGULARISED = {
    "weight_decay": 1e-3,
    "nesterov": True,
    "cutout": 4,
    "mixup": 0.2,
    "drop_path": 0.2,
    "gradient_clip": 5.0,
}


def test_a_mixed_batch_has_the_loss_of_both_labels(
    genotype: Genotype, recipe: Recipe, images: ImageSet
) -> None:
    plain = dataclasses.replace(recipe, crop_padding=0, flip=False, mixup=0.4)
    trainer = TorchTrainer(genotype, plain, images, seed=1, device="cpu")
    batch = next(epoch_batches(plain, 96, 8, seed=1, epoch=1))
    trainer.train_batch(batch)
    loss, accuracy = trainer.training_means()

    network = initial_network(genotype, plain, images, seed=1)
    values = (images.train.images[batch.index] / 255.0 - images.mean.reshape(3, 1, 1)) / (
        images.std.reshape(3, 1, 1)
    )
    mixed = batch.mix_weight * values + (1 - batch.mix_weight) * values[batch.partner]
    logits = network(torch.from_numpy(mixed.astype(np.float32)))
    labels = torch.from_numpy(images.train.labels[batch.index])
    expected = batch.mix_weight * functional.cross_entropy(logits, labels) + (
        1 - batch.mix_weight
    ) * functional.cross_entropy(logits, labels[batch.partner])
    assert 0.0 < batch.mix_weight < 1.0
    assert loss == pytest.approx(expected.item(), rel=1e-5)
    assert accuracy == (logits.argmax(1) == labels).double().mean()


def test_dropped_edges_add_nothing_and_identities_are_never_dropped(
    genotype: Genotype, recipe: Recipe, images: ImageSet
) -> None:
    network = initial_network(genotype, recipe, images, seed=1).eval()
    inputs = torch.randn(6, 3, 8, 8)
    cell = network.cells[0]
    stem = network.stem(inputs)
    with torch.no_grad():
        ones, zeros = torch.ones(8, 6), torch.zeros(8, 6)
        assert torch.equal(cell(stem, stem, ones), cell(stem, stem))
        dropped = cell(stem, stem, zeros)
        nodes = [cell.preprocess_0(stem), cell.preprocess_1(stem)]
        for first in range(0, 8, 2):
            identities = [
                nodes[cell.sources[i]]
                for i in (first, first + 1)
                if isinstance(cell.edges[i], torch.nn.Identity)
            ]
            nodes.append(sum(identities, torch.zeros_like(nodes[0])))
    assert any(isinstance(edge, torch.nn.Identity) for edge in cell.edges)
    assert torch.equal(dropped, torch.cat(nodes[2:], dim=1))


def test_drop_path_is_per_image(genotype: Genotype, recipe: Recipe, images: ImageSet) -> None:
    network = initial_network(genotype, recipe, images, seed=1).eval()
    inputs = torch.randn(4, 3, 8, 8)
    keep = torch.ones(3, 8, 4)
    keep[:, :, 2] = 0.0
    with torch.no_grad():
        changed = (network.training_logits(inputs, keep)[0] != network(inputs)).any(1)
    assert changed.tolist() == [False, False, True, False]


def test_the_auxiliary_head_trains_with_its_weight_and_is_not_used_in_evaluation(
    genotype: Genotype, recipe: Recipe
) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(256, size=(8, 3, 32, 32), dtype=np.uint8)
    from nasforge.training.dataset import Split

    split = Split(pixels, np.arange(8) % 3)
    big = ImageSet(
        split, split, split, np.full(3, 0.5, np.float32), np.full(3, 0.3, np.float32), 3, 32, "x"
    )
    headed = dataclasses.replace(recipe, auxiliary_weight=0.4, batch_size=8)
    network = initial_network(genotype, headed, big, seed=1)
    logits, auxiliary = network.training_logits(torch.randn(2, 3, 32, 32), None)
    assert logits.shape == auxiliary.shape == (2, 3)
    assert network.eval().training_logits(torch.randn(2, 3, 32, 32), None)[1] is None

    def step(weight: float) -> dict[str, np.ndarray]:
        changed = dataclasses.replace(headed, auxiliary_weight=weight)
        trainer = TorchTrainer(genotype, changed, big, seed=1, device="cpu")
        trainer.train_batch(next(epoch_batches(changed, 8, 32, seed=1, epoch=1)))
        return trainer.state()

    light, heavy = step(0.1), step(0.9)
    moved = [key for key in light if not np.array_equal(light[key], heavy[key])]
    assert "network.stem.0.weight" in moved  # its gradient reaches the whole network
    assert "network.classifier.bias" not in moved  # which it shares no path with


def test_an_auxiliary_head_needs_32_pixels(recipe: Recipe) -> None:
    with pytest.raises(ConfigError, match=r"recipe\.auxiliary_weight: 0\.4 needs images of 32"):
        dataclasses.replace(recipe, auxiliary_weight=0.4).network_shape(16, 10)


READS = ("item", "tolist", "cpu", "numpy", "nonzero", "__array__")
READS += ("__bool__", "__int__", "__float__", "__index__")
WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "is_nonzero")
"""What waits, on a GPU, for all that was asked of it before: of a tensor, and of PyTorch's own."""


class NothingRead(TorchDispatchMode):
    """No tensor's values become Python's, nor decide a shape, in PyTorch's own code either."""

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        name = function.overloadpacket.__name__
        assert name not in WAITING, name
        if name in (
            "index",
            "index_put",
            "index_put_",
        ):  # by a mask, whose number of ones is the result's length
            indices = [i for i in arguments[1] or () if isinstance(i, torch.Tensor)]
            assert all(i.dtype is not torch.bool for i in indices), name
        return function(*arguments, **(options or {}))


def test_no_step_reads_what_an_earlier_one_computed(
    genotype: Genotype, recipe: Recipe, images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = dataclasses.replace(recipe, **REGULARISED)
    trainer = TorchTrainer(genotype, full, images, seed=1, device="cpu")
    batches = list(epoch_batches(full, 96, 8, seed=1, epoch=1))
    with monkeypatch.context() as patch:

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("a step reads a tensor")

        for name in READS:
            patch.setattr(torch.Tensor, name, refuse)
        with NothingRead():
            for batch in batches:
                trainer.train_batch(batch)
    loss, _ = trainer.training_means()
    assert np.isfinite(loss)


@pytest.mark.parametrize("read", [torch.Tensor.item, bool, lambda x: x[x > 0], torch.nonzero])
def test_what_reads_a_tensor_is_noticed(read: Callable[[torch.Tensor], object]) -> None:
    with NothingRead(), pytest.raises(AssertionError):
        read(torch.ones(1))


def test_a_state_goes_on_bit_for_bit(genotype: Genotype, recipe: Recipe, images: ImageSet) -> None:
    full = dataclasses.replace(recipe, **REGULARISED)

    def train(trainer: TorchTrainer, epoch: int) -> None:
        for batch in epoch_batches(full, 96, 8, seed=1, epoch=epoch):
            trainer.train_batch(batch)

    whole = TorchTrainer(genotype, full, images, seed=1, device="cpu")
    train(whole, 1)
    whole.training_means()
    state = {name: array.copy() for name, array in whole.state().items()}
    train(whole, 2)

    resumed = TorchTrainer(genotype, full, images, seed=99, device="cpu")
    resumed.load_state(state)
    train(resumed, 2)

    assert resumed.training_means() == whole.training_means()
    assert resumed.evaluate("validation") == whole.evaluate("validation")
    after, expected = resumed.state(), whole.state()
    assert after.keys() == expected.keys()
    assert all(np.array_equal(after[key], expected[key]) for key in expected)


STRIDED = """
import sys
import torch
torch.set_num_threads(1)
layout = getattr(torch, sys.argv[2])
convolution = torch.nn.Conv2d(int(sys.argv[1]), 4, 1, stride=2).to(memory_format=layout)
for _ in range(30):
    inputs = torch.randn(30, int(sys.argv[1]), 8, 8).to(memory_format=layout)
    convolution(inputs.requires_grad_()).square().sum().backward()
"""
"""The gradient that goes wrong in some layouts on some processors; see `_memory_format`."""


@pytest.mark.parametrize(("channels", "layout"), [(2, "contiguous_format"), (4, "channels_last")])
def test_the_layout_is_one_that_pytorch_computes_without_breaking_the_heap(
    recipe: Recipe, channels: int, layout: str
) -> None:
    assert _memory_format(dataclasses.replace(recipe, channels=channels)) is getattr(torch, layout)
    # What the first factorized reduction reads.
    command = [sys.executable, "-c", STRIDED, str(2 * channels), layout]
    ended = subprocess.run(command, env=os.environ | {"MALLOC_CHECK_": "3"}, capture_output=True)
    assert ended.returncode == 0, ended.stderr

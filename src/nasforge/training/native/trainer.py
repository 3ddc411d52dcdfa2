"""The native backend: a TorchTrainer whose steps run in the compiled engine, on one CPU thread.

    >>> trainer = NativeTrainer(genotype, recipe, images, seed=1)
    >>> trainer.train_batch(batch)
    >>> trainer.training_means(), trainer.evaluate("validation")

PyTorch supplies the initial parameters and nothing else.
"""

import math
from collections.abc import Mapping
from typing import Self

import numpy as np
import torch

from nasforge.recipe import Recipe
from nasforge.space.darts import Genotype
from nasforge.training.batches import Batch
from nasforge.training.dataset import ImageSet, Split
from nasforge.training.native.bindings import NativeNetwork
from nasforge.training.native.build import NativeEngineError
from nasforge.training.native.structures import Crops
from nasforge.training.torch_trainer import initial_network

EVALUATION_BATCH = 64
"""Images per evaluation step, unless training batches are larger: what the cache holds."""


class NativeTrainer:
    """Trains one network batch by batch.

    Args:
        genotype: The architecture, in canonical form.
        recipe: How to train.
        images: The data set.
        seed: Decides the initial parameters.

    Raises:
        NativeEngineError: The engine cannot be built, or does not know an option of the recipe.
    """

    def __init__(self, genotype: Genotype, recipe: Recipe, images: ImageSet, seed: int) -> None:
        if recipe.precision != "fp32":
            raise NativeEngineError(
                f"recipe.precision: the compiled engine has no {recipe.precision}, only fp32; "
                "train with PyTorch"
            )
        self._recipe = recipe
        splits = images.splits(recipe.curve_images)
        self._splits = {name: _contiguous(split) for name, split in splits.items()}
        self._normalised = _normalised_values(images)
        initial = initial_network(genotype, recipe, images, seed)
        parameters = _flat(list(initial.parameters()))
        statistics = _flat([b for b in initial.buffers() if b.is_floating_point()])
        self._chunk = max(recipe.batch_size, EVALUATION_BATCH)
        self._network = NativeNetwork(
            genotype,
            recipe.network_shape(images.image_size, images.classes),
            self._chunk,
            len(parameters),
            len(statistics),
        )
        self._network.parameters[:] = parameters
        self._network.statistics[:] = statistics
        self._loss, self._correct, self._seen = 0.0, 0, 0

    def train_batch(self, batch: Batch) -> None:
        """One step of SGD."""
        split, recipe = self._splits["train"], self._recipe
        index = np.ascontiguousarray(batch.index)
        if not len(index) <= self._chunk or index.min() < 0 or index.max() >= len(split.labels):
            raise IndexError(f"a batch of {len(index)} images, or one that shows others")
        if recipe.auxiliary_weight and len(index) == 1:
            raise ValueError("the auxiliary head normalises over the images: one is not enough")
        labels, partner_labels, partners = split.labels[index], None, None
        crops = self._crops(batch, index)
        if batch.mix_weight != 1.0:
            partners, partner_labels = crops.of(batch.partner), labels[batch.partner]
        network = self._network
        network.load(split.images, self._normalised, crops, partners, batch.mix_weight)
        keep = None if batch.keep is None else np.ascontiguousarray(batch.keep, np.float32)
        score = network.train(
            labels, partner_labels, batch.mix_weight, keep, recipe.auxiliary_weight
        )
        network.update(
            batch.learning_rate,
            recipe.momentum,
            recipe.weight_decay,
            recipe.gradient_clip,
            recipe.nesterov,
        )
        self._loss += score.loss
        self._correct += score.correct
        self._seen += len(index)

    def training_means(self) -> tuple[float, float]:
        """Mean loss and accuracy over the batches trained on since the last call."""
        means = self._loss / self._seen, self._correct / self._seen
        self._loss, self._correct, self._seen = 0.0, 0, 0
        return means

    def evaluate(self, split: str) -> tuple[float, float]:
        """Mean loss and accuracy on all images of a split, not augmented."""
        part = self._splits[split]
        count, losses, correct = len(part.labels), [], 0
        for first in range(0, count, self._chunk):
            index = np.arange(first, min(first + self._chunk, count))
            self._network.load(part.images, self._normalised, Crops(index))
            score = self._network.evaluate(part.labels[first:])
            losses.append(score.loss)
            correct += score.correct
        return math.fsum(losses) / count, correct / count

    def state(self) -> dict[str, np.ndarray]:
        """Everything that later steps depend on, between two epochs: name -> array."""
        return {name: view.copy() for name, view in self._views().items()}

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` returned.

        Raises:
            KeyError, ValueError: It is another network's.
        """
        for name, view in self._views().items():
            if state[name].shape != view.shape:
                raise ValueError(f"{name}: {state[name].shape}, expected {view.shape}")
        for name, view in self._views().items():
            view[:] = state[name]

    def close(self) -> None:
        """Free the network's memory now, not with this object."""
        self._network.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _views(self) -> dict[str, np.ndarray]:
        network = self._network
        return {
            "native.parameters": network.parameters,
            "native.momentum": network.velocity,
            "native.statistics": network.statistics,
        }

    def _crops(self, batch: Batch, index: np.ndarray) -> Crops:
        recipe = self._recipe
        arrays = (batch.rows, batch.columns, batch.mirrored)
        crops = (
            map(np.ascontiguousarray, arrays) if recipe.crop_padding or recipe.flip else [None] * 3
        )
        centres = (batch.cutout_rows, batch.cutout_columns)
        cutout = map(np.ascontiguousarray, centres) if recipe.cutout else [None] * 2
        return Crops(index, *crops, *cutout, padding=recipe.crop_padding, cutout=recipe.cutout)


def _contiguous(split: Split) -> Split:
    """The same memory, if it is laid out as the engine reads it."""
    return Split(
        np.ascontiguousarray(split.images, np.uint8), np.ascontiguousarray(split.labels, np.int64)
    )


def _flat(tensors: list[torch.Tensor]) -> np.ndarray:
    return torch.cat([tensor.detach().flatten() for tensor in tensors]).numpy()


def _normalised_values(images: ImageSet) -> np.ndarray:
    """What each stored value becomes, float32 [3, 256], rounded as TorchTrainer rounds it."""
    scale = torch.from_numpy(1.0 / (255.0 * images.std))[:, None]
    shift = torch.from_numpy(-images.mean / images.std)[:, None]
    return torch.addcmul(shift, torch.arange(256.0), scale).contiguous().numpy()

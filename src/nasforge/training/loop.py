"""Training one network from scratch, and what came of it.

    >>> outcome = train_network(genotype, recipe, ImageSet.open(folder), seed=1)
    >>> outcome.curve[-1].val_accuracy

The same seed on one CPU thread gives the same outcome bit for bit. Nothing inside an epoch waits
for the device: sums are read once at its end.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from nasforge.evaluations.schema import CurvePoint
from nasforge.recipe import Recipe
from nasforge.space.darts import Genotype
from nasforge.training.augmentation import crop_and_flip
from nasforge.training.dataset import ImageSet, Split
from nasforge.training.network import EvaluationNetwork

EVALUATION_BATCH = 512


@dataclass(frozen=True)
class Outcome:
    """What one training gave.

    Attributes:
        curve: One point per finished epoch; an epoch with a non-finite loss is not finished.
        test_accuracy: Of the network after the last epoch, in [0, 1]; nan if it diverged.
        train_time_s: Training and validation, without test and loading: processor time on a
            CPU (one thread, so that a busy machine does not count), wall time on a GPU.
        diverged: Whether a loss became infinite or nan, which ends the training.
    """

    curve: tuple[CurvePoint, ...]
    test_accuracy: float
    train_time_s: float
    diverged: bool


def train_network(
    genotype: Genotype,
    recipe: Recipe,
    images: ImageSet,
    seed: int,
    device: str = "cpu",
    on_epoch: Callable[[CurvePoint], None] = lambda point: None,
) -> Outcome:
    """Train, validate after every epoch, test at the end.

    Args:
        genotype: The architecture; parameters follow its order, so pass the canonical form.
        recipe: How to train.
        images: The data set.
        seed: Decides initial parameters, order of images and augmentation.
        device: "cpu", "cuda" or "cuda:<number>".
        on_epoch: Called with every finished epoch.
    """
    target = torch.device(device)
    clock = time.process_time if target.type == "cpu" else time.perf_counter
    with _one_thread():
        data = _DeviceImages(images, target)
        trainer = _Trainer(genotype, recipe, data, seed)
        start = clock()
        curve: list[CurvePoint] = []
        for epoch in range(1, recipe.epochs + 1):
            train_loss, train_accuracy = trainer.train_epoch()
            val_loss, val_accuracy = trainer.evaluate(data.validation)
            if not (math.isfinite(train_loss) and math.isfinite(val_loss)):
                return Outcome(tuple(curve), math.nan, clock() - start, diverged=True)
            point = CurvePoint(
                epoch, train_loss, train_accuracy, val_loss, val_accuracy, clock() - start
            )
            curve.append(point)
            on_epoch(point)
        train_time_s = clock() - start
        _, test_accuracy = trainer.evaluate(data.test)
    return Outcome(tuple(curve), test_accuracy, train_time_s, diverged=False)


class _DeviceImages:
    """The whole data set on the device as stored, and its normalisation."""

    def __init__(self, images: ImageSet, device: torch.device) -> None:
        self.device = device
        self.shape = (images.image_size, images.classes)
        self.train = self._load(images.train)
        self.validation = self._load(images.validation)
        self.test = self._load(images.test)
        scale = 1.0 / (255.0 * images.std)
        self.scale = torch.from_numpy(scale).to(device).view(1, -1, 1, 1)
        self.shift = torch.from_numpy(-images.mean / images.std).to(device).view(1, -1, 1, 1)

    def normalise(self, pixels: Tensor) -> Tensor:
        """uint8 pixels -> float32 with the training split's mean 0 and std 1 per channel."""
        values = torch.addcmul(self.shift, pixels.float(), self.scale)
        return values.contiguous(memory_format=torch.channels_last)

    def _load(self, split: Split) -> tuple[Tensor, Tensor]:
        # A copy, because torch wants writable memory and the files are mapped read-only.
        images = torch.from_numpy(np.array(split.images)).to(self.device)
        labels = torch.from_numpy(np.array(split.labels)).to(self.device)
        return images, labels


class _Trainer:
    """A network with its optimizer and its sources of randomness."""

    def __init__(self, genotype: Genotype, recipe: Recipe, data: _DeviceImages, seed: int) -> None:
        self.recipe = recipe
        self.data = data
        init_seed, order_seed, augmentation_seed = (
            int(word) for word in np.random.SeedSequence(seed).generate_state(3, np.uint64) >> 1
        )
        self.network = self._initial_network(genotype, init_seed)
        self.order = torch.Generator().manual_seed(order_seed)
        self.augmentation = torch.Generator().manual_seed(augmentation_seed)
        self.optimizer = torch.optim.SGD(
            self.network.parameters(),
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            weight_decay=recipe.weight_decay,
            fused=True,
        )
        self.step = 0
        self.steps = recipe.epochs * math.ceil(len(data.train[1]) / recipe.batch_size)

    def train_epoch(self) -> tuple[float, float]:
        """One pass over the training images.

        Returns:
            Mean loss and accuracy over the epoch's own (augmented) batches.
        """
        self.network.train()
        images, labels = self.data.train
        order = torch.randperm(len(labels), generator=self.order).to(self.data.device)
        sums = torch.zeros(2, dtype=torch.float64, device=self.data.device)
        for index in order.split(self.recipe.batch_size):
            pixels = crop_and_flip(
                images[index], self.recipe.crop_padding, self.recipe.flip, self.augmentation
            )
            sums += self._train_batch(self.data.normalise(pixels), labels[index])
        loss, accuracy = (sums / len(labels)).tolist()
        return loss, accuracy

    def evaluate(self, split: tuple[Tensor, Tensor]) -> tuple[float, float]:
        """Mean loss and accuracy on images without augmentation."""
        self.network.eval()
        sums = torch.zeros(2, dtype=torch.float64, device=self.data.device)
        with torch.inference_mode():
            batches = zip(*(part.split(EVALUATION_BATCH) for part in split), strict=True)
            for images, labels in batches:
                logits = self.network(self.data.normalise(images))
                sums += _batch_sums(functional.cross_entropy(logits, labels), logits, labels)
        loss, accuracy = (sums / len(split[1])).tolist()
        return loss, accuracy

    def _train_batch(self, inputs: Tensor, labels: Tensor) -> Tensor:
        # Cosine annealing to 0, stepped per batch (Loshchilov & Hutter 2017, eq. 5).
        progress = self.step / self.steps
        rate = 0.5 * self.recipe.learning_rate * (1.0 + math.cos(math.pi * progress))
        self.optimizer.param_groups[0]["lr"] = rate
        self.step += 1
        self.optimizer.zero_grad()
        logits = self.network(inputs)
        loss = functional.cross_entropy(logits, labels)
        loss.backward()
        if self.recipe.gradient_clip:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.gradient_clip)
        self.optimizer.step()
        return _batch_sums(loss.detach(), logits.detach(), labels)

    def _initial_network(self, genotype: Genotype, seed: int) -> EvaluationNetwork:
        # Initialised on the CPU, so that a seed means the same parameters on every device.
        shape = self.recipe.network_shape(*self.data.shape)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = EvaluationNetwork(genotype, shape)
        return network.to(self.data.device, memory_format=torch.channels_last)


def _batch_sums(mean_loss: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
    # In double precision, so that an accuracy is its count over the number of images.
    correct = (logits.argmax(1) == labels).sum()
    return torch.stack([mean_loss.double() * len(labels), correct.double()])


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread per training: it is faster than several, and deterministic."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)

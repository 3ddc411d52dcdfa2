"""How fast networks train on one CPU thread, against the same network in plain PyTorch.

    python benchmarks/training_speed.py           # every size, three genotypes: some minutes
    python benchmarks/training_speed.py --quick   # the sizes that have a target: under a minute

`reference` is plain PyTorch (contiguous NCHW, torch.optim.SGD) behind a DataLoader with
torchvision's transforms on PIL images; `torch` is our TorchTrainer, `native` the compiled engine.
A `step` of the reference gets a finished batch; ours also crop, mirror and normalise it. An `epoch`
includes everybody's input pipeline, and is one of 8 steps (256 images): the recipe's own has 256,
where what begins and ends an epoch weighs less. The three take turns of a tenth of a second or
more, and times are processor times, so that a busy machine changes the ratios little. Exits with 1
if a ratio misses its target.
"""

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from nasforge.recipe import Recipe
from nasforge.space import DARTS
from nasforge.space.darts import Genotype
from nasforge.training.batches import epoch_batches
from nasforge.training.dataset import ImageSet, Split
from nasforge.training.native.trainer import NativeTrainer
from nasforge.training.torch_trainer import TorchTrainer, initial_network

CLASSES = 10
NAMES = ("reference", "torch", "native")
TURN_S = 0.1


@dataclass(frozen=True)
class Size:
    """A network and its data.

    Attributes:
        label: In the table.
        step_rounds: Rounds of one step each, with --quick.
        epoch_steps: Steps of the epoch that is timed, 0 for none.
        native_target: Least ratio of reference to native, 0 for none.
        torch_target: Least ratio of reference to torch, 0 for none.
    """

    cells: int
    channels: int
    image_size: int
    batch_size: int
    step_rounds: int = 0
    epoch_steps: int = 0
    native_target: float = 0.0
    torch_target: float = 0.0

    @property
    def label(self) -> str:
        return f"{self.cells:2} {self.channels:4} {self.image_size:4} {self.batch_size:5}"


SIZES = (
    Size(3, 4, 16, 64),
    Size(3, 8, 16, 64),
    # The recipe of config/workstation.yaml.
    Size(3, 8, 16, 32, step_rounds=12, epoch_steps=8, native_target=8.0, torch_target=1.25),
    Size(5, 8, 16, 128),
    Size(3, 8, 32, 64),
    Size(5, 8, 32, 64),
    Size(8, 16, 32, 96, step_rounds=2, native_target=4.5, torch_target=1.25),
)


class Photographs(Dataset):
    """Images as a plain PyTorch script has them: PIL, augmented one by one."""

    def __init__(self, images: ImageSet, padding: int) -> None:
        self._images, self._labels = images.train.images.transpose(0, 2, 3, 1), images.train.labels
        self._transform = transforms.Compose(
            [
                transforms.ToPILImage(),
                transforms.RandomCrop(images.image_size, padding=padding),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(images.mean.tolist(), images.std.tolist()),
            ]
        )

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        return self._transform(np.ascontiguousarray(self._images[i])), int(self._labels[i])


class Reference:
    """A training loop as in the DARTS code."""

    def __init__(self, genotype: Genotype, recipe: Recipe, images: ImageSet) -> None:
        self._recipe = recipe
        self._network = initial_network(genotype, recipe, images, seed=1).train()
        self._loss = nn.CrossEntropyLoss()
        self._optimizer = torch.optim.SGD(
            self._network.parameters(),
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            weight_decay=recipe.weight_decay,
        )
        data = Photographs(images, recipe.crop_padding)
        self._loader = DataLoader(data, batch_size=recipe.batch_size, shuffle=True)
        self._batch = next(iter(self._loader))

    def step(self) -> None:
        self._train(*self._batch)

    def epoch(self) -> None:
        for inputs, labels in self._loader:
            self._train(inputs, labels)

    def _train(self, inputs: Tensor, labels: Tensor) -> None:
        self._optimizer.zero_grad()
        self._loss(self._network(inputs), labels).backward()
        nn.utils.clip_grad_norm_(self._network.parameters(), self._recipe.gradient_clip)
        self._optimizer.step()


class Ours:
    """One of our trainers."""

    def __init__(
        self, trainer: TorchTrainer | NativeTrainer, recipe: Recipe, images: ImageSet
    ) -> None:
        self._trainer, self._recipe, self._images = trainer, recipe, images
        self._batch = next(self._batches())

    def step(self) -> None:
        self._trainer.train_batch(self._batch)

    def epoch(self) -> None:
        for batch in self._batches():
            self._trainer.train_batch(batch)
        self._trainer.training_means()

    def _batches(self) -> Iterator:
        count, size = len(self._images.train.labels), self._images.image_size
        return epoch_batches(self._recipe, count, size, seed=1, epoch=1)


def random_images(size: int, count: int) -> ImageSet:
    rng = np.random.default_rng(0)
    split = Split(
        rng.integers(0, 256, (count, 3, size, size), dtype=np.uint8),
        rng.integers(0, CLASSES, count),
    )
    mean, std = np.full(3, 0.5, np.float32), np.full(3, 0.29, np.float32)
    return ImageSet(split, split, split, mean, std, CLASSES, size, "speed")


def recipe_of(size: Size) -> Recipe:
    return Recipe(
        cells=size.cells,
        channels=size.channels,
        epochs=1,
        batch_size=size.batch_size,
        learning_rate=0.01,
        momentum=0.9,
        weight_decay=3e-4,
        gradient_clip=5.0,
        crop_padding=size.image_size // 8,
        flip=True,
    )


def medians(runs: list[Callable[[], None]], rounds: int, fill_s: float = 0.0) -> list[float]:
    """Seconds of processor time of each, taking turns.

    Args:
        runs: What is timed.
        rounds: Turns of each.
        fill_s: Least length of a turn. A training's steps follow each other and find their own
            data in the cache, not that of another implementation.
    """
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for run, seconds in zip(runs, times, strict=True):
            start, count, elapsed = time.process_time(), 0, 0.0
            while count == 0 or elapsed < fill_s:
                run()
                count, elapsed = count + 1, time.process_time() - start
            seconds.append(elapsed / count)
    return [statistics.median(seconds) for seconds in times]


def measure(size: Size, genotype: Genotype, step_rounds: int, epoch_rounds: int) -> np.ndarray:
    """Seconds [step and epoch, implementation]; nan for an epoch that is not timed."""
    recipe = recipe_of(size)
    images = random_images(size.image_size, size.batch_size * max(1, size.epoch_steps))
    with NativeTrainer(genotype, recipe, images, seed=1) as native:
        contenders = [
            Reference(genotype, recipe, images),
            Ours(TorchTrainer(genotype, recipe, images, 1, "cpu"), recipe, images),
            Ours(native, recipe, images),
        ]
        for contender in contenders:
            contender.step()  # warm
        steps = medians([contender.step for contender in contenders], step_rounds, TURN_S)
        epochs = [np.nan] * len(contenders)
        if size.epoch_steps:
            epochs = medians([contender.epoch for contender in contenders], epoch_rounds)
    gc.collect()
    return np.array([steps, epochs])


def peak_gflops() -> float:
    """Of a large matrix product in PyTorch, in billions of operations per second."""
    a, b = torch.randn(2, 1024, 1024)
    (seconds,) = medians([lambda: torch.mm(a, b)], rounds=9)
    return 2 * 1024**3 / seconds / 1e9


def gflops(size: Size, genotypes: list[Genotype], seconds: float) -> float:
    """Operations in convolutions and classifier: the backward pass has twice the forward's."""
    shape = recipe_of(size).network_shape(size.image_size, CLASSES)
    macs = statistics.mean(DARTS.macs(genotype, shape) for genotype in genotypes)
    return 3 * 2 * macs * size.batch_size / seconds / 1e9


def _unit(size: Size, kind: str) -> str:
    return f"epoch of {size.epoch_steps}" if kind == "epoch" else kind


def report(size: Size, times: np.ndarray, genotypes: list[Genotype], peak: float) -> list[str]:
    """Print the rows of a size; returns the targets it misses."""
    missed = []
    for kind, seconds in zip(("step", "epoch"), times, strict=True):
        if np.isnan(seconds).any():
            continue
        ratios = dict(zip(NAMES, seconds[0] / seconds, strict=True))
        row = f"{size.label}  {_unit(size, kind):11}"
        row += "".join(f"{1e3 * value:11.1f}" for value in seconds)
        row += f"{ratios['torch']:9.2f}x{ratios['native']:9.2f}x"
        if kind == "step":
            rate = gflops(size, genotypes, seconds[2])
            row += f"{rate:9.1f} ({rate / peak:.0%} of peak)"
        print(row, flush=True)
        for name, target in (("torch", size.torch_target), ("native", size.native_target)):
            if ratios[name] < target:
                missed.append(
                    f"{size.label} {kind}: {name} {ratios[name]:.2f}x, target {target:g}x"
                )
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="only the sizes that have a target")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    peak = peak_gflops()
    print(f"matrix product: {peak:.0f} GFLOP/s on this core")
    print(f"{'cells ch  px batch':<31}" + "".join(f"{n + ' ms':>11}" for n in NAMES), end="")
    print(f"{'torch':>10}{'native':>10}  native GFLOP/s")
    missed = []
    for size in SIZES:
        if quick and not size.step_rounds:
            continue
        rng = np.random.default_rng(size.cells)
        genotypes = [DARTS.sample(rng) for _ in range(1 if quick else 3)]
        rounds = size.step_rounds if quick else 7
        times = np.mean([measure(size, genotype, rounds, 3) for genotype in genotypes], axis=0)
        missed += report(size, times, genotypes, peak)
    for line in missed:
        print(f"MISSED {line}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

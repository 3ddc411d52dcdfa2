"""Which implementation trains: PyTorch, or the compiled engine on a CPU.

    >>> backend = resolve_backend("auto", recipe, device="cpu")
    >>> trainer = make_trainer(backend, genotype, recipe, images, seed, device="cpu")

A backend is provenance, not identity: both train the same batches of the same network from the same
parameters, and are shown to give the same distribution of outcomes.
"""

import logging
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from nasforge.recipe import Recipe
from nasforge.space.darts import Genotype
from nasforge.training.batches import Batch
from nasforge.training.dataset import ImageSet
from nasforge.training.native.bindings import load_engine
from nasforge.training.native.build import NativeEngineError, library_path
from nasforge.training.native.trainer import NativeTrainer
from nasforge.training.torch_trainer import TorchTrainer

BACKENDS = ("auto", "torch", "native")

_LOG = logging.getLogger(__name__)


class Trainer(Protocol):
    """One network in training."""

    def train_batch(self, batch: Batch) -> None:
        """One step of SGD."""
        ...

    def training_means(self) -> tuple[float, float]:
        """Mean loss and accuracy over the batches trained on since the last call."""
        ...

    def evaluate(self, split: str) -> tuple[float, float]:
        """Mean loss and accuracy on all images of a split, not augmented.

        Args:
            split: "curve", "validation" or "test" (`ImageSet.splits`).
        """
        ...

    def state(self) -> dict[str, np.ndarray]:
        """Everything that later steps depend on, between two epochs."""
        ...

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` returned."""
        ...


def resolve_backend(requested: str, recipe: Recipe, device: str) -> str:
    """The backend to use.

    Args:
        requested: "torch", "native", or "auto": native where it can be, else PyTorch, which is
            logged with the reason.
        recipe: Its precision decides.
        device: The engine runs on "cpu" only.

    Returns:
        "torch" or "native".

    Raises:
        NativeEngineError: "native" is requested and cannot be.
    """
    if requested == "torch":
        return "torch"
    try:
        _check_native(recipe, device)
    except NativeEngineError as error:
        if requested == "native":
            raise
        if device == "cpu":
            _LOG.warning("training with PyTorch: %s", error)
        return "torch"
    return "native"


def make_trainer(
    backend: str, genotype: Genotype, recipe: Recipe, images: ImageSet, seed: int, device: str
) -> Trainer:
    """A trainer of an untrained network, by a backend that `resolve_backend` returned."""
    if backend == "native":
        return NativeTrainer(genotype, recipe, images, seed)
    return TorchTrainer(genotype, recipe, images, seed, device)


def _check_native(recipe: Recipe, device: str) -> None:
    if device != "cpu":
        raise NativeEngineError(
            f"execution.backend: native runs on the cpu, not on {device}; use auto or torch"
        )
    if recipe.precision != "fp32":
        raise NativeEngineError(
            f"execution.backend: native trains in fp32, not {recipe.precision}; use auto or torch"
        )
    load_engine(library_path())

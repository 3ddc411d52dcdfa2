"""Fitting a small network in PyTorch: on one core, and the same arrays for the same seed.

    >>> require_torch("gin")
    >>> arrays = fit_network(build, inputs, labels, seed=0, training=Training(60, 32, 3e-3, 1.0))

The module itself needs no PyTorch, so that families can be listed without it. Training is a fixed
number of epochs under a cosine: its end averages out the noise of the steps, so there is nothing
for an average of weights to gain, and no row is lost to an inner validation part.
"""

import importlib.util
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nasforge.errors import SurrogateError
from nasforge.surrogates.families.family import centre_and_unit

if TYPE_CHECKING:
    from torch import nn

WARMUP = 0.1
"""Part of the steps in which the learning rate rises."""

GRADIENT_CLIP = 5.0
"""Largest norm of a step's gradient."""


@dataclass(frozen=True)
class Training:
    """How a network is trained: AdamW on the squared error.

    Attributes:
        epochs: Passes over the rows.
        batch_size: Rows per step, at most.
        learning_rate: Its highest value; it rises linearly, then falls to 0 by a cosine.
        weight_decay: Part of the weights taken off, per step and unit of learning rate
            (Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR 2019).
    """

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float

    def rate(self, done: float) -> float:
        """The learning rate when that part of the steps is done."""
        if done < WARMUP:
            return self.learning_rate * done / WARMUP
        return self.learning_rate * (1 + math.cos(math.pi * (done - WARMUP) / (1 - WARMUP))) / 2


def require_torch(family: str) -> None:
    """Raise SurrogateError if PyTorch is not installed."""
    if importlib.util.find_spec("torch") is None:
        raise SurrogateError(f"family {family} needs PyTorch: pip install 'nasforge[fit]'")


def uniform_parameter(*shape: int, inputs: int) -> "nn.Parameter":
    """Weights as `nn.Linear` starts them, for that many inputs."""
    import torch

    return torch.nn.Parameter((2 * torch.rand(shape) - 1) * inputs**-0.5)


def fit_network(
    build: "Callable[[], nn.Module]",
    inputs: np.ndarray,
    labels: np.ndarray,
    seed: int,
    training: Training,
) -> dict[str, np.ndarray]:
    """Fit a network to standardised labels.

    Args:
        build: Makes the network, inputs [n, ...] -> float32 [n]. Its last parameters are called
            `output_weights` and `output_biases`.
        inputs: [n, ...], of the type that the network takes.
        labels: float64 [n].
        seed: Of the first weights, the order of the rows and what the network draws itself.
        training: How it is trained.

    Returns:
        The parameters by name with an axis of one member in front, float32; the output's float64
        and on the scale of the labels.
    """
    centre, unit = centre_and_unit(labels)
    with _alone(seed):
        network = build()
        _train(network, inputs, (labels - centre) / unit, training)
        arrays = {name: p.detach().numpy()[None] for name, p in network.named_parameters()}
    weights, biases = (
        arrays[f"output_{name}"].astype(np.float64) for name in ("weights", "biases")
    )
    return {**arrays, "output_weights": weights * unit, "output_biases": biases * unit + centre}


def _train(
    network: "nn.Module", inputs: np.ndarray, targets: np.ndarray, training: Training
) -> None:
    import torch

    x = torch.as_tensor(inputs)
    y = torch.as_tensor(targets, dtype=torch.float32)
    optimizer = torch.optim.AdamW(
        network.parameters(), weight_decay=training.weight_decay, fused=True
    )
    steps_per_epoch = math.ceil(len(y) / training.batch_size)
    steps = training.epochs * steps_per_epoch
    network.train()
    for epoch in range(training.epochs):
        # Parts of nearly equal size: a last part of one row would be a very noisy step.
        for part, rows in enumerate(torch.randperm(len(y)).tensor_split(steps_per_epoch)):
            for group in optimizer.param_groups:
                group["lr"] = training.rate((epoch * steps_per_epoch + part) / steps)
            loss = torch.nn.functional.mse_loss(network(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_CLIP)
            optimizer.step()
    network.eval()


@contextmanager
def _alone(seed: int) -> Iterator[None]:
    """One thread and a generator of its own; both are as before afterwards."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)

"""The PyTorch backend: one network, its optimizer, and the images on its device.

    >>> trainer = TorchTrainer(genotype, recipe, images, seed=1, device="cpu")
    >>> trainer.train_batch(batch)
    >>> trainer.training_means(), trainer.evaluate("validation")

No step waits for the device. What does comes once per epoch: `training_means` and `evaluate` read
their sums, and `state` copies the network.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from nasforge.recipe import Recipe
from nasforge.space.darts import Genotype
from nasforge.training.augmentation import crop_and_flip, cut_out
from nasforge.training.batches import Batch, stream
from nasforge.training.dataset import ImageSet, Split
from nasforge.training.network import EvaluationNetwork

EVALUATION_BATCH = 512


class TorchTrainer:
    """Trains one network batch by batch.

    Args:
        genotype: The architecture, in canonical form.
        recipe: How to train.
        images: The data set.
        seed: Decides the initial parameters.
        device: "cpu", "cuda" or "cuda:<number>".
    """

    def __init__(
        self, genotype: Genotype, recipe: Recipe, images: ImageSet, seed: int, device: str
    ) -> None:
        self._device = torch.device(device)
        self._recipe = recipe
        splits = images.splits(recipe.curve_images)
        self._splits = {name: self._load(split) for name, split in splits.items()}
        scale = torch.from_numpy(1.0 / (255.0 * images.std))
        shift = torch.from_numpy(-images.mean / images.std)
        self._scale, self._shift = (t.to(self._device).view(1, -1, 1, 1) for t in (scale, shift))
        network = initial_network(genotype, recipe, images, seed)
        self._layout = _memory_format(recipe)
        self._network = network.to(self._device, memory_format=self._layout)
        self._optimizer = torch.optim.SGD(
            self._network.parameters(),
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            weight_decay=recipe.weight_decay,
            nesterov=recipe.nesterov,
            fused=True,
        )
        self._sums = self._zeros()
        self._seen = 0

    def train_batch(self, batch: Batch) -> None:
        """One step of SGD."""
        self._network.train()
        inputs, labels = self._inputs(batch)
        partner_labels = labels[self._send(batch.partner)]
        keep = None if batch.keep is None else self._send(batch.keep)
        self._optimizer.zero_grad()
        with self._autocast():
            logits, auxiliary_logits = self._network.training_logits(inputs, keep)
            loss = _mixed_loss(logits, labels, partner_labels, batch.mix_weight)
            total = loss
            if auxiliary_logits is not None:
                total = loss + self._recipe.auxiliary_weight * _mixed_loss(
                    auxiliary_logits, labels, partner_labels, batch.mix_weight
                )
        total.backward()
        if self._recipe.gradient_clip:
            nn.utils.clip_grad_norm_(self._network.parameters(), self._recipe.gradient_clip)
        self._optimizer.param_groups[0]["lr"] = batch.learning_rate
        self._optimizer.step()
        self._sums += _batch_sums(loss.detach(), logits.detach(), labels)
        self._seen += len(batch.index)

    def training_means(self) -> tuple[float, float]:
        """Mean loss and accuracy over the batches trained on since the last call."""
        loss, accuracy = (self._sums / self._seen).tolist()
        self._sums, self._seen = self._zeros(), 0
        return loss, accuracy

    def evaluate(self, split: str) -> tuple[float, float]:
        """Mean loss and accuracy on all images of a split, not augmented."""
        self._network.eval()
        parts = self._splits[split]
        sums = self._zeros()
        with torch.inference_mode():
            batches = zip(*(part.split(EVALUATION_BATCH) for part in parts), strict=True)
            for images, labels in batches:
                with self._autocast():
                    logits = self._network(self._normalise(images)).float()
                sums += _batch_sums(functional.cross_entropy(logits, labels), logits, labels)
        loss, accuracy = (sums / len(parts[1])).tolist()
        return loss, accuracy

    def state(self) -> dict[str, np.ndarray]:
        """Everything that later steps depend on, between two epochs: name -> array."""
        network = {f"network.{k}": v for k, v in self._network.state_dict().items()}
        buffers = {
            f"momentum.{name}": self._optimizer.state[parameter]["momentum_buffer"]
            for name, parameter in self._network.named_parameters()
            if self._optimizer.state[parameter].get("momentum_buffer") is not None
        }
        return {k: v.detach().cpu().numpy().copy() for k, v in (network | buffers).items()}

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` returned.

        Raises:
            KeyError, RuntimeError: It is another network's.
        """
        tensors = {name: torch.from_numpy(array.copy()) for name, array in state.items()}
        self._network.load_state_dict(
            {n.removeprefix("network."): t for n, t in tensors.items() if n.startswith("network.")}
        )
        for name, parameter in self._network.named_parameters():
            if f"momentum.{name}" in tensors:
                buffer = torch.empty_like(parameter).copy_(tensors[f"momentum.{name}"])
                self._optimizer.state[parameter]["momentum_buffer"] = buffer

    def _inputs(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Augmented and mixed images [n, 3, size, size], and their own labels [n]."""
        recipe = self._recipe
        images, labels = self._splits["train"]
        index = self._send(batch.index)
        pixels = images[index]
        if recipe.crop_padding or recipe.flip:
            places = map(self._send, (batch.rows, batch.columns, batch.mirrored))
            pixels = crop_and_flip(pixels, *places, recipe.crop_padding)
        inputs = self._normalise(pixels)
        if recipe.cutout:
            centres = map(self._send, (batch.cutout_rows, batch.cutout_columns))
            inputs = cut_out(inputs, *centres, recipe.cutout)
        if batch.mix_weight != 1.0:
            inputs = torch.lerp(inputs[self._send(batch.partner)], inputs, batch.mix_weight)
        return inputs, labels[index]

    def _send(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device, non_blocking=True)

    def _autocast(self) -> torch.autocast:
        enabled = self._recipe.precision == "bf16"
        return torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=enabled)

    def _normalise(self, pixels: Tensor) -> Tensor:
        """uint8 pixels -> float32 with the training split's mean 0 and std 1 per channel."""
        values = torch.addcmul(self._shift, pixels.float(), self._scale)
        return values.contiguous(memory_format=self._layout)

    def _load(self, split: Split) -> tuple[Tensor, Tensor]:
        # A copy, because torch wants writable memory and the files are mapped read-only.
        images = torch.from_numpy(np.array(split.images)).to(self._device)
        labels = torch.from_numpy(np.array(split.labels)).to(self._device)
        return images, labels

    def _zeros(self) -> Tensor:
        # In double precision, so that an accuracy is its count over the number of images.
        return torch.zeros(2, dtype=torch.float64, device=self._device)


def initial_network(
    genotype: Genotype, recipe: Recipe, images: ImageSet, seed: int
) -> EvaluationNetwork:
    """The untrained network, made on the CPU so that a seed means the same on every device."""
    shape = recipe.network_shape(images.image_size, images.classes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(stream(seed, "initial").integers(2**63)))
        return EvaluationNetwork(genotype, shape)


def _memory_format(recipe: Recipe) -> torch.memory_format:
    """Channels last, which is faster, wherever PyTorch computes it right.

    On processors with AVX2 and no AVX-512, PyTorch 2.14 writes past the end of its memory in the
    gradient of 1x1 convolutions of stride 2 that read four channels or fewer. Such are the
    factorized reductions of networks that start with two.
    """
    return torch.channels_last if recipe.channels >= 4 else torch.contiguous_format


def _mixed_loss(logits: Tensor, labels: Tensor, partner_labels: Tensor, weight: float) -> Tensor:
    """Cross entropy against the labels of both images that were mixed."""
    loss = functional.cross_entropy(logits, labels)
    if weight == 1.0:
        return loss
    return weight * loss + (1.0 - weight) * functional.cross_entropy(logits, partner_labels)


def _batch_sums(mean_loss: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
    correct = (logits.argmax(1) == labels).sum()
    return torch.stack([mean_loss.double() * len(labels), correct.double()])

"""What decides a training's outcome: the recipe, the data set, and their ids.

An id is the digest (first 16 hex digits of the SHA-256 of a canonical JSON text) of a record: the
options that differ from "off", so that an option added later at "off" changes no id, and the
protocol number. Tables keep the records of their ids, so an id can be checked at any later time.

    >>> Recipe(cells=3, channels=8, epochs=4, batch_size=64, learning_rate=0.1).recipe_id
    'd9a262e0f968fba9'
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from nasforge.errors import ConfigError
from nasforge.protocols import IMAGES_PROTOCOL, TRAINING_PROTOCOL
from nasforge.recipe_fields import cast_fields, check_range, from_dict, options_on

PRECISIONS = ("fp32", "bf16")

AUXILIARY_IMAGE_SIZE = 32
"""DARTS's auxiliary head for CIFAR expects 8x8 maps behind two reductions."""

IMAGE_SOURCES = ("digits", "parquet", "cifar10")


def canonical_json(value: Any) -> str:
    """One text per value: sorted keys, no spaces, ASCII, no NaN."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


def digest(value: Any, length: int = 16) -> str:
    """First `length` hex digits of the SHA-256 of `canonical_json(value)`."""
    return hashlib.sha256(canonical_json(value).encode("ascii")).hexdigest()[:length]


@dataclass(frozen=True)
class NetworkShape:
    """The size of a DARTS evaluation network, all that its costs depend on besides the genotype.

    Attributes:
        cells: Number of cells; those at cells // 3 and 2 * cells // 3 are reduction cells.
        channels: Channels of a node in the first cells; a reduction cell doubles them. Even.
        image_size: Height and width of the square input, in pixels.
        classes: Outputs of the classifier.
        auxiliary_head: Whether a second classifier hangs on the last reduction cell (training
            only; 32-pixel images).
    """

    cells: int
    channels: int
    image_size: int
    classes: int
    auxiliary_head: bool = False

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what a file says of a network, in bounds that keep its costs cheap to count.

        Raises:
            ConfigError: A key is unknown or missing, or a value out of range.
        """
        shape = from_dict(cls, values, "network")
        cast_fields(shape, "network")
        allowed = {
            **_size_bounds(shape),
            "image_size": (
                4 <= shape.image_size <= 4096 and shape.image_size % 4 == 0,
                "a multiple of 4",
            ),
            "classes": (1 <= shape.classes <= 10**6, "at least 1"),
        }
        check_range(shape, "network", allowed)
        return shape

    @property
    def reductions(self) -> frozenset[int]:
        """Positions of the reduction cells (DARTS; Liu et al. 2019, section 3.1)."""
        return frozenset({self.cells // 3, 2 * self.cells // 3})


@dataclass(frozen=True)
class Recipe:
    """How one network is trained. A field with a default is an option, and its default is "off".

    Attributes:
        cells: Number of cells of the network.
        channels: Channels of the first cells; even.
        epochs: Passes over the training images.
        batch_size: Images per step; the last batch of an epoch may be smaller.
        learning_rate: Initial rate of SGD, annealed by a cosine to `final_learning_rate`.
        final_learning_rate: Where the cosine ends.
        rate_per_epoch: Whether the rate changes only between epochs, not with every step.
        momentum: Momentum of SGD.
        nesterov: Whether the momentum is Nesterov's.
        weight_decay: L2 penalty on all parameters.
        gradient_clip: Largest norm of the whole gradient; 0 is off.
        crop_padding: Zero pixels added on each side before a random crop.
        flip: Whether images are mirrored left to right with probability 1/2.
        cutout: Side in pixels, even, of a square that is blanked at a random place (DeVries &
            Taylor 2017).
        mixup: Alpha of the Beta(alpha, alpha) weight that mixes a batch with a permutation of
            itself (Zhang et al. 2018).
        drop_path: Probability that an edge (identities apart) is dropped for an image (Larsson et
            al. 2017).
        auxiliary_weight: Weight of the auxiliary head's loss; 0 is without head.
        precision: "fp32", or "bf16": forward and backward pass in bfloat16 where that is safe.
        curve_images: How many of the validation images measure the epochs before the last one;
            0 is all. The last epoch is always measured on all.
    """

    cells: int
    channels: int
    epochs: int
    batch_size: int
    learning_rate: float
    final_learning_rate: float = 0.0
    rate_per_epoch: bool = False
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    gradient_clip: float = 0.0
    crop_padding: int = 0
    flip: bool = False
    cutout: int = 0
    mixup: float = 0.0
    drop_path: float = 0.0
    auxiliary_weight: float = 0.0
    precision: str = "fp32"
    curve_images: int = 0

    def __post_init__(self) -> None:
        cast_fields(self, "recipe")
        allowed = {
            **_size_bounds(self),
            "epochs": (self.epochs >= 1, "at least 1"),
            "batch_size": (self.batch_size >= 2, "at least 2"),
            "learning_rate": (self.learning_rate > 0, "more than 0"),
            "final_learning_rate": (
                0 <= self.final_learning_rate <= self.learning_rate,
                f"from 0 to learning_rate ({self.learning_rate:g})",
            ),
            "momentum": (0 <= self.momentum < 1, "from 0 to less than 1"),
            "nesterov": (not self.nesterov or self.momentum > 0, "false without momentum"),
            "weight_decay": (self.weight_decay >= 0, "at least 0"),
            "gradient_clip": (self.gradient_clip >= 0, "at least 0"),
            "crop_padding": (self.crop_padding >= 0, "at least 0"),
            "cutout": (self.cutout >= 0 and self.cutout % 2 == 0, "even and at least 0"),
            "mixup": (self.mixup >= 0, "at least 0"),
            "drop_path": (0 <= self.drop_path < 1, "from 0 to less than 1"),
            "auxiliary_weight": (self.auxiliary_weight >= 0, "at least 0"),
            "curve_images": (self.curve_images >= 0, "at least 0"),
            "precision": (self.precision in PRECISIONS, f"one of {', '.join(PRECISIONS)}"),
        }
        check_range(self, "recipe", allowed)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from a config section.

        Raises:
            ConfigError: A key is unknown or missing.
        """
        return from_dict(cls, values, "recipe")

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """The recipe of a `record`, whatever its protocol.

        Raises:
            ConfigError: The record is of no training by nasforge, or an option is malformed.
        """
        if not isinstance(record.get("recipe"), Mapping):
            raise ConfigError("recipe: the evaluations were not made by nasforge's trainer")
        return cls.from_dict(record["recipe"])

    def to_dict(self) -> dict[str, Any]:
        """Every field, defaults included."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def record(self) -> dict[str, Any]:
        """What `recipe_id` is the digest of: options that are on, and the training protocol."""
        return {"recipe": options_on(self), "protocol": TRAINING_PROTOCOL}

    @property
    def recipe_id(self) -> str:
        """Digest of `record`."""
        return digest(self.record)

    def network_shape(self, image_size: int, classes: int) -> NetworkShape:
        """The network this recipe trains on images of that size.

        Raises:
            ConfigError: An auxiliary head is asked for, and the images are not of its size.
        """
        if self.auxiliary_weight and image_size != AUXILIARY_IMAGE_SIZE:
            raise ConfigError(
                f"recipe.auxiliary_weight: {self.auxiliary_weight:g} needs images of "
                f"{AUXILIARY_IMAGE_SIZE} pixels (the head is made for them), not {image_size}"
            )
        return NetworkShape(
            self.cells, self.channels, image_size, classes, self.auxiliary_weight > 0
        )


@dataclass(frozen=True)
class DatasetSpec:
    """Which images are used, and for what.

    Attributes:
        source: One of `IMAGE_SOURCES`.
        image_size: Height and width in pixels after mean downsampling by an integer factor;
            a multiple of 4.
        train_images: Images trained on, stratified by class.
        validation_images: Images of the source's training part held out for validation,
            stratified by class, the same for every architecture and replicate.
        test_images: Images of the source's test part.
        split_seed: Seed of the split. It belongs to the data set, not to a training.
    """

    source: str
    image_size: int
    train_images: int
    validation_images: int
    test_images: int
    split_seed: int = 0

    def __post_init__(self) -> None:
        cast_fields(self, "dataset")
        allowed = {
            "source": (self.source in IMAGE_SOURCES, f"one of {', '.join(IMAGE_SOURCES)}"),
            "image_size": (
                self.image_size >= 8 and self.image_size % 4 == 0,
                "a multiple of 4 and at least 8",
            ),
            "train_images": (self.train_images >= 1, "at least 1"),
            "validation_images": (self.validation_images >= 1, "at least 1"),
            "test_images": (self.test_images >= 1, "at least 1"),
            "split_seed": (self.split_seed >= 0, "at least 0"),
        }
        check_range(self, "dataset", allowed)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from a config section.

        Raises:
            ConfigError: A key is unknown or missing.
        """
        return from_dict(cls, values, "dataset")

    def to_dict(self) -> dict[str, Any]:
        """Every field, defaults included."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def record(self, source_digests: Mapping[str, str]) -> dict[str, Any]:
        """What `dataset_id` is the digest of: options, source files and images protocol.

        Args:
            source_digests: SHA-256 (hex) by file name. Bytes, not decoded pixels, because two
                versions of a JPEG decoder differ in the last bit.
        """
        return {
            "dataset": options_on(self),
            "sources": dict(source_digests),
            "protocol": IMAGES_PROTOCOL,
        }

    def dataset_id(self, source_digests: Mapping[str, str]) -> str:
        """Digest of `record`."""
        return digest(self.record(source_digests))


def _size_bounds(value: "Recipe | NetworkShape") -> dict[str, tuple[bool, str]]:
    """What every network's cells and channels must be."""
    return {
        "cells": (3 <= value.cells <= 1000, "at least 3 and at most 1000"),
        "channels": (
            2 <= value.channels <= 10_000 and value.channels % 2 == 0,
            "even and at least 2",
        ),
    }

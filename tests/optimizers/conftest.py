"""A search space small enough to run out of networks."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

Bits = tuple[int, ...]


class BitSpace:
    """Words of bits; a word and its mirror image are the same network."""

    name = "bits"
    version = 1
    encodings = ("bits",)

    def __init__(self, length: int) -> None:
        self.length = length
        self.size = 2**length
        self.variables = tuple((f"bit_{i}", 2) for i in range(length))
        self.parents: list[Bits] = []
        """What was mutated, in order."""

    def networks(self) -> set[Bits]:
        return {self.canonical(word) for word in itertools.product((0, 1), repeat=self.length)}

    def parse(self, text: str) -> Bits:
        return tuple(map(int, text))

    def format(self, architecture: Bits) -> str:
        return "".join(map(str, architecture))

    def canonical(self, architecture: Bits) -> Bits:
        return min(architecture, architecture[::-1])

    def architecture_id(self, architecture: Bits) -> str:
        return f"{int(self.format(self.canonical(architecture)), 2):016x}"

    def to_vector(self, architecture: Bits) -> np.ndarray:
        return np.array(architecture, np.uint8)

    def from_vector(self, vector: Sequence[int] | np.ndarray) -> Bits:
        return tuple(map(int, vector))

    def sample(self, rng: np.random.Generator) -> Bits:
        return self.from_vector(rng.integers(2, size=self.length))

    def mutate(self, architecture: Bits, rng: np.random.Generator) -> Bits:
        self.parents.append(architecture)
        flipped = rng.integers(self.length)
        return tuple(bit ^ (i == flipped) for i, bit in enumerate(architecture))

    def neighbours(self, architecture: Bits) -> list[Bits]:
        words = [
            tuple(bit ^ (i == flipped) for i, bit in enumerate(architecture))
            for flipped in range(self.length)
        ]
        networks = {self.canonical(word): word for word in words}
        networks.pop(self.canonical(architecture), None)
        return list(networks.values())

    def encode(self, architectures: Sequence[Bits], encoding: str) -> np.ndarray:
        return np.array([self.canonical(word) for word in architectures], np.float32)

    def feature_names(self, encoding: str) -> tuple[str, ...]:
        return tuple(name for name, _ in self.variables)


@pytest.fixture
def tiny_space() -> BitSpace:
    """3 bits: 8 words, 6 networks."""
    return BitSpace(3)


@pytest.fixture
def bit_space() -> BitSpace:
    """12 bits: 4096 words, 2080 networks."""
    return BitSpace(12)

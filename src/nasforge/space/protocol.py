"""The contract of a search space. Optimizers, surrogates and benchmarks know nothing more.

docs/own_space.md makes one of your own.

>>> from nasforge.space import DARTS, SearchSpace
>>> isinstance(DARTS, SearchSpace)
True
"""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

Architecture = Any
"""An immutable, hashable object; only its own space looks inside."""


@runtime_checkable
class SearchSpace(Protocol):
    """A finite set of architectures.

    A space may have more, which is asked for where it is used: `params(architecture, shape)` and
    `macs(architecture, shape)`, exact counts for a `NetworkShape`; `costs(architectures, shape)`,
    both of many at once as int64 [n, 2]; `edit_distances(architectures, others)`, int64 [n, m];
    `graph(architecture)`, a `Graph`, with `graph_layout`, which give it the encoding "graph";
    `all_networks()`, one architecture per network, where these are few: with it no optimizer
    repeats one while there are others.

    Attributes:
        name: Part of every architecture_id and of a frozen benchmark's manifest.
        version: Raised when ids or encodings change.
        size: Number of raw architectures (before canonicalisation).
        variables: (name, number of choices) of every position of `to_vector`.
        encodings: Names that `encode` accepts.
    """

    name: str
    version: int
    size: int
    variables: tuple[tuple[str, int], ...]
    encodings: tuple[str, ...]

    def parse(self, text: str) -> Architecture:
        """Read one architecture; GenotypeError says what is wrong with the text."""
        ...

    def format(self, architecture: Architecture) -> str:
        """One line, stable, such that `parse(format(a)) == a`."""
        ...

    def canonical(self, architecture: Architecture) -> Architecture:
        """The representative of all architectures that are the same network."""
        ...

    def architecture_id(self, architecture: Architecture) -> str:
        """16 hex digits, the same for all architectures that are the same network."""
        ...

    def to_vector(self, architecture: Architecture) -> np.ndarray:
        """Choices as uint8 [len(variables)]."""
        ...

    def from_vector(self, vector: Sequence[int] | np.ndarray) -> Architecture:
        """Inverse of `to_vector`."""
        ...

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draw uniformly from the raw space."""
        ...

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """Change one choice at random."""
        ...

    def neighbours(self, architecture: Architecture) -> list[Architecture]:
        """All architectures one change away, unique as networks, without itself."""
        ...

    def encode(self, architectures: Sequence[Architecture], encoding: str) -> np.ndarray:
        """Features as float32 [n, d], the same for architectures that are the same network."""
        ...

    def feature_names(self, encoding: str) -> tuple[str, ...]:
        """Names of the d columns of `encode`."""
        ...


def missing_members(candidate: object) -> list[str]:
    """Names of what an object lacks to be a `SearchSpace`."""
    methods = [name for name in vars(SearchSpace) if not name.startswith("_")]
    names = [*SearchSpace.__annotations__, *methods]
    return [name for name in names if not hasattr(candidate, name)]

"""The contract of a backend, and what it answers.

>>> outcomes = backend.evaluate(architectures, noise_seeds)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np

from nasforge.space.protocol import Architecture, SearchSpace


@dataclass(frozen=True)
class Outcomes:
    """What evaluations gave.

    Attributes:
        seen: What an optimizer is told, one training's validation accuracy in [0, 1]; nan if it
            failed. float64 [n].
        values: The noise-free value behind it; nan if unknown. float64 [n].
        costs_s: Training times in seconds; nan if unknown. float64 [n].
    """

    seen: np.ndarray
    values: np.ndarray
    costs_s: np.ndarray

    def __len__(self) -> int:
        return len(self.seen)

    def part(self, start: int, stop: int) -> Self:
        """Some of them."""
        where = slice(start, stop)
        return type(self)(self.seen[where], self.values[where], self.costs_s[where])

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Several as one."""
        columns = ("seen", "values", "costs_s")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))


@runtime_checkable
class Backend(Protocol):
    """Evaluates architectures of a space.

    Attributes:
        name: In the table of trajectories.
        space: Where optimizers search.
        has_costs: Whether training times are known.
        best_known: Noise-free value of the best architecture known; nan if none is.
    """

    name: str
    space: SearchSpace
    has_costs: bool
    best_known: float

    def evaluate(
        self, architectures: Sequence[Architecture], noise_seeds: Sequence[int]
    ) -> Outcomes:
        """Evaluate them.

        Args:
            architectures: Of `space`.
            noise_seeds: For each, which of its trainings is seen: the same seed and network give
                the same outcome.
        """
        ...

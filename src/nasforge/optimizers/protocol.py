"""The contract of a NAS optimizer (ask/tell), and what it is told.

>>> optimizer = RandomSearch(DARTS, seed=1)
>>> architectures = optimizer.ask(10)
>>> optimizer.tell(Observations.of_batch(architectures, values, costs_s, generation=0))
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from nasforge.space.protocol import Architecture, SearchSpace


@dataclass(frozen=True)
class Observation:
    """One evaluated suggestion.

    Attributes:
        architecture: As it was suggested.
        value: What is maximised (validation accuracy in [0, 1]); nan if it failed.
        cost_s: Training time in seconds; nan if unknown.
        generation: Generation of the suggestion.
        position: Its place within the generation.
    """

    architecture: Architecture
    value: float
    cost_s: float
    generation: int
    position: int


@dataclass(frozen=True)
class Observations:
    """Evaluated suggestions, in the order in which they were suggested."""

    rows: tuple[Observation, ...] = ()

    @classmethod
    def of_batch(
        cls,
        architectures: Sequence[Architecture],
        values: Sequence[float],
        costs_s: Sequence[float],
        generation: int,
    ) -> Self:
        """Observations of one answer of `ask`, in its order."""
        batch = zip(architectures, values, costs_s, strict=True)
        return cls(
            tuple(
                Observation(architecture, float(value), float(cost_s), generation, position)
                for position, (architecture, value, cost_s) in enumerate(batch)
            )
        )

    def values(self) -> np.ndarray:
        """Values as float64 [n]."""
        return np.array([row.value for row in self.rows], dtype=np.float64)


class Optimizer(Protocol):
    """Suggests architectures and learns from their values.

    Its state is a function of its seed and of what it was told, in order; nothing else is kept.

    Attributes:
        uses_feedback: False if suggestions do not depend on what was told, so that the pipeline
            may run all its generations side by side.
    """

    uses_feedback: ClassVar[bool]

    def __init__(self, space: SearchSpace, seed: int, **settings: Any) -> None: ...

    def ask(self, n: int) -> list[Architecture]:
        """Exactly `n` architectures, distinct as networks, new ones while there are any."""
        ...

    def tell(self, observations: Observations) -> None:
        """Add evaluated suggestions to what is known."""
        ...

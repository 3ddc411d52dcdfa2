"""Regularized (aging) evolution.

    >>> RegularizedEvolution(DARTS, seed=1, population_size=100, sample_size=25).ask(10)

Real et al., "Regularized Evolution for Image Classifier Architecture Search", AAAI 2019,
algorithm 1.
"""

from typing import ClassVar

import numpy as np

from nasforge.errors import OptimizerError
from nasforge.optimizers.novelty import Novelty
from nasforge.optimizers.protocol import Observation, Observations
from nasforge.optimizers.settings import check_whole
from nasforge.space.protocol import Architecture, SearchSpace


class RegularizedEvolution:
    """Mutates the best of a random sample of the latest `population_size` architectures.

    While fewer than that were told, it draws at random. A batch is bred from the same population,
    as asynchronous workers would.

    Args:
        space: Where to search.
        seed: Seed of all draws.
        population_size: P of the paper (100 there).
        sample_size: S of the paper (25 there), drawn with replacement.
    """

    uses_feedback: ClassVar[bool] = True

    def __init__(
        self, space: SearchSpace, seed: int, population_size: int = 100, sample_size: int = 25
    ) -> None:
        check_whole(1, population_size=population_size)
        whole = isinstance(sample_size, int) and not isinstance(sample_size, bool)
        if not whole or not 1 <= sample_size <= population_size:
            raise OptimizerError(
                f"sample_size {sample_size!r} must be a whole number from 1 to population_size "
                f"({population_size})"
            )
        self._space = space
        self._rng = np.random.default_rng(seed)
        self._novelty = Novelty(space)
        self._population_size = population_size
        self._sample_size = sample_size
        self._population: list[Observation] = []

    def ask(self, n: int) -> list[Architecture]:
        """Exactly `n` architectures, distinct as networks, new ones while there are any."""
        warming_up = len(self._population) < self._population_size
        return self._novelty.batch(
            n, self._draw if warming_up else self._breed, last_resort=self._draw
        )

    def tell(self, observations: Observations) -> None:
        """Add to the population; the oldest leave it."""
        self._novelty.add(row.architecture for row in observations.rows)
        self._population = [*self._population, *observations.rows][-self._population_size :]

    def _draw(self) -> Architecture:
        return self._space.sample(self._rng)

    def _breed(self) -> Architecture:
        picks = self._rng.integers(len(self._population), size=self._sample_size)
        # A failed training (nan) loses against everything.
        parent = max(
            (self._population[pick] for pick in picks),
            key=lambda row: -np.inf if np.isnan(row.value) else row.value,
        )
        return self._space.mutate(parent.architecture, self._rng)

"""Differential evolution, rand/1/bin.

    >>> DifferentialEvolution(DARTS, seed=1, population_size=20).ask(10)

Awad, Mallik & Hutter, "Differential Evolution for Neural Architecture Search", Workshop on Neural
Architecture Search at ICLR 2020: the population lives in [0, 1]^V and only what is evaluated is
discretised. Storn & Price, "Differential Evolution", Journal of Global Optimization 1997.
"""

from typing import ClassVar

import numpy as np

from nasforge.optimizers.novelty import Novelty
from nasforge.optimizers.protocol import Observation, Observations
from nasforge.optimizers.settings import check_number, check_whole, comparable
from nasforge.space.protocol import Architecture, SearchSpace


class DifferentialEvolution:
    """Adds differences of members to members, and keeps what is not worse than what it came from.

    The first `population_size` suggestions are random. Each later one is a trial against one
    member, the members taking turns. Results may come in any order; what was never asked for (told
    from an earlier generation) is a trial against the member whose turn it was.

    An architecture does not say where in [0, 1]^V it came from, and nothing else is told, so a
    member's place is drawn uniformly within the bins of its choices. The centres of the bins would
    not do: half the difference of two of them ends on a border and is always rounded up.

    Args:
        space: Where to search.
        seed: Seed of all draws.
        population_size: NP of the paper (20 there).
        mutation_factor: F of the paper (0.5 there).
        crossover_rate: Cr of the paper (0.5 there).
    """

    uses_feedback: ClassVar[bool] = True

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        population_size: int = 20,
        mutation_factor: float = 0.5,
        crossover_rate: float = 0.5,
    ) -> None:
        check_whole(4, population_size=population_size)
        check_number(0.0, 2.0, mutation_factor=mutation_factor)
        check_number(0.0, 1.0, crossover_rate=crossover_rate)
        self._space = space
        self._seed = seed
        self._rng = np.random.default_rng(seed)
        self._novelty = Novelty(space)
        self._factor = mutation_factor
        self._rate = crossover_rate
        self._choices = np.array([number for _, number in space.variables])
        self._places = np.empty((population_size, len(self._choices)))
        self._values = np.full(population_size, -np.inf)
        self._asked = 0
        self._told = 0
        self._turns: dict[Architecture, int] = {}

    def ask(self, n: int) -> list[Architecture]:
        """Exactly `n` architectures, distinct as networks, new ones while there are any."""
        first = max(self._asked, self._told)
        draw = self._draw if self._warming_up else lambda: self._trial(first + self._novelty.taken)
        batch = self._novelty.batch(n, draw, last_resort=self._draw)
        for turn, architecture in enumerate(batch, start=first):
            self._turns[self._space.canonical(architecture)] = turn
        self._asked = first + n
        return batch

    def tell(self, observations: Observations) -> None:
        """Let trials replace the members they are not worse than."""
        self._novelty.add(row.architecture for row in observations.rows)
        for row in observations.rows:
            self._select(row)

    @property
    def _warming_up(self) -> bool:
        return self._told < len(self._values)

    def _select(self, row: Observation) -> None:
        turn = self._turns.pop(self._space.canonical(row.architecture), self._told)
        # While the population fills, whoever comes takes the next free place.
        member = (self._told if self._warming_up else turn) % len(self._values)
        value = comparable(row.value)
        if self._warming_up or value >= self._values[member]:
            # Of its own, so that a member's place depends on what was told and on nothing asked.
            jitter = np.random.default_rng([self._seed, self._told]).random(len(self._choices))
            vector = self._space.to_vector(row.architecture)
            self._places[member] = (vector + jitter) / self._choices
            self._values[member] = value
        self._told += 1

    def _draw(self) -> Architecture:
        return self._space.sample(self._rng)

    def _trial(self, turn: int) -> Architecture:
        member = turn % len(self._values)
        others = self._rng.choice(len(self._values) - 1, size=3, replace=False)
        others += others >= member
        base, plus, minus = self._places[others]
        mutant = base + self._factor * (plus - minus)
        # What left the cube gets a random place in it.
        outside = (mutant < 0) | (mutant >= 1)
        mutant[outside] = self._rng.random(outside.sum())
        crossed = self._rng.random(len(mutant)) < self._rate
        crossed[self._rng.integers(len(mutant))] = True
        place = np.where(crossed, mutant, self._places[member])
        return self._space.from_vector(np.int64(place * self._choices))

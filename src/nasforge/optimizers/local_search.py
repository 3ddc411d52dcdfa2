"""Local search: climb to the best neighbour, and start again from a random place at the top.

    >>> LocalSearch(DARTS, seed=1, improvement="best").ask(10)

White, Nolen & Savani, "Exploring the Loss Landscape in Neural Architecture Search", UAI 2021,
algorithm 1 ("best") and its variant that moves to the first better neighbour ("first").
"""

from typing import ClassVar

import numpy as np

from nasforge.errors import OptimizerError
from nasforge.optimizers.chain import Chain
from nasforge.optimizers.novelty import Novelty
from nasforge.optimizers.protocol import Observations
from nasforge.optimizers.settings import comparable
from nasforge.space.protocol import Architecture, SearchSpace

IMPROVEMENTS = ("best", "first")


class LocalSearch:
    """Evaluates the neighbours of where it stands, in random order, and moves when one is better.

    With `best` it moves to the best of all neighbours, with `first` as soon as one is better, and
    on to what comes in later from an earlier neighbourhood if that is better still. Where none is
    better, its chain ends and another one starts from a random architecture. A batch that asks for
    more than a neighbourhood has left opens further chains: a random start and its neighbours.

    What was told from earlier generations is read in the same way: a network that belongs to no
    neighbourhood so far is the start of a chain.

    Args:
        space: Where to search.
        seed: Seed of all draws.
        improvement: "best" (the paper's algorithm 1) or "first".
    """

    uses_feedback: ClassVar[bool] = True

    def __init__(self, space: SearchSpace, seed: int, improvement: str = "best") -> None:
        if improvement not in IMPROVEMENTS:
            raise OptimizerError(
                f"improvement {improvement!r} must be one of {', '.join(IMPROVEMENTS)}"
            )
        self._space = space
        self._rng = np.random.default_rng(seed)
        self._novelty = Novelty(space)
        self._first_improvement = improvement == "first"
        self._values: dict[Architecture, float] = {}
        self._chains: list[Chain] = []
        self._reached: set[Architecture] = set()
        """All networks that are or were in some chain's neighbourhood, or its place."""

    def ask(self, n: int) -> list[Architecture]:
        """Exactly `n` architectures, distinct as networks, new ones while there are any."""
        return self._novelty.batch(n, self._suggest, last_resort=self._draw)

    def tell(self, observations: Observations) -> None:
        """Move the chains, and start one where a network belongs to none."""
        self._novelty.add(row.architecture for row in observations.rows)
        for row in observations.rows:
            network = self._space.canonical(row.architecture)
            self._values[network] = comparable(row.value)
            if not self._chains or network not in self._reached:
                self._open(row.architecture)
            for chain in self._chains:
                chain.tell(network, self._values[network])
            for chain in list(self._chains):
                self._advance(chain)

    def _draw(self) -> Architecture:
        return self._space.sample(self._rng)

    def _suggest(self) -> Architecture:
        """The next neighbour of the oldest chain that has one left, else a new chain's start."""
        for chain in self._chains:
            while chain.waiting:
                neighbour = chain.waiting.pop()
                if self._novelty.is_new(neighbour):
                    return neighbour
        start = self._draw()
        if self._novelty.is_new(start):
            self._open(start)
        return start

    def _open(self, start: Architecture) -> None:
        chain = Chain(self._space.canonical(start))
        self._stand(chain, start)
        self._chains.append(chain)

    def _stand(self, chain: Chain, architecture: Architecture) -> None:
        """Let a chain look around from where it is now."""
        neighbours = self._space.neighbours(architecture)
        order = self._rng.permutation(len(neighbours))
        shuffled = [neighbours[position] for position in order]
        networks = [self._space.canonical(neighbour) for neighbour in shuffled]
        chain.look_around(self._space.canonical(architecture), shuffled, networks, self._values)
        self._reached.add(chain.place)
        self._reached.update(networks)

    def _advance(self, chain: Chain) -> None:
        """Move a chain while it knows of something better; end it where there is nothing."""
        while (value := self._values.get(chain.place)) is not None:
            better = chain.best is not None and chain.best_value > value
            if chain.missing and not (self._first_improvement and better):
                return  # not all neighbours are known
            occupied = {other.place for other in self._chains}
            if not better or chain.best in occupied:
                self._chains.remove(chain)
                return
            self._stand(chain, chain.best)

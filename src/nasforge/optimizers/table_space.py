"""The evaluated part of a search space, as a search space of its own.

>>> space = TableSpace(DARTS, architectures)
>>> space.mutate(space.sample(rng), rng)        # never leaves the table

Optimizers take it for any other space, so each of them runs on a table of evaluations, also on one
that holds a small part of a large space.
"""

from collections.abc import Sequence

import numpy as np

from nasforge.errors import OptimizerError
from nasforge.space.protocol import Architecture, SearchSpace

NEIGHBOURS = 10
"""A neighbourhood holds at least that many networks, if the table does."""


class TableSpace:
    """The networks of a table. What is one of them is left to the space they are from.

    Distances are numbers of differing choices of canonical forms. The neighbours of a network are
    its nearest ones: all at the smallest distance, and so on until there are `NEIGHBOURS`. In a
    complete table that is one change away, as in the space itself.

    Args:
        space: The space.
        architectures: What is in the table; repeats are ignored.

    Raises:
        OptimizerError: There are none.
    """

    def __init__(self, space: SearchSpace, architectures: Sequence[Architecture]) -> None:
        if not architectures:
            raise OptimizerError(
                "a table of evaluations without an architecture cannot be searched"
            )
        self._space = space
        self.name = space.name
        self.version = space.version
        self.variables = space.variables
        self.encodings = space.encodings
        self._networks = list(dict.fromkeys(map(space.canonical, architectures)))
        self._vectors = np.stack([space.to_vector(network) for network in self._networks])
        self.size = len(self._networks)
        self.parse, self.format = space.parse, space.format
        self.canonical, self.architecture_id = space.canonical, space.architecture_id
        self.to_vector, self.encode = space.to_vector, space.encode
        self.feature_names = space.feature_names

    def from_vector(self, vector: Sequence[int] | np.ndarray) -> Architecture:
        """The network of the table that is nearest to these choices."""
        wanted = self._space.canonical(self._space.from_vector(vector))
        return self._networks[int(self._distances(wanted).argmin())]

    def all_networks(self) -> Sequence[Architecture]:
        """The table's networks, in its order."""
        return self._networks

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draw uniformly from the table's networks."""
        return self._networks[rng.integers(self.size)]

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """A random neighbour."""
        nearest = self._nearest(architecture)
        return self._networks[rng.choice(nearest)] if len(nearest) else architecture

    def neighbours(self, architecture: Architecture) -> list[Architecture]:
        """The nearest networks of the table, without itself."""
        return [self._networks[place] for place in self._nearest(architecture)]

    def _nearest(self, architecture: Architecture) -> np.ndarray:
        network = self._space.canonical(architecture)
        distances = self._distances(network).astype(np.int64)
        others = np.flatnonzero(distances > 0)
        if len(others) > NEIGHBOURS:
            reach = np.partition(distances[others], NEIGHBOURS - 1)[NEIGHBOURS - 1]
            others = others[distances[others] <= reach]
        return others

    def _distances(self, network: Architecture) -> np.ndarray:
        return (self._vectors != self._space.to_vector(network)).sum(axis=1)

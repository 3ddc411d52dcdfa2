"""Random search: uniform on the raw space.

>>> RandomSearch(DARTS, seed=1).ask(10)
"""

from typing import ClassVar

import numpy as np

from nasforge.optimizers.novelty import Novelty
from nasforge.optimizers.protocol import Observations
from nasforge.space.protocol import Architecture, SearchSpace


class RandomSearch:
    """Draws uniformly and learns nothing.

    Args:
        space: Where to draw.
        seed: Seed of all draws.
    """

    uses_feedback: ClassVar[bool] = False

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self._space = space
        self._rng = np.random.default_rng(seed)
        self._novelty = Novelty(space)

    def ask(self, n: int) -> list[Architecture]:
        """Exactly `n` architectures, distinct as networks."""
        return self._novelty.batch(n, lambda: self._space.sample(self._rng))

    def tell(self, observations: Observations) -> None:
        """Mark what was evaluated as seen."""
        self._novelty.add(row.architecture for row in observations.rows)

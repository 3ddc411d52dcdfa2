"""Cells of ever more parameter-free operations: a probe for surrogates, not an optimizer.

>>> ParameterFree(DARTS, seed=0).ask(20)

NAS-Bench-301 (Zela et al., ICLR 2022, section 5) checks so that a surrogate knows that a cell of
skips is bad, which differentiable methods tend to end with. As a sampler its architectures are
trained like all others; name it in `split.set_aside`, so that no surrogate learns from them.
"""

from collections import deque
from collections.abc import Sequence

import numpy as np

from nasforge.errors import OptimizerError
from nasforge.optimizers.novelty import Novelty
from nasforge.optimizers.protocol import Observations
from nasforge.optimizers.table_space import TableSpace
from nasforge.space.darts import Genotype
from nasforge.space.darts.genotype import Edge
from nasforge.space.protocol import SearchSpace

PARAMETER_FREE = ("max_pool_3x3", "avg_pool_3x3", "skip_connect")
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Parts of a cell's edges that get a parameter-free operation."""

EDGES = 16
CONVOLUTIONS = ("sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5")


class ParameterFree:
    """Random cells of convolutions, in which a growing share of operations is replaced.

    Attributes:
        uses_feedback: False: nothing is learnt from results.
    """

    uses_feedback = False

    def __init__(self, space: SearchSpace, seed: int) -> None:
        if space.name != "darts":
            raise OptimizerError(
                f"parameter_free: knows the operations of darts, not those of {space.name!r}"
            )
        if isinstance(space, TableSpace):
            raise OptimizerError("parameter_free: proposes networks that a table does not hold")
        self._rng = np.random.default_rng(seed)
        self._space = space
        self._novelty = Novelty(space)
        self._waiting: deque[Genotype] = deque()

    def ask(self, n: int) -> list[Genotype]:
        """`n` genotypes: for each random one as many as there are shares, in that order.

        They are distinct as networks.
        """
        self._waiting.clear()
        return self._novelty.batch(n, self._next)

    def tell(self, observations: Observations) -> None:
        """Mark what was evaluated as seen."""
        self._novelty.add(row.architecture for row in observations.rows)

    def _next(self) -> Genotype:
        if not self._waiting:
            self._waiting.extend(self._series())
        return self._waiting.popleft()

    def _series(self) -> list[Genotype]:
        sampled = self._space.sample(self._rng)
        inputs = [edge.input for edge in (*sampled.normal, *sampled.reduce)]
        operations = self._rng.choice(CONVOLUTIONS, EDGES)
        replacements = self._rng.choice(PARAMETER_FREE, EDGES)
        order = self._rng.permutation(EDGES)
        series = []
        for share in SHARES:
            replaced = operations.copy()
            chosen = order[: round(share * EDGES)]
            replaced[chosen] = replacements[chosen]
            series.append(_genotype(replaced.tolist(), inputs))
        return series


def _genotype(operations: Sequence[str], inputs: Sequence[int]) -> Genotype:
    edges = [Edge(*pair) for pair in zip(operations, inputs, strict=True)]
    half = len(edges) // 2
    return Genotype(tuple(edges[:half]), tuple(edges[half:]))

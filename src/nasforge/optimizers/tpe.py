"""The tree-structured Parzen estimator, for categorical variables.

    >>> TreeParzenEstimator(DARTS, seed=1).ask(10)

Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011, section 4: l(x) is
the density of the good observations, g(x) that of the others, each a product over the variables,
and expected improvement grows with l(x) / g(x).
"""

from typing import ClassVar

import numpy as np

from nasforge.optimizers.history import DEFAULT_MAX_HISTORY, History
from nasforge.optimizers.novelty import Novelty
from nasforge.optimizers.protocol import Observations
from nasforge.optimizers.settings import check_number, check_whole, comparable
from nasforge.space.protocol import Architecture, SearchSpace


class TreeParzenEstimator:
    """Draws candidates from l and suggests the new one with the highest l / g.

    A failed evaluation is among the bad ones. Vectors are those of canonical forms, so that a
    network has one.

    Args:
        space: Where to search.
        seed: Seed of all draws.
        initial_size: Observations before the first model; suggestions are random until then (20,
            the default of hyperopt, the authors' implementation).
        good_fraction: gamma, the part of the observations that is good (0.15 in the paper).
        candidates: Draws from l per suggestion (24, hyperopt's default).
        max_history: Observations that a model is fitted on at most (see `history`).
    """

    uses_feedback: ClassVar[bool] = True

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        initial_size: int = 20,
        good_fraction: float = 0.15,
        candidates: int = 24,
        max_history: int = DEFAULT_MAX_HISTORY,
    ) -> None:
        check_whole(2, initial_size=initial_size)
        check_whole(1, candidates=candidates)
        check_number(0.0, 1.0, good_fraction=good_fraction)
        self._space = space
        self._rng = np.random.default_rng(seed)
        self._novelty = Novelty(space)
        self._initial_size = initial_size
        self._good_fraction = good_fraction
        self._candidates = candidates
        self._history = History(max_history)
        self._choices = np.array([number for _, number in space.variables])
        self._first = np.cumsum([0, *self._choices[:-1]])
        self._columns = np.empty((max_history, len(self._choices)), dtype=np.int64)

    def ask(self, n: int) -> list[Architecture]:
        """Exactly `n` architectures, distinct as networks, new ones while there are any."""
        if len(self._history) < min(self._initial_size, self._history.size):
            return self._novelty.batch(n, self._draw)
        good, bad = self._split()
        density = self._density(good)
        score = np.log(density) - np.log(self._density(bad))
        # A column's choices fill the interval from its number to the next one.
        ends = np.cumsum(density)
        return self._novelty.batch(
            n, lambda: self._best_candidate(ends, score), last_resort=self._draw
        )

    def tell(self, observations: Observations) -> None:
        """Add to what the model is fitted on."""
        self._novelty.add(row.architecture for row in observations.rows)
        for row in observations.rows:
            slot = self._history.add(comparable(row.value))
            vector = self._space.to_vector(self._space.canonical(row.architecture))
            self._columns[slot] = self._first + vector

    def _draw(self) -> Architecture:
        return self._space.sample(self._rng)

    def _split(self) -> tuple[np.ndarray, np.ndarray]:
        """Columns of the one-hot code of the good observations, and of the others."""
        order = np.argsort(-self._history.values, kind="stable")
        number = int(np.ceil(self._good_fraction * len(order)))
        return self._columns[order[:number]], self._columns[order[number:]]

    def _density(self, columns: np.ndarray) -> np.ndarray:
        """Probability of every choice of every variable, one variable after the other.

        The counts, to which a uniform prior adds one of every choice (section 4.2 of the paper).
        """
        counts = np.bincount(columns.ravel(), minlength=self._choices.sum()) + 1.0
        return counts / np.repeat(len(columns) + self._choices, self._choices)

    def _best_candidate(self, ends: np.ndarray, score: np.ndarray) -> Architecture:
        shape = (self._candidates, len(self._choices))
        places = np.arange(shape[1]) + self._rng.random(shape)
        columns = np.searchsorted(ends, places, side="right")
        # Rounding may put the end of a variable's interval past its last choice.
        columns = np.clip(columns, self._first, self._first + self._choices - 1)
        best = columns[np.argsort(-score[columns].sum(axis=1), kind="stable")]
        for row in best:
            architecture = self._space.from_vector(row - self._first)
            if self._novelty.is_new(architecture):
                break
        return architecture

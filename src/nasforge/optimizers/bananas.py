"""BANANAS: Bayesian optimization with a bag of predictors.

    >>> Bananas(DARTS, seed=1, encoding="paths").ask(10)

White, Neiswanger & Savani, "BANANAS: Bayesian Optimization with Neural Architectures for Neural
Architecture Search", AAAI 2021, algorithm 1: path encoding, an ensemble of 5 predictors,
independent Thompson sampling, candidates that are mutations of the best.
"""

from collections import deque
from typing import ClassVar

import numpy as np

from nasforge.errors import OptimizerError
from nasforge.optimizers.bagging import Bagging, Predictor, Ridge
from nasforge.optimizers.history import DEFAULT_MAX_HISTORY, History
from nasforge.optimizers.novelty import Novelty
from nasforge.optimizers.protocol import Observations
from nasforge.optimizers.settings import check_whole, comparable
from nasforge.space.protocol import Architecture, SearchSpace

PREFERRED = ("graph_features", "paths", "one_hot")
"""Encodings in order of preference. A linear model predicts better from graph features than from
one-hot encodings (docs/surrogates.md); paths were not compared there."""

WALK = 100
"""Mutations in a row that may all lead to seen networks before a candidate is given up."""


class Bananas:
    """Suggests the candidates that a draw from the predictor's belief likes best.

    A model's suggestions are handed out until they are used up, also one at a time; the next model
    is fitted then. A candidate is a mutation of one of the best, mutated on while it was seen
    before. Failed evaluations are left out of the fit.

    Deviations from the paper: the members are ridge regressions (its neural networks take a
    framework) that differ by a bootstrap; graph features are preferred to paths, where a space has
    them; features that fewer than two observations have are left out.

    Args:
        space: Where to search.
        seed: Seed of all draws.
        encoding: What the predictor sees ("paths" in the paper); None for the first of `PREFERRED`
            that the space has, or its first one.
        initial_size: Observations before the first model; suggestions are random until then (10
            in the authors' code).
        batch_size: Suggestions of one model (k = 10 in the authors' code); more if more are asked
            for at once.
        candidates: Candidates for them (c = 100 in the paper), in proportion if there are more.
        parents: How many of the best are mutated (10).
        members: Predictors (M = 5 in the paper).
        max_history: Observations that a model is fitted on at most (see `history`).
        predictor: What the members are copies of: an object with fit and predict.
    """

    uses_feedback: ClassVar[bool] = True

    def __init__(
        self,
        space: SearchSpace,
        seed: int,
        encoding: str | None = None,
        initial_size: int = 10,
        batch_size: int = 10,
        candidates: int = 100,
        parents: int = 10,
        members: int = 5,
        max_history: int = DEFAULT_MAX_HISTORY,
        predictor: Predictor | None = None,
    ) -> None:
        check_whole(2, initial_size=initial_size, members=members)
        check_whole(1, batch_size=batch_size, candidates=candidates, parents=parents)
        if predictor is not None and not isinstance(predictor, Predictor):
            raise OptimizerError(f"predictor {predictor!r} must be an object with fit and predict")
        self._space = space
        self._rng = np.random.default_rng(seed)
        self._novelty = Novelty(space)
        self._encoding = _choose_encoding(space, encoding)
        self._initial_size = initial_size
        self._batch_size = batch_size
        self._candidates_each = max(candidates / batch_size, 1.0)
        self._parents = parents
        self._bagging = Bagging(predictor or Ridge(), members)
        self._history = History(max_history)
        self._architectures: dict[int, Architecture] = {}
        self._features: dict[int, np.ndarray] = {}
        self._suggestions: deque[Architecture] = deque()

    def ask(self, n: int) -> list[Architecture]:
        """Exactly `n` architectures, distinct as networks, new ones while there are any."""
        if not self._suggestions and not self._can_fit():
            return self._novelty.batch(n, self._draw)
        return self._novelty.batch(
            n, lambda: self._suggest(n - self._novelty.taken), last_resort=self._draw
        )

    def tell(self, observations: Observations) -> None:
        """Add to what the next model is fitted on."""
        self._novelty.add(row.architecture for row in observations.rows)
        for row in observations.rows:
            slot = self._history.add(comparable(row.value))
            self._architectures[slot] = row.architecture
            self._features.pop(slot, None)

    def _draw(self) -> Architecture:
        return self._space.sample(self._rng)

    def _can_fit(self) -> bool:
        needed = min(self._initial_size, self._history.size)
        return bool(np.isfinite(self._history.values).sum() >= needed)

    def _suggest(self, wanted: int) -> Architecture:
        if not self._suggestions:
            self._suggestions.extend(self._thompson(max(wanted, self._batch_size)))
        return self._suggestions.popleft() if self._suggestions else self._draw()

    def _thompson(self, number: int) -> list[Architecture]:
        """The candidates with the highest draws, each from its own normal distribution."""
        candidates = self._mutants(round(number * self._candidates_each))
        if not candidates:
            return []
        features, values = self._training_rows()
        used = (features != features[0]).sum(axis=0) >= 2
        values = (values - values.mean()) / (values.std() or 1.0)
        self._bagging.fit(features[:, used], values, self._rng)
        seen = self._space.encode(candidates, self._encoding)[:, used]
        members = self._bagging.predict(seen)
        draws = self._rng.normal(members.mean(axis=1), members.std(axis=1, ddof=1))
        return [candidates[place] for place in np.argsort(-draws, kind="stable")[:number]]

    def _training_rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Features and values of the observations that did not fail."""
        slots = np.flatnonzero(np.isfinite(self._history.values)).tolist()
        fresh = [slot for slot in slots if slot not in self._features]
        architectures = [self._architectures[slot] for slot in fresh]
        encoded = self._space.encode(architectures, self._encoding)
        self._features.update(zip(fresh, encoded, strict=True))
        return np.stack([self._features[slot] for slot in slots]), self._history.values[slots]

    def _mutants(self, number: int) -> list[Architecture]:
        """New networks around the best, distinct; fewer where the space has run out of them."""
        order = np.argsort(-self._history.values, kind="stable")[: self._parents]
        parents = [self._architectures[slot] for slot in order.tolist()]
        found: dict[Architecture, Architecture] = {}
        for pick in self._rng.integers(len(parents), size=number).tolist():
            candidate = parents[pick]
            for _ in range(WALK):
                candidate = self._space.mutate(candidate, self._rng)
                network = self._space.canonical(candidate)
                if network not in found and self._novelty.is_new(candidate):
                    found[network] = candidate
                    break
            else:
                break
        return list(found.values())


def _choose_encoding(space: SearchSpace, encoding: str | None) -> str:
    if encoding is None:
        wanted = [name for name in PREFERRED if name in space.encodings]
        return (wanted or list(space.encodings))[0]
    if encoding not in space.encodings:
        raise OptimizerError(f"encoding {encoding!r} must be one of {', '.join(space.encodings)}")
    return encoding

"""A surrogate that was just fitted, as a backend for optimizers: no folder is exported.

>>> backend = SurrogateBackend("gin without tpe", DARTS, Model((part,)), selection_noise)
>>> run_seeds("tpe", backend, budget=125, seeds=range(20), generation_size=25)
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nasforge.benchmark.entries import NoiseModel
from nasforge.benchmark.model import Encoded, Model, Part
from nasforge.benchmark.noise import noise_std, standard_normals
from nasforge.benchmark.targets import TARGETS, Scale
from nasforge.optimizers.backends.protocol import Outcomes
from nasforge.recipe import digest
from nasforge.space.graph import GraphLayout
from nasforge.space.protocol import Architecture, SearchSpace
from nasforge.surrogates.ensemble import Bagging
from nasforge.surrogates.families import FAMILIES
from nasforge.surrogates.selection import SELECTION_TARGET


class SurrogateBackend:
    """Shows draws of one training's accuracy; training times are unknown.

    Args:
        name: In the table of trajectories; draws depend on it.
        space: Where optimizers search.
        model: Predicts val_accuracy.
        noise: Of a training; None to show predictions as they are.
    """

    has_costs = False
    best_known = float("nan")

    def __init__(
        self, name: str, space: SearchSpace, model: Model, noise: NoiseModel | None
    ) -> None:
        self.name = name
        self.space = space
        self._model = model
        self._noise = noise
        self._key = int(digest(["study", name], 15), 16)

    def evaluate(
        self, architectures: Sequence[Architecture], noise_seeds: Sequence[int]
    ) -> Outcomes:
        """Predict all at once."""
        target = TARGETS[SELECTION_TARGET]
        encoded = Encoded(self.space, architectures)
        mean = self._model.predict(encoded).mean(axis=1)
        seen = mean
        if self._noise is not None:
            draws = standard_normals(self._key, encoded.ids, SELECTION_TARGET, noise_seeds)
            seen = mean + noise_std(self._noise, mean) * draws
        unknown = np.full(len(mean), np.nan)
        return Outcomes(target.natural(seen), target.natural(mean), unknown)


def fit_members(
    record: Mapping[str, Any],
    data: tuple[np.ndarray, np.ndarray],
    layout: GraphLayout | None,
    members: int,
    seed: int,
) -> Model:
    """An ensemble of one family, all members on the same data with seeds of their own.

    Args:
        record: What `fit_target` wrote: family, encoding, link and settings.
        data: Features float32 [n, d], in the record's encoding, and labels float64 [n] on the
            target's scale.
        layout: That of the space's graphs, if it has them.
        members: How many.
        seed: Their seeds derive from it.
    """
    family, link = FAMILIES[record["family"]], Scale(record["link"])
    features, values = data
    labels = link.forward(values)
    seeds = Bagging(members, 1, seed)
    fitted = [
        family.fit(features, labels, seeds.seed_of(member), layout, **record["settings"])
        for member in range(members)
    ]
    return Model((Part(family.name, family.predictor.stack(fitted), record["encoding"], link),))

"""Ensembles bagged by group folds, and their out-of-fold predictions.

    >>> fitted = fit_ensemble(FAMILIES["linear"], space, labels, Bagging(5, 2, seed=0), {})
    >>> fitted.predictor.members, fitted.held_out_mean

Each of `repeats` partitions into `folds` gives one member per fold, fitted on the other folds:
members differ in data and seed. An architecture's out-of-fold prediction is the mean of the
`repeats` members that did not see it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nasforge.benchmark.predictors import Predictor
from nasforge.benchmark.targets import IDENTITY, Scale
from nasforge.errors import SurrogateError
from nasforge.recipe import digest
from nasforge.space.encoding import encode, layout_of
from nasforge.space.protocol import SearchSpace
from nasforge.surrogates.compact import compact
from nasforge.surrogates.families import Family
from nasforge.surrogates.labels import Labels
from nasforge.surrogates.splits import fold_numbers


@dataclass(frozen=True)
class Bagging:
    """How an ensemble is bagged.

    Attributes:
        folds: Folds of a partition.
        repeats: Partitions; the ensemble has folds * repeats members.
        seed: Seed of partitions and members.
    """

    folds: int
    repeats: int
    seed: int

    def seed_of(self, *parts: int) -> int:
        """A seed below 2^31 for a partition or a member; neighbouring seeds share nothing."""
        return int(digest([self.seed, *parts], 7), 16)


@dataclass(frozen=True, eq=False)
class FittedEnsemble:
    """An ensemble and what it says of architectures that a member did not see.

    Attributes:
        predictor: All members.
        held_out: float64 [n, repeats], out-of-fold predictions on the target's scale.
    """

    predictor: Predictor
    held_out: np.ndarray

    @property
    def held_out_mean(self) -> np.ndarray:
        """float64 [n]."""
        return self.held_out.mean(axis=1)


def fit_ensemble(
    family: Family,
    space: SearchSpace,
    labels: Labels,
    bagging: Bagging,
    settings: Mapping[str, Any],
    link: Scale = IDENTITY,
) -> FittedEnsemble:
    """Fit all members.

    Args:
        family: Kind of its members.
        space: Where the architectures are from.
        labels: What is learnt.
        bagging: Which members there are.
        settings: The family's.
        link: The scale that members predict on; out-of-fold predictions are on the target's.

    Raises:
        SurrogateError: There are fewer architectures than folds, or a setting is unknown.
    """
    if len(labels) < bagging.folds:
        raise SurrogateError(
            f"{len(labels)} architectures cannot make {bagging.folds} folds; lower "
            "surrogates.folds or evaluate more"
        )
    architectures = [space.parse(text) for text in labels.architectures]
    features = encode(space, architectures, family.encoding_for(space))
    values = link.forward(labels.values)
    members = []
    held_out = np.empty((len(labels), bagging.repeats))
    for repeat in range(bagging.repeats):
        fold_of = fold_numbers(
            labels.architecture_ids, labels.strata, bagging.folds, bagging.seed_of(repeat)
        )
        for fold in range(bagging.folds):
            inside = fold_of != fold
            data = features[inside], values[inside]
            seed = bagging.seed_of(repeat, fold)
            member = compact(family.fit(*data, seed, layout_of(space), **settings))
            members.append(member)
            held_out[~inside, repeat] = link.inverse(member.predict(features[~inside])[:, 0])
    return FittedEnsemble(family.predictor.stack(members), held_out)

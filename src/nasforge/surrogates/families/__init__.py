"""Surrogate families: how one member of an ensemble is fitted.

    >>> member = FAMILIES["lightgbm"].fit(features, labels, seed=0, trees=200)

A fitted member is already the frozen predictor of `nasforge.benchmark`: what is scored, what is
exported and what answers a query are the same arrays.
"""

from nasforge.benchmark.predictors import ForestPredictor, LinearPredictor
from nasforge.surrogates.families.family import Family
from nasforge.surrogates.families.lightgbm_trees import fit_lightgbm
from nasforge.surrogates.families.linear import fit_linear, fit_mean

__all__ = ["FAMILIES", "Family"]

FAMILIES = {
    family.name: family
    for family in (
        Family("mean", "one_hot", LinearPredictor, fit_mean),
        Family("linear", "one_hot", LinearPredictor, fit_linear),
        Family("lightgbm", "one_hot", ForestPredictor, fit_lightgbm),
    )
}
"""Families by the name they have in a config."""

"""Surrogate families: how one member of an ensemble is fitted.

    >>> member = FAMILIES["lightgbm"].fit(features, labels, seed=0, trees=200)

A fitted member is already the frozen predictor of `nasforge.benchmark`: what is scored, what is
exported and what answers a query are the same arrays.
"""

from nasforge.benchmark.predictors import (
    ForestPredictor,
    GinPredictor,
    KernelPredictor,
    LinearPredictor,
    MlpPredictor,
)
from nasforge.surrogates.families.family import Family
from nasforge.surrogates.families.gin import fit_gin
from nasforge.surrogates.families.kernels import (
    fit_epsilon_svr,
    fit_gaussian_process,
    fit_nu_svr,
)
from nasforge.surrogates.families.lightgbm_trees import fit_lightgbm
from nasforge.surrogates.families.linear import fit_linear, fit_mean
from nasforge.surrogates.families.mlp import fit_mlp
from nasforge.surrogates.families.sklearn_trees import fit_ngboost, fit_random_forest
from nasforge.surrogates.families.xgboost_trees import fit_xgboost

__all__ = ["FAMILIES", "Family"]

_FEATURES = ("features", "graph_features", "one_hot")

FAMILIES = {
    family.name: family
    for family in (
        Family("mean", ("one_hot",), LinearPredictor, fit_mean),
        Family("linear", _FEATURES, LinearPredictor, fit_linear),
        Family("lightgbm", _FEATURES, ForestPredictor, fit_lightgbm),
        Family("xgboost", _FEATURES, ForestPredictor, fit_xgboost),
        Family("random_forest", _FEATURES, ForestPredictor, fit_random_forest),
        Family("ngboost", _FEATURES, ForestPredictor, fit_ngboost),
        Family("epsilon_svr", _FEATURES, KernelPredictor, fit_epsilon_svr),
        Family("nu_svr", _FEATURES, KernelPredictor, fit_nu_svr),
        Family("gaussian_process", _FEATURES, KernelPredictor, fit_gaussian_process),
        Family("gin", ("graph",), GinPredictor, fit_gin, of_graphs=True),
        Family("mlp", ("paths",), MlpPredictor, fit_mlp),
    )
}
"""Families by the name they have in a config."""

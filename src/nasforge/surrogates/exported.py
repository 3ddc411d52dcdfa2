"""Which surrogates a benchmark holds, and under what names.

>>> exported_surrogates({"forest": "best_tree", "gin": "gin"}, candidates)
{'forest': 'lightgbm', 'gin': 'gin'}
"""

from collections.abc import Mapping

import pandas as pd

from nasforge.benchmark.predictors import ForestPredictor
from nasforge.surrogates.families import FAMILIES

BEST_TREE = "best_tree"
"""Stands for the family of trees with the smallest out-of-fold error."""


def exported_surrogates(
    wanted: Mapping[str, str] | None, candidates: pd.DataFrame
) -> dict[str, str]:
    """Surrogates by their names in the benchmark.

    Args:
        wanted: The config's `export.surrogates`: families, "blend" or "best_tree" by name; None
            for all surrogates under their own names.
        candidates: Columns surrogate and rmse.
    """
    if wanted is None:
        return {str(name): str(name) for name in candidates["surrogate"]}
    return {
        name: best_tree(candidates) if surrogate == BEST_TREE else surrogate
        for name, surrogate in wanted.items()
    }


def best_tree(candidates: pd.DataFrame) -> str:
    """The family of trees with the smallest out-of-fold error on val_accuracy.

    Args:
        candidates: Columns surrogate and rmse.
    """
    trees = [name for name, family in FAMILIES.items() if family.predictor is ForestPredictor]
    own = candidates[candidates["surrogate"].isin(trees)]
    return str(own.loc[own["rmse"].idxmin(), "surrogate"])

"""XGBoost, and its trees as arrays.

>>> fit_xgboost(features, labels, seed=0, trees=300)
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xgboost

from nasforge.benchmark.predictors import ForestPredictor
from nasforge.errors import SurrogateError
from nasforge.surrogates.families.family import centre_and_unit


def fit_xgboost(
    features: np.ndarray,
    labels: np.ndarray,
    seed: int,
    trees: int = 400,
    learning_rate: float = 0.05,
    depth: int = 4,
    min_child_weight: float = 3.0,
    feature_fraction: float = 0.3,
    row_fraction: float = 0.8,
    l2: float = 1.0,
    l1: float = 0.0,
) -> ForestPredictor:
    """Gradient-boosted trees (Chen & Guestrin, "XGBoost", KDD 2016), squared error.

    Args:
        features: float32 [n, d].
        labels: float64 [n].
        seed: Of row and feature sampling.
        trees: Boosting rounds.
        learning_rate: Shrinkage of every tree.
        depth: Greatest depth of a tree.
        min_child_weight: Fewest rows in a leaf.
        feature_fraction: Part of the features that a tree may use.
        row_fraction: Part of the rows that a tree sees.
        l2: Penalty on squared leaf values.
        l1: Penalty on absolute leaf values.
    """
    # Standardised, so that penalties mean the same for every target; undone in the arrays.
    base, unit = centre_and_unit(labels)
    booster = xgboost.train(
        {
            "objective": "reg:squarederror",
            "base_score": 0.0,
            "eta": learning_rate,
            "max_depth": depth,
            "min_child_weight": min_child_weight,
            "colsample_bytree": feature_fraction,
            "subsample": row_fraction,
            "lambda": l2,
            "alpha": l1,
            "seed": seed,
            "tree_method": "hist",
            # The same arrays on every run: one order of summation.
            "nthread": 1,
        },
        xgboost.DMatrix(features, label=(labels - base) / unit, nthread=1),
        num_boost_round=trees,
    )
    return forest_from_xgboost(booster, base, unit)


def forest_from_xgboost(booster: xgboost.Booster, base: float, unit: float) -> ForestPredictor:
    """The arrays of an XGBoost model of numerical features without missing values.

    XGBoost sends `feature < threshold` to the left, in float32; that is `feature <= t` for the
    float32 before the threshold.

    Args:
        booster: A fitted model with one output and base score 0.
        base: Added to every prediction.
        unit: Factor of every leaf.

    Raises:
        SurrogateError: A tree splits on categories, which the arrays cannot express.
    """
    model = json.loads(bytes(booster.save_raw("json")))
    parts = []
    roots = []
    nodes = 0
    for tree in model["learner"]["gradient_booster"]["model"]["trees"]:
        if tree.get("categories"):
            raise SurrogateError("an XGBoost tree splits on categories; only numbers are exported")
        parts.append(_tree_arrays(tree, nodes))
        roots.append(nodes)
        nodes += len(parts[-1]["feature"])
    arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    arrays["value"] = arrays["value"] * unit
    return ForestPredictor(
        **arrays,
        root=np.array(roots, dtype=np.int32),
        first_tree=np.zeros(1, dtype=np.int32),
        base=np.array([base]),
    )


def _tree_arrays(tree: Mapping[str, Any], first: int) -> dict[str, np.ndarray]:
    """One tree's nodes; children stand behind their parents, as XGBoost numbers them."""
    left = np.array(tree["left_children"], dtype=np.int64)
    right = np.array(tree["right_children"], dtype=np.int64)
    # A leaf keeps its value in the place of the threshold.
    condition = np.array(tree["split_conditions"], dtype=np.float32)
    leaf = left < 0
    own = np.arange(len(left))
    below = np.nextafter(condition, np.float32(-np.inf)).astype(np.float64)
    return {
        "feature": np.where(leaf, 0, tree["split_indices"]).astype(np.int32),
        "threshold": np.where(leaf, np.inf, below),
        "left": (first + np.where(leaf, own, left)).astype(np.int32),
        "right": (first + np.where(leaf, own, right)).astype(np.int32),
        "value": np.where(leaf, condition, 0.0).astype(np.float64),
    }

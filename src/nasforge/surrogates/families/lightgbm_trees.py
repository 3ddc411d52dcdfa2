"""LightGBM, and its trees as arrays.

>>> fit_lightgbm(features, labels, seed=0, trees=300)
"""

from collections.abc import Mapping
from typing import Any

import lightgbm
import numpy as np

from nasforge.benchmark.predictors import ForestPredictor
from nasforge.errors import SurrogateError


def fit_lightgbm(
    features: np.ndarray,
    labels: np.ndarray,
    seed: int,
    trees: int = 300,
    learning_rate: float = 0.05,
    leaves: int = 8,
    min_leaf: int = 5,
    feature_fraction: float = 0.3,
    row_fraction: float = 0.8,
    l2: float = 1.0,
) -> ForestPredictor:
    """Gradient-boosted trees (Ke et al., "LightGBM", NeurIPS 2017), squared error.

    Args:
        features: float32 [n, d].
        labels: float64 [n].
        seed: Of row and feature sampling.
        trees: Boosting rounds.
        learning_rate: Shrinkage of every tree.
        leaves: Most leaves of a tree.
        min_leaf: Fewest rows in a leaf.
        feature_fraction: Part of the features that a tree may use.
        row_fraction: Part of the rows that a tree sees.
        l2: Penalty on squared leaf values.
    """
    parameters = {
        "objective": "regression",
        "learning_rate": learning_rate,
        "num_leaves": leaves,
        "min_data_in_leaf": min_leaf,
        "min_data_in_bin": 1,
        "feature_fraction": feature_fraction,
        "bagging_fraction": row_fraction,
        "bagging_freq": 1,
        "lambda_l2": l2,
        "seed": seed,
        # The same arrays on every run: one thread and one order of summation.
        "num_threads": 1,
        "deterministic": True,
        # The same trees as by rows, in half the time: only columns that a tree may use are read.
        "force_col_wise": True,
        "verbosity": -1,
    }
    # Boosting starts from the mean, which is kept apart so that leaves stay small numbers.
    base = float(labels.mean())
    booster = lightgbm.train(
        {**parameters, "boost_from_average": False},
        lightgbm.Dataset(features, label=labels - base),
        num_boost_round=trees,
    )
    return forest_from_lightgbm(booster, base)


def forest_from_lightgbm(booster: lightgbm.Booster, base: float) -> ForestPredictor:
    """The arrays of a LightGBM model of numerical features without missing values.

    Args:
        booster: A fitted model with one output.
        base: Added to every prediction.

    Raises:
        SurrogateError: A tree holds a kind of node that the arrays cannot express.
    """
    nodes: list[tuple[int, float, int, int, float]] = []
    roots = []
    for tree in booster.dump_model()["tree_info"]:
        roots.append(len(nodes))
        _add_node(tree["tree_structure"], nodes)
    feature, threshold, left, right, value = zip(*nodes, strict=True)
    return ForestPredictor(
        feature=np.array(feature, dtype=np.int32),
        threshold=np.array(threshold, dtype=np.float64),
        left=np.array(left, dtype=np.int32),
        right=np.array(right, dtype=np.int32),
        value=np.array(value, dtype=np.float64),
        root=np.array(roots, dtype=np.int32),
        first_tree=np.zeros(1, dtype=np.int32),
        base=np.array([base]),
    )


def _add_node(node: Mapping[str, Any], nodes: list[tuple[int, float, int, int, float]]) -> int:
    """Append a subtree in depth-first order; return its position."""
    position = len(nodes)
    if "split_feature" not in node:
        nodes.append((0, np.inf, position, position, float(node["leaf_value"])))
        return position
    if node["decision_type"] != "<=" or node["missing_type"] != "None":
        raise SurrogateError(
            f"a LightGBM node decides by {node['decision_type']!r} with missing values as "
            f"{node['missing_type']!r}; only '<=' without missing values can be exported"
        )
    nodes.append((0, 0.0, 0, 0, 0.0))  # its children's positions are not known yet
    left = _add_node(node["left_child"], nodes)
    right = _add_node(node["right_child"], nodes)
    nodes[position] = (node["split_feature"], float(node["threshold"]), left, right, 0.0)
    return position

"""Random forests and NGBoost: ensembles of scikit-learn's trees, as arrays.

>>> fit_random_forest(features, labels, seed=0, trees=100)
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.tree import DecisionTreeRegressor

from nasforge.benchmark.predictors import ForestPredictor
from nasforge.errors import SurrogateError
from nasforge.surrogates.families.family import centre_and_unit


def fit_random_forest(
    features: np.ndarray,
    labels: np.ndarray,
    seed: int,
    trees: int = 100,
    min_leaf: int = 2,
    feature_fraction: float = 0.3,
) -> ForestPredictor:
    """A random forest (Breiman, 2001).

    Args:
        features: float32 [n, d].
        labels: float64 [n].
        seed: Of bootstrap and feature sampling.
        trees: Number of trees.
        min_leaf: Fewest rows in a leaf.
        feature_fraction: Part of the features that a split may use.
    """
    # Leaves hold differences from the mean, so that rounding them changes little.
    base = float(labels.mean())
    model = RandomForestRegressor(
        trees,
        min_samples_leaf=min_leaf,
        max_features=feature_fraction,
        bootstrap=True,
        n_jobs=1,
        random_state=seed,
    ).fit(features, labels - base)
    weights = [1.0 / trees] * trees
    return forest_from_sklearn(model.estimators_, weights, base)


def fit_ngboost(
    features: np.ndarray,
    labels: np.ndarray,
    seed: int,
    trees: int = 300,
    learning_rate: float = 0.05,
    depth: int = 3,
    min_leaf: int = 3,
    feature_fraction: float = 0.3,
    row_fraction: float = 0.8,
) -> ForestPredictor:
    """Natural gradient boosting of a normal distribution (Duan et al., "NGBoost", ICML 2020).

    Only the predicted mean is kept: noise is measured from replicates, for all families alike.

    Args:
        features: float32 [n, d].
        labels: float64 [n].
        seed: Of row and feature sampling.
        trees: Boosting rounds.
        learning_rate: Shrinkage of every tree.
        depth: Greatest depth of a tree.
        min_leaf: Fewest rows in a leaf.
        feature_fraction: Part of the features that a round may use.
        row_fraction: Part of the rows that a round sees.

    Raises:
        SurrogateError: NGBoost is not installed, or all labels are the same.
    """
    try:
        from ngboost import NGBRegressor
        from ngboost.distns import Normal
    except ImportError:
        raise SurrogateError(
            "family ngboost needs ngboost: pip install 'nasforge[ngboost]'"
        ) from None

    if np.ptp(labels) < 1e-12:
        raise SurrogateError("family ngboost cannot be fitted to labels that are all the same")
    base, unit = centre_and_unit(labels)
    model = NGBRegressor(
        Dist=Normal,
        Base=DecisionTreeRegressor(
            criterion="friedman_mse", max_depth=depth, min_samples_leaf=min_leaf, random_state=seed
        ),
        n_estimators=trees,
        learning_rate=learning_rate,
        col_sample=feature_fraction,
        minibatch_frac=row_fraction,
        random_state=seed,
        verbose=False,
    ).fit(features, (labels - base) / unit)
    return _forest_of_means(model, base, unit)


def _forest_of_means(model: Any, base: float, unit: float) -> ForestPredictor:
    """The first parameter of every round's distribution, in the labels' own units."""
    means = [mean_tree for mean_tree, _ in model.base_models]
    weights = [-model.learning_rate * scaling * unit for scaling in model.scalings]
    columns = [np.asarray(used) for used in model.col_idxs]
    start = base + unit * float(model.init_params[0])
    return forest_from_sklearn(means, weights, start, columns)


def forest_from_sklearn(
    trees: Sequence[DecisionTreeRegressor],
    weights: Sequence[float],
    base: float,
    columns: Sequence[np.ndarray] | None = None,
) -> ForestPredictor:
    """The arrays of a weighted sum of scikit-learn's regression trees.

    Args:
        trees: Fitted trees; they compare float32 features, `feature <= threshold` to the left.
        weights: A factor per tree.
        base: Added to every prediction.
        columns: For each tree, which columns it was fitted on; None for all.
    """
    roots, nodes = [], 0
    names = ("feature", "threshold", "left", "right", "value")
    parts: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for number, (model, weight) in enumerate(zip(trees, weights, strict=True)):
        tree = model.tree_
        leaf = tree.children_left < 0
        own = np.arange(tree.node_count)
        used = np.arange(model.n_features_in_) if columns is None else columns[number]
        parts["feature"].append(np.where(leaf, 0, used[np.where(leaf, 0, tree.feature)]))
        parts["threshold"].append(np.where(leaf, np.inf, tree.threshold))
        parts["left"].append(nodes + np.where(leaf, own, tree.children_left))
        parts["right"].append(nodes + np.where(leaf, own, tree.children_right))
        parts["value"].append(np.where(leaf, weight * tree.value[:, 0, 0], 0.0))
        roots.append(nodes)
        nodes += tree.node_count
    arrays = {name: np.concatenate(values) for name, values in parts.items()}
    for name in ("feature", "left", "right"):
        arrays[name] = arrays[name].astype(np.int32)
    return ForestPredictor(
        **arrays,
        root=np.array(roots, dtype=np.int32),
        first_tree=np.zeros(1, dtype=np.int32),
        base=np.array([base]),
    )

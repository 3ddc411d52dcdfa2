"""XGBoost, scikit-learn's trees and kernel machines: the arrays are the fitted model."""

import numpy as np
import pytest
import xgboost
from sklearn.ensemble import RandomForestRegressor
from sklearn.svm import SVR

from nasforge.errors import SurrogateError
from nasforge.surrogates.families import FAMILIES, kernels, sklearn_trees, xgboost_trees

QUICK = {
    "linear": {"l2": 1.0},
    "lightgbm": {"trees": 80},
    "xgboost": {"trees": 80, "learning_rate": 0.1},
    "random_forest": {"trees": 20},
    "ngboost": {"trees": 40, "learning_rate": 0.1},
    "epsilon_svr": {},
    "nu_svr": {},
    "gaussian_process": {"largest": 150},
}


def data(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Counts and numbers, one column constant; labels of the size of accuracies."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, 8)).astype(np.float32)
    features[:, :4] = features[:, :4].round()
    features[:, 7] = 1.0
    noise = rng.normal(0.0, 0.003, n)
    return features, 0.5 + 0.02 * features[:, 0] + 0.01 * features[:, 5] + noise


@pytest.mark.parametrize("family", QUICK)
def test_a_family_learns_and_is_frozen_as_it_is(family: str) -> None:
    features, labels = data(200, 0)
    fresh, truth = data(100, 1)
    predictor = FAMILIES[family].fit(features, labels, seed=0, **QUICK[family])
    residual = truth - predictor.predict(fresh)[:, 0]
    assert residual.var() < 0.3 * truth.var()
    again = FAMILIES[family].fit(features, labels, seed=0, **QUICK[family])
    np.testing.assert_array_equal(again.predict(fresh), predictor.predict(fresh))
    assert FAMILIES[family].predictor is type(predictor)


def test_ngboost_refuses_constant_labels() -> None:
    with pytest.raises(SurrogateError, match="all the same"):
        FAMILIES["ngboost"].fit(data(40, 0)[0], np.full(40, 0.5), seed=0)


@pytest.mark.parametrize("family", [name for name in QUICK if name != "ngboost"])
def test_constant_labels_are_predicted(family: str) -> None:
    features, _ = data(40, 0)
    predictor = FAMILIES[family].fit(features, np.full(40, 0.5), seed=0, **QUICK[family])
    np.testing.assert_allclose(predictor.predict(features), 0.5, atol=1e-6)


def test_the_frozen_forest_predicts_as_xgboost(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = data(200, 0)
    boosters = []
    freeze = xgboost_trees.forest_from_xgboost

    def spy(booster: xgboost.Booster, base: float, unit: float):
        boosters.append(booster)
        return freeze(booster, base, unit)

    monkeypatch.setattr(xgboost_trees, "forest_from_xgboost", spy)
    predictor = FAMILIES["xgboost"].fit(features, labels, seed=0, trees=50)
    # Values that occur in training too, where `<` and `<=` differ.
    fresh = np.concatenate([features, data(200, 1)[0]])
    expected = boosters[0].predict(xgboost.DMatrix(fresh)) * labels.std() + labels.mean()
    np.testing.assert_allclose(predictor.predict(fresh)[:, 0], expected, atol=1e-6)


def test_the_frozen_forest_predicts_as_scikit_learn() -> None:
    features, labels = data(200, 0)
    model = RandomForestRegressor(10, random_state=3).fit(features, labels)
    forest = sklearn_trees.forest_from_sklearn(model.estimators_, [0.1] * 10, base=0.0)
    fresh = np.concatenate([features, data(200, 1)[0]])
    np.testing.assert_allclose(forest.predict(fresh)[:, 0], model.predict(fresh), atol=1e-12)


def test_ngboost_is_frozen_as_it_predicts(monkeypatch: pytest.MonkeyPatch) -> None:
    ngboost = pytest.importorskip("ngboost")
    features, labels = data(150, 0)
    models = []
    fit = ngboost.NGBRegressor.fit

    def spy(self, *arguments, **options):
        models.append(self)
        return fit(self, *arguments, **options)

    monkeypatch.setattr(ngboost.NGBRegressor, "fit", spy)
    predictor = FAMILIES["ngboost"].fit(features, labels, seed=0, trees=20)
    fresh, _ = data(100, 1)
    expected = models[0].predict(fresh) * labels.std() + labels.mean()
    np.testing.assert_allclose(predictor.predict(fresh)[:, 0], expected, atol=1e-9)


def test_ngboost_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ngboost", None)
    with pytest.raises(SurrogateError, match=r"pip install 'nasforge\[ngboost\]'"):
        FAMILIES["ngboost"].fit(*data(20, 0), seed=0)


def test_the_frozen_svr_predicts_as_scikit_learn() -> None:
    features, labels = data(150, 0)
    predictor = kernels.fit_epsilon_svr(features, labels, 0, c=2.0, epsilon=0.1, width=0.7)
    std = features.std(axis=0, dtype=np.float64)
    varies = std > 0
    rows = features[:, varies] / std[varies]
    gamma = 0.5 / 0.7**2 / varies.sum()
    standard = (labels - labels.mean()) / labels.std()
    model = SVR(C=2.0, epsilon=0.1, gamma=gamma).fit(rows, standard)
    expected = labels.mean() + labels.std() * model.predict(rows)
    # The solver stops at a tolerance of 1e-3, on a kernel rounded differently.
    np.testing.assert_allclose(predictor.predict(features)[:, 0], expected, atol=5e-4)


def test_a_large_set_is_thinned_for_the_gaussian_process() -> None:
    predictor = FAMILIES["gaussian_process"].fit(*data(80, 0), seed=0, largest=30)
    assert predictor.rows.shape == (30, 8)

"""Families: what they fit, and that the frozen arrays are the model."""

from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
import yaml

from nasforge.benchmark.predictors import make_predictor
from nasforge.errors import SurrogateError
from nasforge.surrogates.families import FAMILIES, lightgbm_trees
from nasforge.surrogates.families.lightgbm_trees import forest_from_lightgbm

SCHEMA = Path(__file__).parents[2] / "workflow" / "schemas" / "config.schema.yaml"
SETTINGS = {
    "mean": {},
    "linear": {"l2": 3.0},
    "lightgbm": {"trees": 100},
    "xgboost": {"trees": 100, "learning_rate": 0.1},
    "random_forest": {"trees": 20},
    "ngboost": {"trees": 50, "learning_rate": 0.1},
    "epsilon_svr": {},
    "nu_svr": {},
    "gaussian_process": {},
    "mlp": {"dropout": 0.0, "epochs": 60},
}
"""Of the families that take columns of any meaning; gin takes graphs."""


def data(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Binary features, and labels linear in the first few with a little noise."""
    rng = np.random.default_rng(seed)
    features = rng.integers(2, size=(n, 12)).astype(np.float32)
    weights = np.array([3.0, -2.0, 1.0, 0.5, *np.zeros(8)])
    return features, 5.0 + features @ weights + rng.normal(0.0, 0.1, n)


def test_the_schema_lists_these_families_and_their_settings() -> None:
    schema = yaml.safe_load(SCHEMA.read_text())
    properties = schema["properties"]["surrogates"]["properties"]["families"]["properties"]
    assert list(properties) == list(FAMILIES)
    for name, section in properties.items():
        shared = set() if name == "mean" else {"link"}
        assert set(section.get("properties", {})) == set(FAMILIES[name].settings) | shared


def test_the_mean_predicts_the_mean() -> None:
    features, labels = data(30, 0)
    predictor = FAMILIES["mean"].fit(features, labels, seed=0)
    np.testing.assert_allclose(predictor.predict(features), labels.mean())


def test_linear_recovers_a_linear_function() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(50, 6)).astype(np.float32)
    weights = np.array([1.0, -2.0, 0.0, 0.5, 3.0, 0.0])
    predictor = FAMILIES["linear"].fit(features, 7.0 + features @ weights, seed=0, l2=1e-9)
    np.testing.assert_allclose(predictor.weights[0], weights, atol=1e-6)
    np.testing.assert_allclose(predictor.bias, 7.0, atol=1e-6)


def test_a_large_penalty_shrinks_linear_to_the_mean() -> None:
    features, labels = data(30, 0)
    predictor = FAMILIES["linear"].fit(features, labels, seed=0, l2=1e12)
    np.testing.assert_allclose(predictor.predict(features), labels.mean(), atol=1e-6)


@pytest.mark.parametrize("binary", [True, False])
def test_the_frozen_forest_predicts_as_lightgbm(
    monkeypatch: pytest.MonkeyPatch, binary: bool
) -> None:
    boosters = []
    train = lightgbm.train

    def spy(*arguments: Any, **options: Any) -> lightgbm.Booster:
        boosters.append(train(*arguments, **options))
        return boosters[-1]

    monkeypatch.setattr(lightgbm_trees.lightgbm, "train", spy)
    features, labels = data(200, 0)
    if not binary:
        features += np.random.default_rng(5).normal(size=features.shape).astype(np.float32)
    predictor = FAMILIES["lightgbm"].fit(features, labels, seed=0, trees=60)
    [booster] = boosters
    assert len(predictor.root) == 60
    expected = booster.predict(features) + labels.mean()
    np.testing.assert_allclose(predictor.predict(features)[:, 0], expected, rtol=1e-9)


def test_settings_reach_lightgbm() -> None:
    features, labels = data(100, 0)
    predictor = FAMILIES["lightgbm"].fit(features, labels, seed=0, trees=3, leaves=2)
    assert len(predictor.root) == 3
    assert len(predictor.feature) == 3 * 3


@pytest.mark.parametrize("labels", [np.full(40, 2.5), np.full(4, 2.5)])
def test_labels_without_variation_give_a_constant_forest(labels: np.ndarray) -> None:
    features = data(len(labels), 0)[0]
    predictor = FAMILIES["lightgbm"].fit(features, labels, seed=0, trees=5)
    np.testing.assert_allclose(predictor.predict(features), 2.5)


def test_too_few_rows_to_split_give_the_mean() -> None:
    features, labels = data(4, 0)
    predictor = FAMILIES["lightgbm"].fit(features, labels, seed=0, trees=5)
    np.testing.assert_allclose(predictor.predict(features), labels.mean())


@pytest.mark.parametrize("kind", ["missing values", "categories"])
def test_a_tree_that_the_arrays_cannot_express_is_refused(kind: str) -> None:
    features, labels = data(200, 0)
    if kind == "missing values":
        features[::3, 0] = np.nan
    categorical = [0, 1] if kind == "categories" else []
    booster = lightgbm.train(
        {"verbosity": -1, "num_threads": 1, "min_data_per_group": 1},
        lightgbm.Dataset(features, labels, categorical_feature=categorical),
        num_boost_round=2,
    )
    with pytest.raises(SurrogateError, match="only '<=' without missing values"):
        forest_from_lightgbm(booster, 0.0)


@pytest.mark.parametrize("name", SETTINGS)
def test_two_fits_give_the_same_arrays(name: str) -> None:
    features, labels = data(80, 0)
    first, second = (
        FAMILIES[name].fit(features, labels, seed=3, **SETTINGS[name]).to_arrays() for _ in range(2)
    )
    for key, array in first.items():
        np.testing.assert_array_equal(array, second[key])


def test_another_seed_gives_another_forest() -> None:
    features, labels = data(80, 0)
    first, second = (
        FAMILIES["lightgbm"].fit(features, labels, seed=seed, trees=5) for seed in (0, 1)
    )
    assert (first.predict(features) != second.predict(features)).any()


@pytest.mark.parametrize("name", SETTINGS)
def test_no_family_is_worse_than_the_mean_on_an_easy_target(name: str) -> None:
    features, labels = data(150, 0)
    new_features, new_labels = data(100, 1)

    def error(family: str) -> float:
        predictor = FAMILIES[family].fit(features, labels, seed=0, **SETTINGS[family])
        return float(((predictor.predict(new_features)[:, 0] - new_labels) ** 2).mean())

    assert error(name) <= (1.0 if name == "mean" else 0.25) * error("mean")


@pytest.mark.parametrize("name", SETTINGS)
def test_a_member_can_be_frozen_and_stacked(name: str) -> None:
    features, labels = data(40, 0)
    family = FAMILIES[name]
    member = family.fit(features, labels, seed=0, **SETTINGS[name])
    assert isinstance(member, family.predictor)
    assert member.members == 1
    stack = make_predictor(member.kind, family.predictor.stack([member, member]).to_arrays())
    np.testing.assert_allclose(
        stack.predict(features)[:, 1],
        member.predict(features)[:, 0],
        rtol=1e-6 if name == "mlp" else 1e-14,  # it computes in float32
    )


@pytest.mark.parametrize(
    ("name", "allowed"), [("mean", "none"), ("linear", "l2"), ("lightgbm", "trees, .*, l2")]
)
def test_an_unknown_setting_is_refused_with_the_known_ones(name: str, allowed: str) -> None:
    features, labels = data(10, 0)
    with pytest.raises(SurrogateError, match=rf"families\.{name}\.alpha: unknown .*: {allowed}$"):
        FAMILIES[name].fit(features, labels, seed=0, alpha=1.0)

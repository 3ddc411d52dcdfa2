"""Bagged ensembles: no out-of-fold prediction has seen its own label."""

import dataclasses

import numpy as np
import pytest

from nasforge.benchmark.predictors import LinearPredictor
from nasforge.errors import SurrogateError
from nasforge.space import DARTS
from nasforge.space.darts import Genotype
from nasforge.surrogates.ensemble import Bagging, fit_ensemble
from nasforge.surrogates.families import FAMILIES, Family
from nasforge.surrogates.labels import Labels, Replicates

BAGGING = Bagging(folds=4, repeats=3, seed=0)
SETTINGS = {
    "mean": {},
    "linear": {},
    "lightgbm": {"trees": 5},
    "xgboost": {"trees": 5},
    "random_forest": {"trees": 5},
    "ngboost": {"trees": 5},
    "epsilon_svr": {},
    "nu_svr": {},
    "gaussian_process": {"largest": 20},
    "gin": {"hidden": 4, "layers": 1, "epochs": 2},
    "mlp": {"hidden": 4, "epochs": 2},
}


@pytest.fixture
def labels(genotypes: list[Genotype]) -> Labels:
    rng = np.random.default_rng(0)
    return Labels(
        architectures=[DARTS.format(DARTS.canonical(genotype)) for genotype in genotypes],
        architecture_ids=[DARTS.architecture_id(genotype) for genotype in genotypes],
        strata=["a", "b"] * 20,
        values=rng.normal(size=40),
        seeds=np.ones(40, np.int64),
        first=np.zeros(40),
        replicates=Replicates(np.empty(0), np.empty(0, np.int64)),
    )


@pytest.mark.parametrize("name", FAMILIES)
def test_there_are_folds_times_repeats_members(name: str, labels: Labels) -> None:
    fitted = fit_ensemble(FAMILIES[name], DARTS, labels, BAGGING, SETTINGS[name])
    assert fitted.predictor.members == 12
    assert fitted.held_out.shape == (40, 3)
    np.testing.assert_allclose(fitted.held_out_mean, fitted.held_out.mean(axis=1))


@pytest.mark.parametrize("name", FAMILIES)
def test_a_label_does_not_change_its_own_prediction(name: str, labels: Labels) -> None:
    values = labels.values.copy()
    values[7] += 100.0
    changed = dataclasses.replace(labels, values=values)
    before, after = (
        fit_ensemble(FAMILIES[name], DARTS, each, BAGGING, SETTINGS[name]).held_out
        for each in (labels, changed)
    )
    np.testing.assert_array_equal(before[7], after[7])
    others = np.arange(40) != 7
    assert (before[others] != after[others]).any(axis=1).sum() >= 25


def test_members_are_fitted_on_all_but_their_fold(labels: Labels) -> None:
    fits: list[tuple[np.ndarray, int]] = []

    def fit(features: np.ndarray, values: np.ndarray, seed: int) -> LinearPredictor:
        fits.append((values, seed))
        bias = np.array([float(len(fits))])
        return LinearPredictor(np.zeros((1, features.shape[1])), bias)

    fitted = fit_ensemble(
        Family("spy", ("one_hot",), LinearPredictor, fit), DARTS, labels, BAGGING, {}
    )
    # A member's prediction is its number, so held_out says which member predicted a row.
    for repeat in range(3):
        members = fitted.held_out[:, repeat].astype(int)
        assert set(members) == {4 * repeat + fold + 1 for fold in range(4)}
        for number in set(members):
            seen = fits[number - 1][0]
            np.testing.assert_array_equal(seen, labels.values[members != number])
    assert len({seed for _, seed in fits}) == 12
    assert fitted.predictor.bias.tolist() == list(range(1, 13))


def test_repeats_partition_differently(labels: Labels) -> None:
    held_out = fit_ensemble(FAMILIES["mean"], DARTS, labels, BAGGING, {}).held_out
    # Rows of one fold share a mean; no two repeats have the same folds.
    folds = [
        {frozenset(np.flatnonzero(column == value)) for value in set(column)}
        for column in held_out.T
    ]
    assert not folds[0] & folds[1]
    assert not folds[1] & folds[2]


def test_the_held_out_mean_of_noise_has_no_skill(labels: Labels) -> None:
    held_out = fit_ensemble(FAMILIES["linear"], DARTS, labels, BAGGING, {}).held_out_mean
    assert np.corrcoef(held_out, labels.values)[0, 1] < 0.4


def test_fewer_architectures_than_folds_are_refused(labels: Labels) -> None:
    with pytest.raises(SurrogateError, match=r"^40 architectures cannot make 41 folds; lower"):
        fit_ensemble(FAMILIES["mean"], DARTS, labels, Bagging(41, 1, 0), {})


def test_an_unknown_setting_is_refused(labels: Labels) -> None:
    with pytest.raises(SurrogateError, match="unknown setting"):
        fit_ensemble(FAMILIES["mean"], DARTS, labels, BAGGING, {"l2": 1.0})

"""BANANAS: its predictor, its candidates and when it fits."""

import math

import numpy as np
import pytest

from nasforge.errors import OptimizerError
from nasforge.optimizers import Bananas, Observations
from nasforge.optimizers.bagging import Bagging, Ridge
from nasforge.space import DARTS


def tell(optimizer, batch, values):
    optimizer.tell(Observations.of_batch(batch, values, [1.0] * len(batch), 0))


class Recorder:
    """A predictor that likes ones, and remembers what it was fitted on."""

    fits: list  # shared by the copies that are made of it

    def __init__(self):
        self.fits = []

    def __deepcopy__(self, memo):
        return self

    def fit(self, features, values):
        self.fits.append((features, values))

    def predict(self, features):
        return features.sum(axis=1)


def test_ridge_finds_a_linear_function_and_shrinks_it():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 3))
    y = x @ [1.0, -2.0, 0.0] + 5
    predictions = Ridge(l2=1e-6).fit(x, y).predict(x)
    np.testing.assert_allclose(predictions, y, atol=1e-4)
    assert Ridge(l2=1e3).fit(x, y).predict(x).std() < 0.5 * y.std()


def test_ridge_with_more_columns_than_rows_is_the_same_regression():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 12)), rng.normal(size=20)
    # Twice the same columns share the weight, under the penalty of each.
    wide = Ridge(l2=1.0).fit(np.hstack([x, x]), y).predict(np.hstack([x, x]))
    narrow = Ridge(l2=1.0).fit(x, y).predict(x)
    np.testing.assert_allclose(wide, narrow, rtol=1e-8)


def test_members_see_bootstrap_samples():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.normal(size=40)
    members = Bagging(Ridge(), members=4).fit(x, y, rng).predict(x)
    assert members.shape == (40, 4)
    assert members.std(axis=1).min() > 0


def test_it_is_random_until_enough_succeeded(bit_space):
    predictor = Recorder()
    optimizer = Bananas(bit_space, 1, initial_size=4, predictor=predictor)
    words = sorted(bit_space.networks())
    tell(optimizer, words[:6], [0.5, 0.5, 0.5, math.nan, math.nan, math.nan])
    optimizer.ask(5)
    assert predictor.fits == []
    tell(optimizer, words[6:7], [0.7])
    optimizer.ask(5)
    # Without the failed ones; bootstrap samples of standardised values.
    standardised = np.array([-1, -1, -1, 3]) / np.sqrt(3)
    for features, values in predictor.fits:
        assert len(features) == len(values) == 4
        assert np.isclose(values[:, None], standardised).any(axis=1).all()


def test_a_model_serves_a_batch_of_suggestions(bit_space):
    predictor = Recorder()
    optimizer = Bananas(bit_space, 1, initial_size=4, batch_size=3, members=2, predictor=predictor)
    tell(optimizer, sorted(bit_space.networks())[:8], np.arange(8.0))
    fits = []
    for _ in range(7):
        tell(optimizer, optimizer.ask(1), [0.5])
        fits.append(len(predictor.fits) // 2)
    assert fits == [1, 1, 1, 2, 2, 2, 3]


def test_a_large_batch_takes_one_model(bit_space):
    predictor = Recorder()
    optimizer = Bananas(bit_space, 1, initial_size=4, members=2, predictor=predictor)
    tell(optimizer, sorted(bit_space.networks())[:8], np.arange(8.0))
    assert len(optimizer.ask(40)) == 40
    assert len(predictor.fits) == 2


def test_candidates_are_mutations_of_the_best_and_the_predictor_chooses(bit_space):
    optimizer = Bananas(bit_space, 1, initial_size=4, parents=2, predictor=Recorder())
    words = sorted(bit_space.networks())[::40]
    values = np.linspace(0, 1, len(words))
    tell(optimizer, words, values)
    batch = optimizer.ask(3)
    assert set(bit_space.parents[:50]) & set(words) == set(words[-2:])
    for word in batch:
        distance = min(sum(a != b for a, b in zip(word, p, strict=True)) for p in words[-2:])
        assert 1 <= distance <= 3
    assert min(map(sum, batch)) >= max(map(sum, words[-2:]))


def test_it_takes_the_encoding_it_is_given_or_the_best_there_is(bit_space):
    assert Bananas(bit_space, 1)._encoding == "bits"
    assert Bananas(DARTS, 1)._encoding == "graph_features"
    assert Bananas(DARTS, 1, encoding="paths")._encoding == "paths"


@pytest.mark.parametrize("encoding", ["paths", "graph_features", "one_hot"])
def test_it_runs_on_every_encoding_of_ours(encoding):
    optimizer = Bananas(DARTS, 1, encoding=encoding)
    for _ in range(3):
        batch = optimizer.ask(12)
        tell(optimizer, batch, [DARTS.to_vector(word).mean() for word in batch])
    assert len(optimizer.ask(10)) == 10


def test_it_fits_on_part_of_a_long_history(bit_space):
    optimizer = Bananas(bit_space, 1, initial_size=4, max_history=10, predictor=Recorder())
    words = sorted(bit_space.networks())[:30]
    tell(optimizer, words[:9], np.arange(9.0))
    optimizer.ask(1)  # encodes what was told so far
    tell(optimizer, words[9:], np.arange(21.0))
    features, values = optimizer._training_rows()
    # The latest five, and the best of the others: each with its own features.
    assert sorted(values) == list(range(11, 21))
    rows = dict(zip(map(float, range(21)), bit_space.encode(words[9:], "bits"), strict=True))
    for value, row in zip(values, features, strict=True):
        assert row.tolist() == rows[value].tolist()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"encoding": "graph"}, "encoding 'graph' must be one of bits"),
        ({"predictor": "ridge"}, "predictor 'ridge' must be an object with fit and predict"),
        ({"members": 1}, "members 1 must be a whole number, at least 2"),
        ({"batch_size": 0}, "batch_size 0 must be"),
    ],
)
def test_settings_out_of_range_are_refused(bit_space, settings, message):
    with pytest.raises(OptimizerError, match=message):
        Bananas(bit_space, 1, **settings)


def test_a_history_smaller_than_the_random_start_is_fitted_when_it_is_full(bit_space):
    optimizer = Bananas(bit_space, seed=0, initial_size=20, max_history=6)
    for _ in range(6):
        [architecture] = optimizer.ask(1)
        assert not optimizer._can_fit()
        tell(optimizer, [architecture], [float(sum(architecture))])
    assert optimizer._can_fit()

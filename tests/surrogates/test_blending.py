"""Blends: convex weights, scored with weights from other folds."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nasforge.benchmark.targets import TARGETS
from nasforge.surrogates.blending import SMALLEST_WEIGHT, blend_weights, fit_blend
from nasforge.surrogates.fitting import OutOfFold, read_model
from nasforge.surrogates.labels import read_labels


def noisy(errors: list[float], n: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Predictions with independent errors, and what is true."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0.7, 0.05, n)
    return values[:, None] + np.array(errors) * rng.standard_normal((n, len(errors))), values


def test_independent_errors_are_weighed_by_their_precision() -> None:
    weights = blend_weights(*noisy([0.01, 0.02], n=20_000), parts=2)
    assert weights == pytest.approx([0.8, 0.2], abs=0.02)


def test_weights_minimise_the_error() -> None:
    predictions, values = noisy([0.02, 0.02, 0.03])
    predictions[:, 2] += 0.01
    weights = blend_weights(predictions, values, parts=3)
    error = np.square(predictions @ weights - values).sum()
    for step in np.random.default_rng(0).dirichlet(np.ones(3), 50):
        nearby = 0.9 * weights + 0.1 * step
        assert np.square(predictions @ nearby - values).sum() >= error - 1e-12


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.0, 0.1), min_size=1, max_size=6), st.integers(1, 6), st.integers(0, 9))
def test_weights_are_few_not_negative_and_sum_to_one(
    errors: list[float], parts: int, seed: int
) -> None:
    weights = blend_weights(*noisy(errors, 30, seed), parts=parts)
    assert weights.sum() == pytest.approx(1.0)
    assert 1 <= np.count_nonzero(weights) <= parts
    assert weights[weights != 0].min() >= SMALLEST_WEIGHT


def test_a_blend_predicts_the_weighted_mean_of_its_parts(finished_campaign) -> None:
    record = finished_campaign.records["blend", "val_accuracy"]
    weights = json.loads(record.read_text())["weights"]
    model = read_model(record)
    assert [(part.name, part.weight) for part in model.parts] == list(weights.items())
    assert set(weights) <= {"mean", "linear", "lightgbm"}
    assert model.members == 10


def test_what_is_scored_was_weighed_without_its_own_label(finished_campaign, tmp_path) -> None:
    """A family that knows the labels of one fold only must not shine on it."""
    labels = read_labels(finished_campaign.development, TARGETS["val_accuracy"])
    rng = np.random.default_rng(0)
    files = {}
    # Both are useless: whatever weights are chosen, out of fold the blend is no better.
    for name in ("a", "b"):
        held_out = rng.normal(labels.values.mean(), 0.05, (len(labels), 2))
        files[name] = tmp_path / f"{name}.parquet"
        OutOfFold(labels.architecture_ids, held_out).write(files[name])
    record = tmp_path / "val_accuracy.json"
    fit_blend(finished_campaign.development, "val_accuracy", files, 2, 0, record)
    blended = OutOfFold.read(record.with_suffix(".parquet"))
    parts = [OutOfFold.read(file).held_out for file in files.values()]
    low, high = np.minimum(*parts), np.maximum(*parts)
    assert (blended.held_out >= low - 1e-12).all()
    assert (blended.held_out <= high + 1e-12).all()
    weights = list(json.loads(record.read_text())["weights"].values())
    if len(weights) == 2:
        same = weights[0] * parts[0] + weights[1] * parts[1]
        assert not np.allclose(blended.held_out, same)

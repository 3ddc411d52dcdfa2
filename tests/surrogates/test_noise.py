"""The noise model and the calibration recover what was simulated."""

import math

import numpy as np
import pytest

from nasforge.benchmark.noise import noise_std
from nasforge.surrogates.labels import Labels, Replicates
from nasforge.surrogates.noise import fit_epistemic_scale, fit_noise

SEEDS = 4


def replicated_labels(variances: np.ndarray, rng: np.random.Generator) -> Labels:
    """Architectures with `SEEDS` trainings of these variances, each followed by one without."""
    r = len(variances)
    samples = np.sqrt(variances)[:, None] * rng.standard_normal((r, SEEDS))
    return Labels(
        architectures=[""] * 2 * r,
        architecture_ids=[""] * 2 * r,
        strata=[""] * 2 * r,
        values=np.zeros(2 * r),
        seeds=np.tile([SEEDS, 1], r),
        first=np.zeros(2 * r),
        replicates=Replicates(samples.var(axis=1, ddof=1), np.full(r, SEEDS)),
    )


def with_unreplicated(predictions: np.ndarray) -> np.ndarray:
    """Predictions of `replicated_labels`: those without replicates have absurd ones."""
    return np.column_stack([predictions, -1e6 * np.ones(len(predictions))]).ravel()


@pytest.mark.parametrize("number", [10, 49, 200])
def test_constant_noise_is_recovered(number: int) -> None:
    rng = np.random.default_rng(0)
    labels = replicated_labels(np.full(number, 0.02**2), rng)
    predictions = rng.uniform(0.6, 0.9, number)
    noise = fit_noise(labels, with_unreplicated(predictions))
    assert noise.slope == 0.0
    # The relative standard error of a variance with f degrees of freedom is sqrt(2 / f).
    error = 3 * math.sqrt(2 / (number * (SEEDS - 1)))
    assert math.exp(noise.log_variance) == pytest.approx(0.02**2, rel=error)
    assert math.exp(noise.log_variance) == pytest.approx(labels.replicates.pooled_variance())
    assert (noise.architectures, noise.evaluations) == (number, number * SEEDS)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("slope", "location"), [(-10.0, 0.75), (8.0, 0.75), (2.0, 400.0)])
def test_a_slope_is_recovered(slope: float, location: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    predictions = location + rng.uniform(-0.5, 0.5, 400)
    variances = np.exp(-7.0 + slope * (predictions - location))
    noise = fit_noise(replicated_labels(variances, rng), with_unreplicated(predictions))
    # Four standard errors: 1 / (std of predictions * sqrt(degrees of freedom / 2)).
    assert noise.slope == pytest.approx(slope, abs=0.57)
    at_location = noise_std(noise, np.array([location]))[0]
    assert at_location == pytest.approx(math.exp(-3.5), rel=0.1)


def test_few_replicated_architectures_give_a_constant_even_where_noise_varies() -> None:
    rng = np.random.default_rng(0)
    for number, constant in ((49, True), (50, False)):
        predictions = rng.uniform(0.5, 1.0, number)
        labels = replicated_labels(np.exp(-10.0 * predictions), rng)
        noise = fit_noise(labels, with_unreplicated(predictions))
        assert (noise.slope == 0.0) is constant


def test_a_slope_is_rarely_found_where_there_is_none() -> None:
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(60):
        labels = replicated_labels(np.full(60, 0.02**2), rng)
        found += fit_noise(labels, with_unreplicated(rng.uniform(0.6, 0.9, 60))).slope != 0.0
    # The test's level is 5 %; more than 8 of 60 have probability .003.
    assert found <= 8


def test_equal_predictions_give_a_constant() -> None:
    labels = replicated_labels(np.full(60, 0.02**2), np.random.default_rng(0))
    assert fit_noise(labels, with_unreplicated(np.full(60, 0.7))).slope == 0.0


def test_fewer_than_three_replicated_architectures_say_nothing() -> None:
    rng = np.random.default_rng(0)
    for number, known in ((0, False), (2, False), (3, True)):
        labels = replicated_labels(np.full(number, 1e-4), rng)
        noise = fit_noise(labels, with_unreplicated(np.full(number, 0.7)))
        assert (noise is not None) is known


def test_replicates_that_agree_exactly_say_nothing() -> None:
    labels = replicated_labels(np.zeros(10), np.random.default_rng(0))
    assert fit_noise(labels, with_unreplicated(np.full(10, 0.7))) is None


@pytest.mark.parametrize("scale", [0.3, 1.0, 25.0])
def test_the_epistemic_scale_is_recovered(scale: float) -> None:
    rng = np.random.default_rng(0)
    member_variances = rng.uniform(1e-5, 1e-4, 4000)
    label_variances = rng.uniform(0.0, 2e-5, 4000)
    stds = np.sqrt(label_variances + scale * member_variances)
    residuals = stds * rng.standard_normal(4000)
    found = fit_epistemic_scale(residuals, label_variances, member_variances)
    assert found == pytest.approx(scale, rel=0.15)


@pytest.mark.parametrize("members", [2, 5, 10])
def test_the_epistemic_scale_is_recovered_from_few_members(members: int) -> None:
    rng = np.random.default_rng(0)
    variances = rng.uniform(0.5e-4, 1.5e-4, 4000)
    residuals = np.sqrt(1e-5 + 3.0 * variances) * rng.standard_normal(4000)
    # What is known of a variance are `members` draws.
    estimates = variances * rng.chisquare(members - 1, 4000) / (members - 1)
    found = fit_epistemic_scale(residuals, np.full(4000, 1e-5), estimates)
    assert found == pytest.approx(3.0, rel=0.15)


def test_residuals_no_larger_than_the_noise_leave_nothing_to_the_members() -> None:
    rng = np.random.default_rng(0)
    label_variances, member_variances = np.full(1000, 1e-4), np.full(1000, 1e-4)
    residuals = 0.009 * rng.standard_normal(1000)
    assert fit_epistemic_scale(residuals, label_variances, member_variances) == 0.0


def test_members_that_agree_cannot_be_calibrated() -> None:
    residuals = np.random.default_rng(0).normal(size=50)
    assert fit_epistemic_scale(residuals, np.full(50, 0.1), np.zeros(50)) is None


def test_members_that_differ_by_rounding_alone_cannot_be_calibrated() -> None:
    residuals = np.random.default_rng(0).normal(size=50)
    assert fit_epistemic_scale(residuals, np.full(50, 0.1), np.full(50, 1e-30)) is None


def test_rows_without_any_variance_do_no_harm() -> None:
    rng = np.random.default_rng(0)
    member_variances = np.full(2000, 1e-4)
    residuals = 0.02 * rng.standard_normal(2000)
    member_variances[::2] = residuals[::2] = 0.0
    scale = fit_epistemic_scale(residuals, np.zeros(2000), member_variances)
    assert scale == pytest.approx(4.0, rel=0.15)

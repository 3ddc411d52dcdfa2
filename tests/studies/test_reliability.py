"""Agreement between seeds and between recipes, on simulated accuracies of known variance."""

import numpy as np
import pytest

from nasforge.studies.reliability import agreement, reliability


def simulated(noise: float, number: int = 2000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = rng.normal(0.5, 0.02, number)
    return true, true[:, None] + rng.normal(0.0, noise, (number, 2))


@pytest.mark.parametrize("noise", [0.005, 0.02])
def test_correlation_is_the_share_of_the_variance_that_is_not_noise(noise: float) -> None:
    _, values = simulated(noise)
    row = reliability(values, np.random.default_rng(1))
    share = 0.02**2 / (0.02**2 + noise**2)
    assert row.pearson.value == pytest.approx(share, abs=0.03)
    assert row.pearson.low < row.pearson.value < row.pearson.high
    assert row.std_seeds == pytest.approx(noise, rel=0.05)
    assert row.std_architectures == pytest.approx(0.02, rel=0.05)


def test_which_training_is_the_first_does_not_matter() -> None:
    _, values = simulated(0.02, number=50)
    flipped = values.copy()
    flipped[::2] = flipped[::2, ::-1]
    one, other = (reliability(v, np.random.default_rng(1)) for v in (values, flipped))
    assert one.pearson.value == pytest.approx(other.pearson.value)
    assert one.spearman.value == pytest.approx(other.spearman.value)


def test_agreement_with_the_truth_is_higher_than_between_seeds() -> None:
    true, values = simulated(0.02)
    rng = np.random.default_rng(1)
    assert agreement(values[:, 0], true, rng).value > reliability(values, rng).spearman.high
    assert agreement(true, true, rng).value == pytest.approx(1.0)

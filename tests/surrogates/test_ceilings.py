"""Ceilings against what a perfect surrogate is simulated to score, and against theory."""

import math

import numpy as np
import pytest

from nasforge.surrogates.ceilings import score_limits
from nasforge.surrogates.metrics import METRICS

MEAN, STD = 0.8, 0.05


def simulated(reliability: float, n: int, seeds: int = 1) -> tuple[np.ndarray, np.ndarray, float]:
    """True means, labels of that reliability, and the variance of a single training."""
    rng = np.random.default_rng(0)
    true = MEAN + STD * math.sqrt(reliability) * rng.standard_normal(n)
    label_variance = STD**2 * (1 - reliability)
    labels = true + math.sqrt(label_variance) * rng.standard_normal(n)
    return true, labels, label_variance * seeds


def limits_of(
    labels: np.ndarray, noise: float, seeds: int = 1, draws: int = 20
) -> dict[str, float]:
    counts = np.full(len(labels), seeds)
    return score_limits(labels, counts, noise, np.random.default_rng(1), draws).ceiling


@pytest.mark.parametrize(("reliability", "tau"), [(0.8, 0.705), (0.92, 0.817)])
@pytest.mark.parametrize("seeds", [1, 3])
def test_gaussian_labels_have_the_ceilings_of_theory(
    reliability: float, tau: float, seeds: int
) -> None:
    _, labels, noise = simulated(reliability, 3000, seeds)
    limits = limits_of(labels, noise, seeds)
    root = math.sqrt(reliability)
    assert tau == pytest.approx(2 / math.pi * math.asin(root), abs=5e-4)
    assert limits["kendall_tau"] == pytest.approx(tau, abs=0.02)
    assert limits["sparse_kendall_tau"] == pytest.approx(tau, abs=0.02)
    assert limits["spearman"] == pytest.approx(6 / math.pi * math.asin(root / 2), abs=0.02)
    assert limits["r2"] == pytest.approx(reliability, abs=0.02)


def test_a_perfect_surrogate_scores_the_ceiling() -> None:
    true, labels, noise = simulated(0.7, 3000)
    limits = limits_of(labels, noise)
    assert set(limits) == set(METRICS)
    for name, metric in METRICS.items():
        # Of 3,000 the best tenth are few.
        close = 0.08 if name == "top_tenth_overlap" else 0.03
        assert metric(labels, true) == pytest.approx(limits[name], rel=close)


def test_floors_of_errors_are_those_of_gaussian_noise() -> None:
    labels = np.linspace(0.0, 1.0, 10)
    limits = limits_of(labels, noise=0.03, seeds=3)
    assert limits["rmse"] == pytest.approx(0.1)
    assert limits["mae"] == pytest.approx(0.1 * math.sqrt(2 / math.pi))
    assert limits["r2"] == pytest.approx(1 - 0.01 / labels.var())


def test_every_label_has_the_noise_of_its_own_seeds() -> None:
    labels, seeds = np.array([0.0, 1.0]), np.array([1, 4])
    limits = score_limits(labels, seeds, 0.04, np.random.default_rng(0), 1).ceiling
    assert limits["rmse"] == pytest.approx(math.sqrt((0.04 + 0.01) / 2))
    assert limits["mae"] == pytest.approx(math.sqrt(2 / math.pi) * (0.2 + 0.1) / 2)


def test_rounding_lowers_the_sparse_ceiling_of_close_architectures() -> None:
    labels = 0.9 + 0.001 * np.random.default_rng(0).random(500)
    limits = limits_of(labels, noise=1e-10)
    assert limits["kendall_tau"] > 0.95
    assert limits["sparse_kendall_tau"] < limits["kendall_tau"] - 0.2


def test_labels_without_noise_have_perfect_ceilings() -> None:
    labels = np.random.default_rng(0).normal(MEAN, STD, 100)
    limits = limits_of(labels, noise=0.0)
    assert (limits["r2"], limits["rmse"], limits["mae"]) == (1.0, 0.0, 0.0)
    assert limits["kendall_tau"] == pytest.approx(1.0)
    assert limits["spearman"] == pytest.approx(1.0)


@pytest.mark.parametrize("noise", [1.01, 5.0])
def test_labels_that_are_all_noise_have_no_ceiling(noise: float) -> None:
    labels = np.random.default_rng(0).normal(MEAN, STD, 100)
    limits = limits_of(labels, noise * labels.var())
    for name in ("r2", "kendall_tau", "sparse_kendall_tau", "spearman", "top_tenth_overlap"):
        assert math.isnan(limits[name])


def test_a_table_of_one_run_scores_what_theory_says() -> None:
    true, labels, noise = simulated(0.8, 3000)
    counts = np.ones(3000, np.int64)
    table = score_limits(labels, counts, noise, np.random.default_rng(1), 20).table
    # Both sides are noisy: residual variance is twice the noise's.
    assert table["r2"] == pytest.approx(1 - 2 * 0.2, abs=0.02)
    assert table["mae"] == pytest.approx(math.sqrt(2 * noise) * math.sqrt(2 / math.pi), rel=0.02)
    assert table["kendall_tau"] == pytest.approx(2 / math.pi * math.asin(0.8), abs=0.02)
    other = true + math.sqrt(noise) * np.random.default_rng(3).standard_normal(3000)
    assert METRICS["r2"](labels, other) == pytest.approx(table["r2"], abs=0.03)


def test_unknown_noise_gives_no_ceilings() -> None:
    limits = limits_of(np.linspace(0.0, 1.0, 10), math.nan)
    assert all(math.isnan(limit) for limit in limits.values())


def test_constant_labels_have_no_ceilings_but_those_of_errors() -> None:
    limits = limits_of(np.full(10, 0.5), 0.01)
    assert {name for name, limit in limits.items() if not math.isnan(limit)} == {"rmse", "mae"}

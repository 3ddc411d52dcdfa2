"""Scores of predictive distributions against numerical integration and simulation."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from nasforge.benchmark.targets import TARGETS
from nasforge.surrogates.calibration import (
    Forecast,
    calibration_table,
    covered,
    crps,
    kl_from_replicates,
    negative_log_likelihood,
    oracle_kl,
)
from nasforge.surrogates.labels import Labels, Replicates

pytestmark = pytest.mark.usefixtures("few_bootstraps")

ONE = Forecast(np.array([0.5]), np.array([0.3]), np.array([0.4]))


def test_variances_of_noise_and_error_add_up() -> None:
    assert ONE.std == pytest.approx([0.5])


@pytest.mark.parametrize("value", [-1.0, 0.5, 0.9])
def test_scores_follow_their_definitions(value: float) -> None:
    values = np.array([value])
    normal = stats.norm(0.5, 0.5)
    assert negative_log_likelihood(ONE, values) == pytest.approx([-normal.logpdf(value)])
    assert ONE.pit(values) == pytest.approx([normal.cdf(value)])

    def squared(x: float) -> float:
        return (normal.cdf(x) - (x >= value)) ** 2

    integral = integrate.quad(squared, -6, value)[0] + integrate.quad(squared, value, 7)[0]
    assert crps(ONE, values) == pytest.approx([integral], abs=1e-6)


def test_an_interval_covers_what_is_inside() -> None:
    forecast = Forecast(np.zeros(4), np.ones(4), np.zeros(4))
    values = np.array([0.67, -0.68, 1.64, -1.65])
    assert covered(forecast, values, 0.5).tolist() == [1, 0, 0, 0]
    assert covered(forecast, values, 0.9).tolist() == [1, 1, 1, 0]


def test_the_divergence_is_that_of_two_normals() -> None:
    p, q = stats.norm(0.2, math.sqrt(0.05)), stats.norm(0.5, 0.3)
    expected, _ = integrate.quad(lambda x: p.pdf(x) * (p.logpdf(x) - q.logpdf(x)), -2, 2.5)
    assert kl_from_replicates(np.array([0.2]), np.array([0.05]), ONE) == pytest.approx([expected])


@pytest.mark.parametrize("seeds", [3, 5])
def test_an_oracle_has_the_divergence_of_simulation(seeds: int) -> None:
    samples = np.random.default_rng(0).standard_normal((100_000, seeds))
    zeros, ones = np.zeros(100_000), np.ones(100_000)
    values = kl_from_replicates(
        samples.mean(axis=1), samples.var(axis=1, ddof=1), Forecast(zeros, ones, zeros)
    )
    assert oracle_kl(np.array([seeds])) == pytest.approx([values.mean()], rel=0.02)


def simulated(n: int, seeds: int) -> tuple[Labels, Forecast]:
    """Labels with noise, and a forecast that knows its own error."""
    rng = np.random.default_rng(0)
    true = rng.normal(0.7, 0.05, n)
    runs = true[:, None] + 0.01 * rng.standard_normal((n, seeds))
    names = [str(i) for i in range(n)]
    replicates = Replicates(runs.var(axis=1, ddof=1), np.full(n, seeds))
    labels = Labels(
        names, names, names, runs.mean(axis=1), np.full(n, seeds), runs[:, 0], replicates
    )
    predicted = true + 0.02 * rng.standard_normal(n)
    return labels, Forecast(predicted, np.full(n, 0.01), np.full(n, 0.02))


def table_of(seeds: int = 3) -> pd.DataFrame:
    labels, forecast = simulated(1000, seeds)
    sure = Forecast(forecast.mean, forecast.noise_std, np.zeros(1000))
    oracle = Forecast(labels.values, forecast.noise_std, np.zeros(1000))
    forecasts = {"honest": forecast, "sure": sure, "oracle": oracle}
    return calibration_table(TARGETS["val_accuracy"], "test", labels, forecasts)


def test_an_honest_forecast_covers_what_it_says_and_a_sure_one_does_not() -> None:
    scores = table_of().set_index(["family", "metric"])["score"]
    assert scores["honest", "coverage_90"] == pytest.approx(0.9, abs=0.03)
    assert scores["honest", "coverage_50"] == pytest.approx(0.5, abs=0.05)
    assert scores["sure", "coverage_90"] < 0.6
    assert scores["honest", "nll"] < scores["sure", "nll"]
    assert scores["honest", "crps"] < scores["sure", "crps"]


def test_every_score_stands_beside_the_oracles() -> None:
    table = table_of()
    rows = table[table["family"] == "honest"].set_index("metric")
    assert list(rows.index) == ["nll", "crps", "coverage_50", "coverage_90", "kl"]
    assert (rows["low"] <= rows["score"]).all()
    assert (rows["score"] <= rows["high"]).all()
    assert rows.loc["coverage_90", "ceiling"] == 0.9
    for metric in ("nll", "crps", "kl"):
        assert rows.loc[metric, "ceiling"] < rows.loc[metric, "score"]
    assert rows.loc["kl", "ceiling"] == pytest.approx(oracle_kl(np.array([3]))[0])


def test_two_trainings_are_too_few_for_a_divergence() -> None:
    assert "kl" not in set(table_of(seeds=2)["metric"])

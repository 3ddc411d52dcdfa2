"""Draws of a benchmark over many seeds: the trained noise and nothing else.

All draws are functions of their seeds, so none of these tests can fail by chance.
"""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from tiny_benchmark import write_benchmark

import nasforge
from nasforge.benchmark.benchmark import Benchmark
from nasforge.space import DARTS

SEEDS = range(1500)
TARGETS = ("val_accuracy", "test_accuracy", "train_time_s")
ARCHITECTURES = [DARTS.sample(np.random.default_rng(seed)) for seed in range(2)]
ON_SCALE = {"train_time_s": np.log}
"""How natural units become the scale on which noise is Gaussian."""

TEXT = (
    "normal:dil_conv_3x3@0+sep_conv_5x5@1/sep_conv_3x3@0+avg_pool_3x3@1/skip_connect@1+"
    "max_pool_3x3@3/max_pool_3x3@1+max_pool_3x3@4-reduce:dil_conv_5x5@0+sep_conv_3x3@1/"
    "sep_conv_5x5@1+dil_conv_5x5@2/dil_conv_3x3@0+sep_conv_5x5@2/sep_conv_3x3@2+sep_conv_3x3@4"
)
GOLDEN = {  # by seed, of this network in the tiny benchmark, from tests/independent_reader.py
    0: (0.7247703113707824, 0.46274402238982293, -0.27243748650819505),
    3: (1.1714526397704856, 1.0095371178677943, -0.5626233975277639),
    2**63 - 1: (-1.7810057813578914, 0.6725695679653821, -0.029348670770967165),
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    return nasforge.load(write_benchmark(tmp_path_factory.mktemp("draws"), TARGETS))


@pytest.fixture(scope="module")
def residuals(bench: Benchmark) -> dict[str, np.ndarray]:
    """Of each target on its scale: [seeds, architectures], less the mean, over noise_std."""
    means = bench.query_many(ARCHITECTURES)
    drawn = [bench.query_many(ARCHITECTURES, TARGETS, noise_seed=seed) for seed in SEEDS]
    residuals = {}
    for target in TARGETS:
        forward = ON_SCALE.get(target, lambda values: values)
        std = np.exp(0.5 * bench.manifest.targets[target].noise.log_variance)
        values = np.stack([forward(one[target]) for one in drawn])
        residuals[target] = (values - forward(means[target])) / std
    return residuals


@pytest.mark.parametrize("target", TARGETS)
def test_draws_are_normal_with_the_noise_std_about_the_mean(
    residuals: dict[str, np.ndarray], target: str
) -> None:
    for column in residuals[target].T:
        assert stats.kstest(column, "norm").pvalue > 0.01
        # So it would notice another spread or another centre.
        assert stats.kstest(1.2 * column, "norm").pvalue < 0.01
        assert stats.kstest(column + 0.15, "norm").pvalue < 0.01


def test_the_drawn_std_is_what_is_reported_and_no_more(
    bench: Benchmark, residuals: dict[str, np.ndarray]
) -> None:
    # epistemic_std is not 0 here, and no part of a draw.
    prediction = bench.query(ARCHITECTURES[0])
    assert prediction.epistemic_std > prediction.noise_std
    std = residuals["val_accuracy"][:, 0].std() * prediction.noise_std
    assert std == pytest.approx(prediction.noise_std, rel=3 / np.sqrt(2 * len(SEEDS)))


def test_draws_of_architectures_targets_and_seeds_are_independent(
    residuals: dict[str, np.ndarray],
) -> None:
    columns = [column for target in TARGETS for column in residuals[target].T]
    for first, column in enumerate(columns):
        for other in columns[first + 1 :]:
            assert abs(np.corrcoef(column, other)[0, 1]) < 3 / np.sqrt(len(SEEDS))
            assert stats.kendalltau(column, other).pvalue > 0.001
        assert abs(np.corrcoef(column[:-1], column[1:])[0, 1]) < 3 / np.sqrt(len(SEEDS))


def test_draws_depend_on_the_network_and_not_on_how_it_is_asked(bench: Benchmark) -> None:
    architecture = DARTS.parse(DARTS.format(ARCHITECTURES[0]))
    cells = architecture.normal, architecture.reduce
    swapped = type(architecture)(*(tuple(cell[i ^ 1] for i in range(8)) for cell in cells))
    alone = bench.query(architecture, noise_seed=5)
    assert bench.query(swapped, noise_seed=5) == alone
    assert bench.query(DARTS.format(swapped), noise_seed=5, targets=["test_accuracy"]) == (
        type(alone)(test_accuracy=alone.test_accuracy)
    )
    batch = bench.query_many([ARCHITECTURES[1], swapped], noise_seed=5)
    assert batch["val_accuracy"][1] == pytest.approx(alone.val_accuracy, rel=1e-12)


@pytest.mark.parametrize("surrogate", ["linear", "forest"])
@pytest.mark.parametrize("seed", GOLDEN)
def test_draws_never_change(tiny_benchmark: Path, surrogate: str, seed: int) -> None:
    bench = nasforge.load(tiny_benchmark, surrogate)
    mean, drawn = bench.query(TEXT), bench.query(TEXT, noise_seed=seed)
    for target, z in zip(TARGETS, GOLDEN[seed], strict=True):
        forward = ON_SCALE.get(target, lambda value: value)
        std = np.exp(0.5 * bench.manifest.targets[target].noise.log_variance)
        noise = forward(getattr(drawn, target)) - forward(getattr(mean, target))
        assert noise / std == pytest.approx(z, rel=1e-9), target

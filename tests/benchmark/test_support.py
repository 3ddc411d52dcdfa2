"""Support: near what was learnt, or far from it."""

from pathlib import Path

import numpy as np
import pytest

import nasforge
from nasforge.benchmark.arrays import pack_arrays
from nasforge.benchmark.support import SUPPORT_FILE, Support
from nasforge.errors import BenchmarkFormatError, GenotypeError
from nasforge.space import DARTS

VECTORS = np.array([[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 1], [2, 2, 2, 2]], np.uint8)


def test_distances_to_the_nearest_fellow_are_counted() -> None:
    assert Support.of(VECTORS).nearest.tolist() == [1, 1, 1, 4]


@pytest.mark.parametrize(
    ("vector", "share"),
    [
        ([0, 0, 0, 0], 1.0),  # learnt itself
        ([0, 0, 0, 2], 1.0),  # as near as most are to each other
        ([0, 0, 3, 3], 0.25),  # two choices off: only the fourth is as far from the others
        ([3, 3, 3, 3], 0.25),
    ],
)
def test_the_share_compares_with_the_training_architectures(
    vector: list[int], share: float
) -> None:
    assert Support.of(VECTORS).share(np.array([vector], np.uint8)).tolist() == [share]


def test_a_single_training_architecture_is_no_measure() -> None:
    assert Support.of(VECTORS[:1]).share(VECTORS).tolist() == [1.0] * 4


def test_a_benchmark_tells_its_support(tmp_path: Path, write_tiny) -> None:
    rng = np.random.default_rng(0)
    learnt = [DARTS.canonical(DARTS.sample(rng)) for _ in range(20)]
    support = Support.of(np.stack([DARTS.to_vector(genotype) for genotype in learnt]))
    arrays = {"vectors": support.vectors, "nearest": support.nearest}
    bench = nasforge.load(write_tiny({SUPPORT_FILE: pack_arrays(arrays)}))
    shares = bench.support([learnt[0], DARTS.format(learnt[1])])
    assert shares.tolist() == [1.0, 1.0]
    assert bench.support([DARTS.sample(rng)])[0] <= 1.0
    with pytest.raises(GenotypeError, match="put one in a list"):
        bench.support(DARTS.format(learnt[0]))


def test_a_benchmark_without_it_says_so(tiny_benchmark: Path) -> None:
    bench = nasforge.load(tiny_benchmark)
    with pytest.raises(BenchmarkFormatError, match=r"support\.npz is missing"):
        bench.support([DARTS.sample(np.random.default_rng(0))])


@pytest.mark.parametrize(
    "arrays",
    [
        {"vectors": VECTORS},
        {"vectors": VECTORS.astype(np.int64), "nearest": np.zeros(4, np.uint16)},
        {"vectors": VECTORS, "nearest": np.zeros(4)},
        {"vectors": VECTORS, "nearest": np.array([2, 1, 1, 1], np.uint16)},
        {"vectors": VECTORS, "nearest": np.zeros(3, np.uint16)},
        {"vectors": VECTORS, "nearest": np.ones(4, np.uint16)},  # of another space
    ],
)
def test_malformed_support_is_refused(write_tiny, arrays: dict[str, np.ndarray]) -> None:
    bench = nasforge.load(write_tiny({SUPPORT_FILE: pack_arrays(arrays)}))
    with pytest.raises(BenchmarkFormatError, match="support"):
        bench.support([DARTS.sample(np.random.default_rng(0))])

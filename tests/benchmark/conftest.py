"""A frozen benchmark small enough to work out by hand."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_benchmark import TARGETS, files_of, manifest_of

from nasforge.benchmark.entries import NoiseModel, TargetEntry
from nasforge.benchmark.frozen import write_frozen
from nasforge.benchmark.manifest import Manifest
from nasforge.benchmark.model import Model, Part
from nasforge.benchmark.predictors import ForestPredictor, LinearPredictor, Predictor
from nasforge.benchmark.selftest import SELFTEST_ARCHITECTURES
from nasforge.space import DARTS

FEATURES = len(DARTS.feature_names("one_hot"))
SCORE = {"part": "test", "metric": "r2", "n": 40, "score": 0.5, "low": 0.4, "high": 0.6}
CEILING = {
    "ceiling": 0.9,
    "ceiling_low": 0.85,
    "ceiling_high": 0.95,
    "table": 0.8,
    "estimable": True,
}
NO_CEILING = {
    "ceiling": None,
    "ceiling_low": None,
    "ceiling_high": None,
    "table": None,
    "estimable": False,
}
TIME_SCORE = {**SCORE, "score": -0.25, "low": None, "high": None}


@pytest.fixture(scope="session")
def forest_arrays() -> dict[str, np.ndarray]:
    """Two members; the first has the trees of nodes 0 to 2 and 3 to 7, the second node 8 alone.

    0: x0 <= 0.5 ? 1 (0.1) : 2 (0.2)
    3: x7 <= 0.5 ? 4 (0.01) : 5;   5: x2 <= 0.25 ? 6 (0.02) : 7 (0.04)
    8: 0.5
    """
    return {
        "feature": np.array([0, 0, 0, 7, 0, 2, 0, 0, 0], np.int32),
        "threshold": np.array([0.5, 9, 9, 0.5, 9, 0.25, 9, 9, 9]),
        "left": np.array([1, 1, 2, 4, 4, 6, 6, 7, 8], np.int32),
        "right": np.array([2, 1, 2, 5, 4, 7, 6, 7, 8], np.int32),
        "value": np.array([0, 0.1, 0.2, 0, 0.01, 0, 0.02, 0.04, 0.5]),
        "root": np.array([0, 3, 8], np.int32),
        "first_tree": np.array([0, 2], np.int32),
        "base": np.array([0.3, 0.25]),
    }


def linear(seed: int, bias: float, spread: float) -> LinearPredictor:
    rng = np.random.default_rng(seed)
    return LinearPredictor(rng.normal(0.0, spread, (2, FEATURES)), np.array([bias, bias + 0.02]))


@pytest.fixture(scope="session")
def models(forest_arrays: dict[str, np.ndarray]) -> dict[tuple[str, str], Predictor]:
    """Predictors by (surrogate, target)."""
    return {
        ("linear", "val_accuracy"): linear(1, 0.7, 0.01),
        ("linear", "test_accuracy"): linear(2, 0.68, 0.01),
        ("linear", "train_time_s"): linear(3, 2.0, 0.05),
        **{("forest", target): ForestPredictor(**forest_arrays) for target in TARGETS},
    }


def wrapped(models: Mapping[tuple[str, str], Predictor]) -> dict[tuple[str, str], Model]:
    """Models of one part each."""
    return {key: Model((Part(key[0], model, "one_hot"),)) for key, model in models.items()}


@pytest.fixture(scope="session")
def manifest(models: dict[tuple[str, str], Predictor]) -> Manifest:
    """Without `files`, which `write_frozen` fills in."""

    def noise(std: float) -> NoiseModel:
        return NoiseModel(2 * math.log(std), 0.0, architectures=10, evaluations=30)

    return manifest_of(
        wrapped(models),
        targets={
            "val_accuracy": TargetEntry("fraction", "identity", noise(0.01)),
            "test_accuracy": TargetEntry("fraction", "identity", noise(0.02)),
            "train_time_s": TargetEntry("s", "log", noise(0.05)),
        },
        scores={
            "val_accuracy": ({**SCORE, **CEILING},),
            "test_accuracy": ({**SCORE, **NO_CEILING, "score": None},),
            "train_time_s": ({**TIME_SCORE, **NO_CEILING},),
        },
        epistemic_scale=2.0,
        noise_key=12345,
        best_known={
            "architecture": DARTS.format(DARTS.from_vector([0] * 22)),
            "val_accuracy": 0.75,
            "surrogate": "linear",
        },
        citation="tiny-v1, made for tests",
    )


@pytest.fixture(scope="session")
def files(manifest: Manifest, models: Mapping[tuple[str, str], Predictor]) -> Mapping[str, bytes]:
    """Content of every file but the manifest."""
    return files_of(wrapped(models), manifest, SELFTEST_ARCHITECTURES)


@pytest.fixture
def write_tiny(
    tmp_path: Path, manifest: Manifest, files: Mapping[str, bytes]
) -> Callable[..., Path]:
    """Writes the tiny benchmark with some of its manifest or files replaced."""

    def write(new_files: Mapping[str, bytes] | None = None, **changes: Any) -> Path:
        return write_frozen(
            tmp_path, dataclasses.replace(manifest, **changes), {**files, **(new_files or {})}
        )

    return write


@pytest.fixture
def tiny_benchmark(write_tiny: Callable[..., Path]) -> Path:
    """Folder of a frozen benchmark with a linear (selected) and a forest surrogate."""
    return write_tiny()

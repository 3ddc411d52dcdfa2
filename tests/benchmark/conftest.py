"""A frozen benchmark small enough to work out by hand."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasforge.benchmark.arrays import pack_arrays
from nasforge.benchmark.card import CARD_FILE, format_card
from nasforge.benchmark.entries import (
    ModelEntry,
    NoiseModel,
    PartEntry,
    SurrogateEntry,
    TargetEntry,
)
from nasforge.benchmark.fingerprint import (
    encoding_fingerprint,
    golden_architectures,
    space_fingerprint,
)
from nasforge.benchmark.frozen import write_frozen
from nasforge.benchmark.manifest import Manifest
from nasforge.benchmark.model import Model, Part
from nasforge.benchmark.predictors import ForestPredictor, LinearPredictor, Predictor
from nasforge.benchmark.selftest import SELFTEST_ARCHITECTURES, selftest_arrays
from nasforge.recipe import DatasetSpec, Recipe
from nasforge.space import DARTS

RECIPE = Recipe(cells=3, channels=4, epochs=2, batch_size=32, learning_rate=0.1)
DATASET = DatasetSpec("digits", 8, 100, 50, 50)
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
    forest = ForestPredictor(**forest_arrays)
    return {
        ("linear", "val_accuracy"): linear(1, 0.7, 0.01),
        ("linear", "test_accuracy"): linear(2, 0.68, 0.01),
        ("linear", "train_time_s"): linear(3, 2.0, 0.05),
        ("forest", "val_accuracy"): forest,
        ("forest", "test_accuracy"): forest,
        ("forest", "train_time_s"): forest,
    }


@pytest.fixture(scope="session")
def manifest(models: dict[tuple[str, str], Predictor]) -> Manifest:
    """Without `files`, which `write_frozen` fills in."""

    def noise(std: float) -> NoiseModel:
        return NoiseModel(2 * math.log(std), 0.0, architectures=10, evaluations=30)

    def surrogate(name: str) -> SurrogateEntry:
        scores = {
            "val_accuracy": ({**SCORE, **CEILING},),
            "test_accuracy": ({**SCORE, **NO_CEILING, "score": None},),
            "train_time_s": ({**TIME_SCORE, **NO_CEILING},),
        }
        entries = {
            target: ModelEntry(
                (PartEntry(model.kind, f"{name}.{target}.npz", "one_hot", "identity", 1.0),),
                2.0,
                scores[target],
            )
            for (owner, target), model in models.items()
            if owner == name
        }
        return SurrogateEntry(entries)

    return Manifest(
        name="tiny",
        version=1,
        description="A benchmark for tests.",
        space={"name": "darts", "version": 1, "fingerprint": space_fingerprint(DARTS)},
        recipe={**RECIPE.to_dict(), "recipe_id": RECIPE.recipe_id},
        dataset={
            "dataset_id": DATASET.dataset_id({}),
            "spec": DATASET.to_dict(),
            "sources": {},
        },
        network=dataclasses.asdict(RECIPE.network_shape(8, classes=10)),
        evaluator="train",
        encodings={"one_hot": encoding_fingerprint(DARTS, "one_hot")},
        targets={
            "val_accuracy": TargetEntry("fraction", "identity", noise(0.01)),
            "test_accuracy": TargetEntry("fraction", "identity", noise(0.02)),
            "train_time_s": TargetEntry("s", "log", noise(0.05)),
        },
        surrogates={name: surrogate(name) for name in ("linear", "forest")},
        selected="linear",
        curve=None,
        training_set={
            "evaluations": 60,
            "architectures": 40,
            "campaign_evaluations": 80,
            "campaign_architectures": 50,
            "campaign_train_time_s": 7200.0,
            "samplers": [{"sampler": "random", "optimizer": "random", "proposals": 40}],
        },
        noise_key=12345,
        best_known={
            "architecture": DARTS.format(DARTS.from_vector([0] * 22)),
            "val_accuracy": 0.75,
            "surrogate": "linear",
        },
        software={"nasforge": "0.1.0"},
        licence="CC-BY-4.0",
        citation="tiny-v1, made for tests",
        files={},
    )


@pytest.fixture(scope="session")
def files(manifest: Manifest, models: dict[tuple[str, str], Predictor]) -> Mapping[str, bytes]:
    """Content of every file but the manifest."""
    golden = golden_architectures(DARTS, SELFTEST_ARCHITECTURES)
    wrapped = {key: Model((Part(key[0], model, "one_hot"),)) for key, model in models.items()}
    return {
        **{f"{s}.{t}.npz": pack_arrays(model.to_arrays()) for (s, t), model in models.items()},
        "selftest.npz": pack_arrays(selftest_arrays(DARTS, golden, manifest, wrapped)),
        CARD_FILE: format_card(manifest).encode(),
    }


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

"""A frozen benchmark of the DARTS space, small and quickly made."""

import dataclasses
import math
from collections.abc import Collection
from pathlib import Path

import numpy as np

from nasforge.benchmark.arrays import pack_arrays
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
from nasforge.benchmark.predictors import LinearPredictor
from nasforge.benchmark.selftest import selftest_arrays
from nasforge.recipe import DatasetSpec, Recipe
from nasforge.space import DARTS

RECIPE = Recipe(cells=3, channels=4, epochs=2, batch_size=32, learning_rate=0.1)
DATASET = DatasetSpec("digits", 8, 100, 50, 50)
ARCHITECTURE = DARTS.format(DARTS.sample(np.random.default_rng(0)))
SCORE = {"part": "test", "metric": "r2", "n": 40, "score": 0.5, "low": 0.4, "high": 0.6}
SCORES = (
    {**SCORE, "ceiling": 0.9, "table": 0.8, "estimable": True},
    {**SCORE, "metric": "spearman", "ceiling": None, "table": None, "estimable": False},
)
TARGETS = {  # unit, scale, level of the predictions, noise
    "val_accuracy": ("fraction", "identity", 0.7, 0.01),
    "test_accuracy": ("fraction", "identity", 0.68, 0.02),
    "train_time_s": ("s", "log", 2.0, 0.05),
}


def write_benchmark(
    parent: Path, targets: Collection[str] = ("val_accuracy",), noisy: Collection[str] = TARGETS
) -> Path:
    """Write `<parent>/tiny-v1` with one linear surrogate.

    Args:
        parent: Where the folder is made.
        targets: What it predicts.
        noisy: Those with a noise model.
    """
    models, entries = {}, {}
    for number, target in enumerate(targets):
        rng = np.random.default_rng(number)
        level = TARGETS[target][2]
        weights = rng.normal(0.0, 0.01, (2, len(DARTS.feature_names("one_hot"))))
        models["linear", target] = LinearPredictor(weights, np.array([level, level + 0.02]))
        part = PartEntry("linear", f"linear.{target}.npz", "one_hot", "identity", 1.0)
        entries[target] = ModelEntry((part,), 1.0, SCORES)
    manifest = Manifest(
        name="tiny",
        version=1,
        description="A benchmark for tests.",
        space={"name": "darts", "version": 1, "fingerprint": space_fingerprint(DARTS)},
        recipe={**RECIPE.to_dict(), "recipe_id": RECIPE.recipe_id},
        dataset={"dataset_id": DATASET.dataset_id({}), "spec": DATASET.to_dict(), "sources": {}},
        network=dataclasses.asdict(RECIPE.network_shape(8, classes=10)),
        evaluator="train",
        encodings={"one_hot": encoding_fingerprint(DARTS, "one_hot")},
        targets={target: _target(target, target in noisy) for target in targets},
        surrogates={"linear": SurrogateEntry(entries)},
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
        noise_key=1,
        best_known={"architecture": ARCHITECTURE, "val_accuracy": 0.75, "surrogate": "linear"},
        software={"nasforge": "0.1.0"},
        licence="CC-BY-4.0",
        citation="tiny-v1",
        files={},
    )
    wrapped = {key: Model((Part(key[0], model, "one_hot"),)) for key, model in models.items()}
    selftest = selftest_arrays(DARTS, golden_architectures(DARTS, 4), manifest, wrapped)
    files = {
        f"linear.{target}.npz": pack_arrays(model.to_arrays())
        for (_, target), model in models.items()
    }
    return write_frozen(parent, manifest, {**files, "selftest.npz": pack_arrays(selftest)})


def _target(name: str, noisy: bool) -> TargetEntry:
    unit, scale, _, std = TARGETS[name]
    noise = NoiseModel(2 * math.log(std), 0.0, architectures=10, evaluations=30)
    return TargetEntry(unit, scale, noise if noisy else None)

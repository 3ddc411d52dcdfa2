"""A frozen benchmark whose predictions are linear in the one-hot encoding."""

import dataclasses
import math
from pathlib import Path

import numpy as np

from nasforge.benchmark.arrays import pack_arrays
from nasforge.benchmark.fingerprint import (
    encoding_fingerprint,
    golden_architectures,
    space_fingerprint,
)
from nasforge.benchmark.frozen import write_frozen
from nasforge.benchmark.manifest import (
    Manifest,
    ModelEntry,
    NoiseModel,
    SurrogateEntry,
    TargetEntry,
)
from nasforge.benchmark.predictors import LinearPredictor
from nasforge.benchmark.selftest import selftest_arrays
from nasforge.recipe import DatasetSpec, Recipe
from nasforge.space import DARTS

RECIPE = Recipe(cells=3, channels=4, epochs=2, batch_size=32, learning_rate=0.1)
DATASET = DatasetSpec("digits", 8, 100, 50, 50)
BEST = DARTS.format(DARTS.sample(np.random.default_rng(0)))
NOISE_STD = 0.02


def write_linear_benchmark(folder: Path, noisy: bool = True, timed: bool = True) -> Path:
    """Accuracies are around 0.7, times around 7 s."""
    rng = np.random.default_rng(0)
    models = {
        ("linear", "val_accuracy"): LinearPredictor(
            rng.normal(0.0, 0.02, (2, 150)), np.array([0.7, 0.7])
        ),
        ("linear", "train_time_s"): LinearPredictor(
            rng.normal(0.0, 0.05, (2, 150)), np.array([2.0, 2.0])
        ),
    }
    if not timed:
        del models["linear", "train_time_s"]
    noise = NoiseModel(2 * math.log(NOISE_STD), 0.0, 10, 30) if noisy else None
    units = {"val_accuracy": ("fraction", "identity"), "train_time_s": ("s", "log")}
    names = [target for _, target in models]
    entries = {name: ModelEntry("linear", f"linear.{name}.npz", 1.0, ()) for name in names}
    manifest = Manifest(
        name="tiny",
        version=1,
        description="A benchmark for tests.",
        space={"name": "darts", "version": 1, "fingerprint": space_fingerprint(DARTS)},
        recipe={**RECIPE.to_dict(), "recipe_id": RECIPE.recipe_id},
        dataset={"dataset_id": DATASET.dataset_id({}), "spec": DATASET.to_dict(), "sources": {}},
        network=dataclasses.asdict(RECIPE.network_shape(8, classes=10)),
        evaluator="train",
        targets={name: TargetEntry(*units[name], noise) for name in names},
        surrogates={
            "linear": SurrogateEntry("one_hot", encoding_fingerprint(DARTS, "one_hot"), entries)
        },
        selected="linear",
        training_set={"evaluations": 60, "architectures": 40, "samplers": []},
        noise_key=1,
        best_known={"architecture": BEST, "val_accuracy": 0.75},
        software={"nasforge": "0.1.0"},
        licence="CC-BY-4.0",
        citation="tiny-v1, made for tests",
        files={},
    )
    golden = golden_architectures(DARTS, 4)
    files = {
        f"linear.{name}.npz": pack_arrays(model.to_arrays()) for (_, name), model in models.items()
    }
    files["selftest.npz"] = pack_arrays(selftest_arrays(DARTS, golden, manifest, models))
    return write_frozen(folder, manifest, files)

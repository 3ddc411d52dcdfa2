"""Frozen benchmarks of the DARTS space, small and quickly made; all of the tests' come from here.

>>> write_benchmark(tmp_path, targets=("val_accuracy", "train_time_s"))
"""

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nasforge.benchmark.arrays import narrowed, pack_arrays
from nasforge.benchmark.card import CARD_FILE, format_card
from nasforge.benchmark.entries import (
    ModelEntry,
    NoiseModel,
    PartEntry,
    SurrogateEntry,
    TargetEntry,
)
from nasforge.benchmark.fingerprint import (
    describe_space,
    encoding_fingerprint,
    golden_architectures,
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
    parent: Path,
    targets: Collection[str] = ("val_accuracy",),
    noisy: Collection[str] = TARGETS,
    surrogates: Collection[str] = ("linear",),
) -> Path:
    """Write `<parent>/tiny-v1` with linear surrogates.

    Args:
        parent: Where the folder is made.
        targets: What it predicts.
        noisy: Those with a noise model.
        surrogates: What they are called; all answer the same.
    """
    models = {
        (name, target): Model((Part(name, _linear(number, TARGETS[target][2]), "one_hot"),))
        for name in surrogates
        for number, target in enumerate(targets)
    }
    manifest = manifest_of(
        models,
        targets={target: _target(target, target in noisy) for target in targets},
        scores=dict.fromkeys(targets, SCORES),
        epistemic_scale=1.0,
    )
    return write_frozen(parent, manifest, files_of(models, manifest, selftests=4))


def manifest_of(
    models: Mapping[tuple[str, str], Model],
    scores: Mapping[str, Sequence[Mapping[str, Any]]],
    epistemic_scale: float,
    **fields: Any,
) -> Manifest:
    """What a small benchmark says of itself, without `files`.

    Args:
        models: By (surrogate, target); the first surrogate is selected.
        scores: By target.
        epistemic_scale: Of all models.
        fields: `targets`, and what differs from the usual.
    """
    selected = next(iter(models))[0]
    entries: dict[str, dict[str, ModelEntry]] = {}
    for (surrogate, target), model in models.items():
        parts = tuple(part_entry(part, file_of(part, target)) for part in model.parts)
        entry = ModelEntry(parts, epistemic_scale, tuple(scores[target]))
        entries.setdefault(surrogate, {})[target] = entry
    encodings = dict.fromkeys(part.encoding for model in models.values() for part in model.parts)
    usual = {
        "name": "tiny",
        "version": 1,
        "description": "A benchmark for tests.",
        "space": describe_space(DARTS),
        "recipe": {**RECIPE.to_dict(), "recipe_id": RECIPE.recipe_id},
        "dataset": {
            "dataset_id": DATASET.dataset_id({}),
            "spec": DATASET.to_dict(),
            "sources": {},
        },
        "network": dataclasses.asdict(RECIPE.network_shape(8, classes=10)),
        "evaluator": "train",
        "encodings": {name: encoding_fingerprint(DARTS, name) for name in encodings},
        "surrogates": {name: SurrogateEntry(entry) for name, entry in entries.items()},
        "selected": selected,
        "curve": None,
        "training_set": {
            "evaluations": 60,
            "architectures": 40,
            "campaign_evaluations": 80,
            "campaign_architectures": 50,
            "campaign_train_time_s": 7200.0,
            "samplers": [{"sampler": "random", "optimizer": "random", "proposals": 40}],
        },
        "noise_key": 1,
        "best_known": {
            "architecture": ARCHITECTURE,
            "val_accuracy": 0.75,
            "surrogate": selected,
        },
        "software": {"nasforge": "0.1.0"},
        "licence": "CC-BY-4.0",
        "citation": "made for tests",
        "files": {},
    }
    return Manifest(**usual | fields)


def part_entry(part: Part, file: str) -> PartEntry:
    """How a manifest lists a part whose arrays are in `file`."""
    return PartEntry(part.predictor.kind, file, part.encoding, part.link.name, part.weight)


def file_of(part: Part, target: str) -> str:
    """Name of the file of a part's arrays; the parts of a blend are other surrogates'."""
    return f"{part.name}.{target}.npz"


def files_of(
    models: Mapping[tuple[str, str], Model], manifest: Manifest, selftests: int
) -> dict[str, bytes]:
    """Content of every file but the manifest and the curve's."""
    golden = golden_architectures(DARTS, selftests)
    return {
        **{
            file_of(part, target): pack_arrays(narrowed(part.predictor.to_arrays()))
            for (_, target), model in models.items()
            for part in model.parts
        },
        "selftest.npz": pack_arrays(selftest_arrays(DARTS, golden, manifest, models)),
        CARD_FILE: format_card(manifest).encode(),
    }


def _linear(seed: int, level: float) -> LinearPredictor:
    weights = np.random.default_rng(seed).normal(
        0.0, 0.01, (2, len(DARTS.feature_names("one_hot")))
    )
    return LinearPredictor(weights, np.array([level, level + 0.02]))


def _target(name: str, noisy: bool) -> TargetEntry:
    unit, scale, _, std = TARGETS[name]
    noise = NoiseModel(2 * math.log(std), 0.0, architectures=10, evaluations=30)
    return TargetEntry(unit, scale, noise if noisy else None)

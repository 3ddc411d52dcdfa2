"""What answers in the page: one surrogate's models, as arrays.

>>> name = choose_surrogate(manifest, None)
>>> answering(folder, manifest, name)
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nasforge.benchmark.entries import PartEntry
from nasforge.benchmark.manifest import Manifest
from nasforge.benchmark.model import Part
from nasforge.benchmark.opening import open_curve, open_models
from nasforge.benchmark.predictors import ForestPredictor, Predictor
from nasforge.benchmark.support import SUPPORT_FILE, open_support
from nasforge.errors import NasforgeError
from nasforge.explorer.forests import compact_forest
from nasforge.space import DARTS

SMALL = ("linear", "forest")
"""Kinds of predictors that are small enough for a page, and answer in well under 5 ms."""


def choose_surrogate(manifest: Manifest, wanted: str | None) -> str:
    """Which surrogate answers in the page.

    Args:
        manifest: Of the benchmark.
        wanted: One of its surrogates; None for the selected one if it is of small kinds, else the
            first that is of trees, else the selected one all the same.

    Raises:
        NasforgeError: There is no such surrogate.
    """
    if wanted is not None:
        if wanted not in manifest.surrogates:
            raise NasforgeError(
                f"{manifest.full_name} has no surrogate {wanted!r}; "
                f"it has {', '.join(manifest.surrogates)}"
            )
        return wanted
    if _kinds(manifest, manifest.selected) <= set(SMALL):
        return manifest.selected
    trees = [name for name in manifest.surrogates if _kinds(manifest, name) == {"forest"}]
    return trees[0] if trees else manifest.selected


def _kinds(manifest: Manifest, surrogate: str) -> set[str]:
    models = manifest.surrogates[surrogate].targets.values()
    return {part.kind for model in models for part in model.parts}


def answering(folder: Path, manifest: Manifest, surrogate: str) -> dict[str, Any]:
    """Models of all targets, the learning curve and the support of a benchmark of darts.

    Raises:
        BenchmarkFormatError: An array is damaged.
    """
    entry = manifest.surrogates[surrogate]
    models = open_models(folder, manifest, DARTS, surrogate)
    targets = {
        name: {
            "unit": target.unit,
            "scale": target.scale,
            "noise": None
            if target.noise is None
            else {"log_variance": target.noise.log_variance, "slope": target.noise.slope},
            "epistemic_scale": entry.targets[name].epistemic_scale,
            "parts": _parts(models[name].parts, entry.targets[name].parts),
        }
        for name, target in manifest.targets.items()
    }
    return {
        "surrogate": surrogate,
        "targets": targets,
        "curve": _curve(folder, manifest),
        "support": _support(folder, manifest),
        "network": manifest.network,
    }


def _parts(parts: Sequence[Part], entries: Sequence[PartEntry]) -> list[dict[str, Any]]:
    return [
        {
            "kind": entry.kind,
            "encoding": entry.encoding,
            "link": entry.link,
            "weight": entry.weight,
            "arrays": _arrays(part.predictor),
        }
        for part, entry in zip(parts, entries, strict=True)
    ]


def _arrays(predictor: Predictor) -> dict[str, np.ndarray]:
    arrays = predictor.to_arrays()
    return compact_forest(arrays) if isinstance(predictor, ForestPredictor) else arrays


def _curve(folder: Path, manifest: Manifest) -> dict[str, Any] | None:
    curve = open_curve(folder, manifest, DARTS)
    if curve is None:
        return None
    return {
        "mean": curve.mean,
        "components": curve.components,
        "parts": _parts(curve.parts, manifest.curve.parts),
    }


def _support(folder: Path, manifest: Manifest) -> dict[str, np.ndarray] | None:
    """None for a benchmark of before there was one."""
    if SUPPORT_FILE not in manifest.files:
        return None
    support = open_support(folder, manifest, DARTS)
    return {"vectors": support.vectors, "nearest": support.nearest}

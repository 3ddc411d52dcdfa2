"""The export stage: fitted ensembles become a frozen benchmark.

    >>> export(ExportSpec("darts-digits", 1, "..."), sources, model_files, folder)

The same inputs and library versions give the same bytes.
"""

import json
import math
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasforge.benchmark.arrays import pack_arrays
from nasforge.benchmark.benchmark import SELFTEST_FILE
from nasforge.benchmark.card import CARD_FILE, format_card
from nasforge.benchmark.fingerprint import (
    encoding_fingerprint,
    golden_architectures,
    space_fingerprint,
)
from nasforge.benchmark.frozen import write_frozen
from nasforge.benchmark.manifest import Manifest, ModelEntry, SurrogateEntry, TargetEntry
from nasforge.benchmark.predictors import Predictor
from nasforge.benchmark.selftest import SELFTEST_ARCHITECTURES, selftest_arrays
from nasforge.benchmark.targets import TARGETS
from nasforge.evaluations.tables import read_table
from nasforge.recipe import Recipe, digest
from nasforge.space import DARTS
from nasforge.surrogates.families import FAMILIES
from nasforge.surrogates.fitting import read_model
from nasforge.surrogates.selection import SELECTION_TARGET, Selection

LICENCE = "CC-BY-4.0"
SOFTWARE = ("nasforge", "numpy", "scikit-learn", "lightgbm")


@dataclass(frozen=True)
class ExportSpec:
    """The config's `export` section.

    Attributes:
        name: Name of the benchmark, without version.
        version: 1, 2, ...
        description: One line for the manifest and the card.
    """

    name: str
    version: int
    description: str


@dataclass(frozen=True)
class ExportSources:
    """Files that an export reads besides the models.

    Attributes:
        evaluations: The campaign's evaluations.
        proposals: Its proposals.
        development: The development part, which the models were fitted on.
        dataset: dataset.json of the prepared images.
        selection: What `select` wrote.
        test_scores: What `score_test` wrote.
    """

    evaluations: Path
    proposals: Path
    development: Path
    dataset: Path
    selection: Path
    test_scores: Path


def export(
    spec: ExportSpec,
    sources: ExportSources,
    model_files: Mapping[tuple[str, str], Path],
    folder: Path,
) -> Path:
    """Write `<folder>/<name>-v<version>/`.

    Args:
        spec: Name, version and description.
        sources: What else is read.
        model_files: Models by (family, target).
        folder: Parent of the benchmark's folder.

    Returns:
        The benchmark's folder.
    """
    selection = Selection.read(sources.selection)
    models = {key: read_model(file, key[0]) for key, file in model_files.items()}
    manifest = _manifest(spec, sources, selection, models)
    files = {
        manifest.surrogates[family].targets[target].file: pack_arrays(model.to_arrays())
        for (family, target), model in models.items()
    }
    golden = golden_architectures(DARTS, SELFTEST_ARCHITECTURES)
    files[SELFTEST_FILE] = pack_arrays(selftest_arrays(DARTS, golden, manifest, models))
    files[CARD_FILE] = format_card(manifest).encode()
    return write_frozen(folder, manifest, files)


def _manifest(
    spec: ExportSpec,
    sources: ExportSources,
    selection: Selection,
    models: Mapping[tuple[str, str], Predictor],
) -> Manifest:
    evaluations, provenance = read_table(sources.evaluations, "evaluations")
    rows = evaluations.to_pandas().query("status == 'ok'")
    [(recipe_id, record)] = provenance.recipes.items()
    dataset = json.loads(sources.dataset.read_text(encoding="utf-8"))
    return Manifest(
        name=spec.name,
        version=spec.version,
        description=spec.description,
        space={
            "name": DARTS.name,
            "version": DARTS.version,
            "fingerprint": space_fingerprint(DARTS),
        },
        recipe={**Recipe.from_record(record).to_dict(), "recipe_id": recipe_id},
        dataset={key: dataset[key] for key in ("dataset_id", "spec", "sources", "classes")},
        evaluator="train",
        targets={
            target: TargetEntry(TARGETS[target].unit, TARGETS[target].scale.name, noise)
            for target, noise in selection.noise.items()
        },
        surrogates=_surrogates(models, selection, pd.read_parquet(sources.test_scores)),
        selected=selection.selected,
        training_set=_training_set(rows, sources),
        noise_key=int(digest(["noise", spec.name, spec.version], 15), 16),
        best_known=_best_known(rows, selection.selected, models),
        software={
            "python": platform.python_version(),
            **{name: version(name) for name in SOFTWARE},
        },
        licence=LICENCE,
        citation=f"{spec.name}-v{spec.version}, made with nasforge {version('nasforge')}",
        files={},
    )


def _surrogates(
    models: Mapping[tuple[str, str], Predictor], selection: Selection, scores: pd.DataFrame
) -> dict[str, SurrogateEntry]:
    entries: dict[str, SurrogateEntry] = {}
    for family in dict.fromkeys(family for family, _ in models):
        targets = {
            target: ModelEntry(
                kind=model.kind,
                file=f"{family}.{target}.npz",
                epistemic_scale=selection.epistemic_scales[family][target],
                scores=_scores(scores, family, target),
            )
            for (owner, target), model in models.items()
            if owner == family
        }
        encoding = FAMILIES[family].encoding
        entries[family] = SurrogateEntry(encoding, encoding_fingerprint(DARTS, encoding), targets)
    return entries


def _scores(table: pd.DataFrame, family: str, target: str) -> tuple[dict[str, Any], ...]:
    rows = table[(table["family"] == family) & (table["target"] == target)]
    records = rows.drop(columns=["family", "target"]).to_dict("records")
    return tuple(
        {
            key: None if isinstance(value, float) and math.isnan(value) else value
            for key, value in record.items()
        }
        for record in records
    )


def _training_set(rows: pd.DataFrame, sources: ExportSources) -> dict[str, Any]:
    """What the models were fitted on, and beside it the whole campaign."""
    proposals, _ = read_table(sources.proposals, "proposals")
    development = pd.read_parquet(sources.development, columns=["architecture_id"])
    counts = proposals.to_pandas().groupby(["sampler", "optimizer"], sort=False).size()
    return {
        "evaluations": len(development),
        "architectures": int(development["architecture_id"].nunique()),
        "campaign_evaluations": len(rows),
        "campaign_architectures": int(rows["architecture_id"].nunique()),
        "campaign_train_time_s": float(rows["train_time_s"].sum()),
        "samplers": [
            {"sampler": sampler, "optimizer": optimizer, "proposals": int(number)}
            for (sampler, optimizer), number in counts.items()
        ],
    }


def _best_known(
    rows: pd.DataFrame, selected: str, models: Mapping[tuple[str, str], Predictor]
) -> dict[str, Any]:
    """The evaluated architecture that the selected surrogate likes best.

    Not the one with the best measured value: of many noisy values the highest is a lucky one. If
    the selected surrogate likes all alike (the mean does), the next one that does not is asked.
    """
    texts = sorted(set(rows["architecture"]))
    architectures = [DARTS.parse(text) for text in texts]
    families = [selected, *(f for f, t in models if t == SELECTION_TARGET and f != selected)]
    for family in families:
        features = DARTS.encode(architectures, FAMILIES[family].encoding)
        predicted = models[family, SELECTION_TARGET].predict(features).mean(axis=1)
        if np.ptp(predicted) > 1e-12:
            break
    best = int(np.argmax(predicted))
    return {
        "architecture": texts[best],
        SELECTION_TARGET: float(TARGETS[SELECTION_TARGET].natural(predicted[best])),
        "surrogate": family,
    }

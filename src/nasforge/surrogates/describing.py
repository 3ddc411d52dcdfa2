"""What an exported benchmark says of itself: the manifest, from what the stages wrote.

>>> spec = ExportSpec("darts-digits", 1, "...", "CC-BY-4.0")
>>> describe(DARTS, spec, sources, selection, models, curve)
"""

import json
import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasforge.benchmark.curve import CurveModel
from nasforge.benchmark.entries import TargetEntry
from nasforge.benchmark.fingerprint import describe_space, encoding_fingerprint
from nasforge.benchmark.manifest import Manifest
from nasforge.benchmark.model import Encoded, Model
from nasforge.benchmark.targets import TARGETS
from nasforge.evaluations.network import find_network
from nasforge.evaluations.schema import check_export_name
from nasforge.evaluations.tables import Provenance, read_table
from nasforge.recipe import DatasetSpec, Recipe, digest
from nasforge.space import SearchSpace
from nasforge.space.protocol import Architecture
from nasforge.surrogates.model_entries import curve_entry, exported_models, surrogate_entries
from nasforge.surrogates.selection import SELECTION_TARGET, Selection

SOFTWARE = (
    "nasforge",
    "numpy",
    "scikit-learn",
    "scipy",
    "lightgbm",
    "xgboost",
    "ngboost",
    "torch",
)
"""What may have a part in fitting; only what is installed is recorded."""


@dataclass(frozen=True)
class ExportSpec:
    """The config's `export` section.

    Attributes:
        name: Name of the benchmark, without version.
        version: 1, 2, ...
        description: One line for the manifest and the card.
        licence: Of the benchmark, for both: an SPDX identifier, or words.
    """

    name: str
    version: int
    description: str
    licence: str


@dataclass(frozen=True)
class ExportSources:
    """Files that an export reads besides the models.

    Attributes:
        evaluations: The campaign's evaluations.
        proposals: Its proposals.
        development: The development part, which the models were fitted on.
        machines: The kinds of machine that trained it.
        selection: What `select` wrote.
        test_scores: What `score_test` wrote.
        test_predictions: Likewise.
    """

    evaluations: Path
    proposals: Path
    development: Path
    machines: Path
    selection: Path
    test_scores: Path
    test_predictions: Path


def describe(
    space: SearchSpace,
    spec: ExportSpec,
    sources: ExportSources,
    selection: Selection,
    models: Mapping[tuple[str, str], Model],
    curve: CurveModel | None,
) -> Manifest:
    """The manifest, but for the checksums of files.

    Args:
        space: Where the architectures are from.
        spec: Name, version, description and licence.
        sources: Files of the stages before.
        selection: What `select` decided.
        models: By (surrogate, target).
        curve: The learning curve, if there is one.
    """
    evaluations, provenance = read_table(sources.evaluations, "evaluations")
    rows = evaluations.to_pandas().query("status == 'ok'")
    evaluator = rows["evaluator"].iloc[0]
    check_export_name(spec.name, evaluator)
    scores = pd.read_parquet(sources.test_scores)
    selected = next(n for n, s in selection.exported.items() if s == selection.selected)
    exported = exported_models(models, selection)
    parts = [
        part for model in (*exported.values(), *([curve] if curve else [])) for part in model.parts
    ]
    return Manifest(
        name=spec.name,
        version=spec.version,
        description=spec.description,
        space=describe_space(space),
        **_origin(space, rows, provenance),
        evaluator=evaluator,
        encodings={
            encoding: encoding_fingerprint(space, encoding)
            for encoding in sorted({part.encoding for part in parts})
        },
        targets={
            target: TargetEntry(TARGETS[target].unit, TARGETS[target].scale.name, noise)
            for target, noise in selection.noise.items()
        },
        surrogates=surrogate_entries(models, selection, scores),
        selected=selected,
        curve=None if curve is None else curve_entry(curve, scores),
        training_set=_training_set(rows, sources),
        noise_key=int(digest(["noise", spec.name, spec.version], 15), 16),
        best_known=_best_known(space, rows, selected, exported),
        software=_software(),
        licence=spec.licence,
        citation=f"{spec.name}-v{spec.version}, made with nasforge {version('nasforge')}",
        files={},
    )


def _origin(space: SearchSpace, rows: pd.DataFrame, provenance: Provenance) -> dict[str, Any]:
    """The manifest's recipe, dataset and network: those of all rows."""
    recipe_id, dataset_id = rows["recipe_id"].iloc[0], rows["dataset_id"].iloc[0]
    recipe, dataset = provenance.recipes[recipe_id], provenance.datasets[dataset_id]
    network = find_network(space, recipe, dataset, _recorded_params(space, rows))
    if rows["evaluator"].iloc[0] == "train":
        recipe, dataset = _trained_recipe(recipe), _trained_dataset(dataset)
    return {
        "recipe": {**recipe, "recipe_id": recipe_id},
        "dataset": {**dataset, "dataset_id": dataset_id},
        "network": None if network is None else asdict(network),
    }


def _trained_recipe(record: Mapping[str, Any]) -> dict[str, Any]:
    """All options of a recipe of ours."""
    return Recipe.from_record(record).to_dict()


def _trained_dataset(record: Mapping[str, Any]) -> dict[str, Any]:
    """All options of a data set of ours, and the digests of its files."""
    spec = DatasetSpec.from_dict(record["dataset"])
    return {"spec": spec.to_dict(), "sources": record["sources"]}


def _recorded_params(space: SearchSpace, rows: pd.DataFrame) -> dict[Architecture, int]:
    known = rows[rows["params"] >= 0].drop_duplicates("architecture")
    texts, params = known["architecture"], known["params"].tolist()
    return dict(zip(map(space.parse, texts), params, strict=True))


def _software() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in SOFTWARE:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


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
        "campaign_train_time_s": _known_sum(rows["train_time_s"]),
        "samplers": [
            {"sampler": sampler, "optimizer": optimizer, "proposals": int(number)}
            for (sampler, optimizer), number in counts.items()
        ],
        "held_out_samplers": _held_out_samplers(sources.test_predictions),
        "machines": json.loads(sources.machines.read_text(encoding="utf-8")),
    }


def _held_out_samplers(test_predictions: Path) -> list[str]:
    """Whose architectures the scores are on."""
    return sorted(set(pd.read_parquet(test_predictions, columns=["stratum"])["stratum"]))


def _known_sum(values: pd.Series) -> float | None:
    return float(values.sum()) if values.notna().all() else None


def _best_known(
    space: SearchSpace,
    rows: pd.DataFrame,
    selected: str,
    models: Mapping[tuple[str, str], Model],
) -> dict[str, Any]:
    """The evaluated architecture that the selected surrogate likes best.

    Not the one with the best measured value: of many noisy values the highest is a lucky one. If
    the selected surrogate likes all alike (the mean does), the next one that does not is asked.
    """
    texts = sorted(set(rows["architecture"]))
    encoded = Encoded(space, [space.parse(text) for text in texts])
    names = [selected, *(n for n, t in models if t == SELECTION_TARGET and n != selected)]
    for name in names:
        predicted = models[name, SELECTION_TARGET].predict(encoded).mean(axis=1)
        if np.ptp(predicted) > 1e-12:
            break
    best = int(np.argmax(predicted))
    trained = rows.loc[rows["architecture"] == texts[best], SELECTION_TARGET]
    return {
        "architecture": texts[best],
        SELECTION_TARGET: float(TARGETS[SELECTION_TARGET].natural(predicted[best])),
        "surrogate": name,
        "trained": float(trained.mean()),
        "trainings": len(trained),
    }

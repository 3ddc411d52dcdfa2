"""The export stage: fitted ensembles become a frozen benchmark.

    >>> export(DARTS, ExportSpec("darts-digits", 1, "..."), sources, record_files, folder)

The same inputs and library versions give the same bytes.
"""

import math
import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasforge.benchmark.arrays import pack_arrays
from nasforge.benchmark.benchmark import SELFTEST_FILE
from nasforge.benchmark.card import CARD_FILE, format_card
from nasforge.benchmark.curve import CurveModel
from nasforge.benchmark.fingerprint import (
    describe_space,
    encoding_fingerprint,
    golden_architectures,
)
from nasforge.benchmark.frozen import write_frozen
from nasforge.benchmark.manifest import (
    CurveEntry,
    Manifest,
    ModelEntry,
    PartEntry,
    SurrogateEntry,
    TargetEntry,
)
from nasforge.benchmark.model import Encoded, Model, Part
from nasforge.benchmark.selftest import SELFTEST_ARCHITECTURES, selftest_arrays
from nasforge.benchmark.support import SUPPORT_FILE, Support
from nasforge.benchmark.targets import TARGETS
from nasforge.evaluations.network import find_network
from nasforge.evaluations.schema import check_export_name
from nasforge.evaluations.tables import read_table
from nasforge.recipe import DatasetSpec, Recipe, digest
from nasforge.space import SearchSpace
from nasforge.space.protocol import Architecture
from nasforge.surrogates.blending import BLEND
from nasforge.surrogates.curves import read_curve_model
from nasforge.surrogates.fitting import read_model
from nasforge.surrogates.selection import SELECTION_TARGET, Selection

LICENCE = "CC-BY-4.0"
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
        selection: What `select` wrote.
        test_scores: What `score_test` wrote.
    """

    evaluations: Path
    proposals: Path
    development: Path
    selection: Path
    test_scores: Path


def export(
    space: SearchSpace,
    spec: ExportSpec,
    sources: ExportSources,
    record_files: Mapping[tuple[str, str], Path],
    folder: Path,
    curve_record: Path | None = None,
) -> Path:
    """Write `<folder>/<name>-v<version>/`.

    Args:
        space: Where the architectures are from.
        spec: Name, version and description.
        sources: What else is read.
        record_files: Records of the fit stage by (surrogate, target).
        folder: Parent of the benchmark's folder.
        curve_record: Record of `fit_curve`; None for a benchmark without learning curves.

    Returns:
        The benchmark's folder.
    """
    selection = Selection.read(sources.selection)
    models = {key: read_model(file) for key, file in record_files.items()}
    curve = None if curve_record is None else read_curve_model(curve_record)
    manifest = _manifest(space, spec, sources, selection, models, curve)
    files = {
        _arrays_file(*key): pack_arrays(model.parts[0].predictor.to_arrays())
        for key, model in models.items()
        if key[0] != BLEND  # its parts are the others
    }
    if curve is not None:
        basis = {"mean": curve.mean, "components": curve.components}
        files[manifest.curve.basis] = pack_arrays(basis)
        for entry, part in zip(manifest.curve.parts, curve.parts, strict=True):
            files[entry.file] = pack_arrays(part.predictor.to_arrays())
    golden = golden_architectures(space, SELFTEST_ARCHITECTURES)
    files[SELFTEST_FILE] = pack_arrays(selftest_arrays(space, golden, manifest, models))
    files[SUPPORT_FILE] = pack_arrays(_support_arrays(space, sources.development))
    files[CARD_FILE] = format_card(manifest).encode()
    return write_frozen(folder, manifest, files)


def _support_arrays(space: SearchSpace, development: Path) -> dict[str, np.ndarray]:
    texts = sorted(set(pd.read_parquet(development, columns=["architecture"])["architecture"]))
    vectors = np.stack([space.to_vector(space.canonical(space.parse(text))) for text in texts])
    support = Support.of(vectors)
    return {"vectors": support.vectors, "nearest": support.nearest}


def _manifest(
    space: SearchSpace,
    spec: ExportSpec,
    sources: ExportSources,
    selection: Selection,
    models: Mapping[tuple[str, str], Model],
    curve: CurveModel | None,
) -> Manifest:
    evaluations, provenance = read_table(sources.evaluations, "evaluations")
    rows = evaluations.to_pandas().query("status == 'ok'")
    recipe_id, dataset_id, evaluator = (
        rows[name].iloc[0] for name in ("recipe_id", "dataset_id", "evaluator")
    )
    check_export_name(spec.name, evaluator)
    recipe, dataset = provenance.recipes[recipe_id], provenance.datasets[dataset_id]
    network = find_network(space, recipe, dataset, _recorded_params(space, rows))
    trained = evaluator == "train"
    scores = pd.read_parquet(sources.test_scores)
    parts = [
        part for model in (*models.values(), *([curve] if curve else [])) for part in model.parts
    ]
    return Manifest(
        name=spec.name,
        version=spec.version,
        description=spec.description,
        space=describe_space(space),
        recipe={**(_trained_recipe(recipe) if trained else recipe), "recipe_id": recipe_id},
        dataset={**(_trained_dataset(dataset) if trained else dataset), "dataset_id": dataset_id},
        network=None if network is None else asdict(network),
        evaluator=evaluator,
        encodings={
            encoding: encoding_fingerprint(space, encoding)
            for encoding in sorted({part.encoding for part in parts})
        },
        targets={
            target: TargetEntry(TARGETS[target].unit, TARGETS[target].scale.name, noise)
            for target, noise in selection.noise.items()
        },
        surrogates=_surrogates(models, selection, scores),
        selected=selection.selected,
        curve=None if curve is None else _curve(curve, scores),
        training_set=_training_set(rows, sources),
        noise_key=int(digest(["noise", spec.name, spec.version], 15), 16),
        best_known=_best_known(space, rows, selection.selected, models),
        software=_software(),
        licence=LICENCE,
        citation=f"{spec.name}-v{spec.version}, made with nasforge {version('nasforge')}",
        files={},
    )


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


def _arrays_file(family: str, target: str) -> str:
    return f"{family}.{target}.npz"


def _surrogates(
    models: Mapping[tuple[str, str], Model], selection: Selection, scores: pd.DataFrame
) -> dict[str, SurrogateEntry]:
    entries: dict[str, dict[str, ModelEntry]] = {}
    for (surrogate, target), model in models.items():
        entries.setdefault(surrogate, {})[target] = ModelEntry(
            parts=tuple(_part(part, target) for part in model.parts),
            epistemic_scale=selection.epistemic_scales[surrogate][target],
            scores=_scores(scores, surrogate, target),
        )
    return {surrogate: SurrogateEntry(targets) for surrogate, targets in entries.items()}


def _curve(curve: CurveModel, scores: pd.DataFrame) -> CurveEntry:
    rows = scores[scores["family"] == "curve"].drop(columns="family")
    return CurveEntry(
        epochs=curve.epochs,
        basis="curve.basis.npz",
        parts=tuple(
            replace(_part(part, ""), file=f"curve.{number}.npz")
            for number, part in enumerate(curve.parts)
        ),
        scores=_records(rows),
    )


def _part(part: Part, target: str) -> PartEntry:
    return PartEntry(
        kind=part.predictor.kind,
        file=_arrays_file(part.name, target),
        encoding=part.encoding,
        link=part.link.name,
        weight=part.weight,
    )


def _scores(table: pd.DataFrame, family: str, target: str) -> tuple[dict[str, Any], ...]:
    rows = table[(table["family"] == family) & (table["target"] == target)]
    return _records(rows.drop(columns=["family", "target"]))


def _records(rows: pd.DataFrame) -> tuple[dict[str, Any], ...]:
    records = rows.to_dict("records")
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
        "campaign_train_time_s": _known_sum(rows["train_time_s"]),
        "samplers": [
            {"sampler": sampler, "optimizer": optimizer, "proposals": int(number)}
            for (sampler, optimizer), number in counts.items()
        ],
    }


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
    families = [selected, *(f for f, t in models if t == SELECTION_TARGET and f != selected)]
    for family in families:
        predicted = models[family, SELECTION_TARGET].predict(encoded).mean(axis=1)
        if np.ptp(predicted) > 1e-12:
            break
    best = int(np.argmax(predicted))
    return {
        "architecture": texts[best],
        SELECTION_TARGET: float(TARGETS[SELECTION_TARGET].natural(predicted[best])),
        "surrogate": family,
    }

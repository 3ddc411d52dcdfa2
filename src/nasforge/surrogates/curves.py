"""The learning curve as a target: a few components of all curves, a model for each.

    >>> fit_curve(DARTS, CurveSources(development, curves), spec, settings, bagging, record)

What is modelled is how far each epoch is below the last, so that a predicted curve ends in the
predicted accuracy. Components are those of a singular value decomposition, as in NAS-Bench-x11
(Yan et al., NeurIPS 2021), of the development part's curves.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasforge.benchmark.arrays import pack_arrays, unpack_arrays
from nasforge.benchmark.curve import CurveModel
from nasforge.benchmark.model import Part
from nasforge.benchmark.predictors import make_predictor
from nasforge.benchmark.targets import IDENTITY, Target
from nasforge.errors import SurrogateError
from nasforge.evaluations.files import atomic_path, write_text
from nasforge.evaluations.tables import read_table
from nasforge.space import SearchSpace
from nasforge.surrogates.ensemble import Bagging, fit_ensemble
from nasforge.surrogates.families import FAMILIES
from nasforge.surrogates.labels import make_labels
from nasforge.surrogates.scores import score_table

_LOG = logging.getLogger(__name__)

SCORED_EPOCHS = 5
"""Epochs before the last whose predictions are scored, spread over the training."""


@dataclass(frozen=True)
class CurveSources:
    """Files that are read.

    Attributes:
        part: The development or the test part.
        curves: All learning curves.
    """

    part: Path
    curves: Path


@dataclass(frozen=True)
class CurveSpec:
    """The config's `surrogates.curve`.

    Attributes:
        family: Which family predicts the coefficients.
        components: How many there are.
    """

    family: str
    components: int


def fit_curve(
    space: SearchSpace,
    sources: CurveSources,
    spec: CurveSpec,
    settings: Mapping[str, Any],
    bagging: Bagging,
    record_file: Path,
) -> None:
    """Fit components and their models; arrays are written beside the record.

    Raises:
        SurrogateError: There are fewer epochs than components, or trainings without a curve.
    """
    rows, curves = read_curves(sources)
    differences = curves[:, :-1] - curves[:, -1:]
    if differences.shape[1] < spec.components:
        raise SurrogateError(
            f"surrogates.curve.components: {spec.components} is more than the "
            f"{differences.shape[1]} epochs before the last"
        )
    mean = differences.mean(axis=0)
    _, strengths, right = np.linalg.svd(differences - mean, full_matrices=False)
    # The sign of a component is arbitrary; this one does not depend on the machine.
    right *= np.where(right.sum(axis=1) < 0, -1.0, 1.0)[:, None]
    components = np.ascontiguousarray(right[: spec.components])
    family = FAMILIES[spec.family]
    settings = {key: value for key, value in settings.items() if key != "link"}
    for number, coefficients in enumerate(((differences - mean) @ components.T).T):
        labels = make_labels(
            rows.assign(coefficient=coefficients), Target("coefficient", "s", IDENTITY)
        )
        fitted = fit_ensemble(family, space, labels, bagging, settings)
        with atomic_path(_part_file(record_file, number)) as temporary:
            temporary.write_bytes(pack_arrays(fitted.predictor.to_arrays()))
    with atomic_path(record_file.with_suffix(".npz")) as temporary:
        temporary.write_bytes(pack_arrays({"mean": mean, "components": components}))
    record = {"family": family.name, "encoding": family.encoding_for(space)}
    explained = (strengths[: spec.components] ** 2).sum() / (strengths**2).sum()
    record |= {"components": spec.components, "explained": float(explained)}
    write_text(record_file, json.dumps(record, indent=1) + "\n")
    _LOG.info("%d components explain %.3f of the curves' variance", spec.components, explained)


def read_curve_model(record_file: Path) -> CurveModel:
    """What `fit_curve` wrote."""
    record = json.loads(record_file.read_text(encoding="utf-8"))
    kind = FAMILIES[record["family"]].predictor.kind
    parts = []
    for number in range(record["components"]):
        file = _part_file(record_file, number)
        predictor = make_predictor(kind, unpack_arrays(file.read_bytes(), str(file)))
        parts.append(Part(record["family"], predictor, record["encoding"]))
    file = record_file.with_suffix(".npz")
    return CurveModel(**unpack_arrays(file.read_bytes(), str(file)), parts=tuple(parts))


def read_curves(sources: CurveSources) -> tuple[pd.DataFrame, np.ndarray]:
    """Trainings of a part and their validation accuracies.

    Returns:
        The part's rows, and float64 [n, epochs].

    Raises:
        SurrogateError: Some training has no curve, or curves differ in length.
    """
    rows = pd.read_parquet(sources.part)
    table = read_table(sources.curves, "curves")[0].to_pandas()
    wide = table.pivot(index="evaluation_id", columns="epoch", values="val_accuracy")
    curves = wide.reindex(rows["evaluation_id"]).to_numpy(dtype=np.float64)
    if curves.shape[1] < 2 or not np.isfinite(curves).all():
        missing = int((~np.isfinite(curves).all(axis=1)).sum()) if curves.shape[1] else len(rows)
        raise SurrogateError(
            f"{missing} of {len(rows)} evaluations have no full learning curve of two epochs or "
            "more; set surrogates.curve.components to 0"
        )
    return rows, curves


def curve_scores(test: CurveSources, development: Path, predicted: np.ndarray) -> pd.DataFrame:
    """Scores of predicted accuracies of some epochs before the last.

    Args:
        test: What is true.
        development: The development part, whose replicates give the ceilings' noise.
        predicted: float64 [architectures, epochs], in the order of labels.

    Returns:
        Rows as `score_table`'s; family "curve", target "val_accuracy@<epoch>".
    """
    rows, curves = read_curves(test)
    known_rows, known_curves = read_curves(CurveSources(development, test.curves))
    last = curves.shape[1] - 1
    tables = []
    for epoch in np.unique(np.linspace(1, last, min(SCORED_EPOCHS, last)).round().astype(int)):
        target = Target(f"val_accuracy@{epoch}", "fraction", IDENTITY)
        labels, known = (
            make_labels(part.assign(**{target.name: values[:, epoch - 1]}), target)
            for part, values in ((rows, curves), (known_rows, known_curves))
        )
        predictions = {"curve": predicted[:, epoch - 1]}
        tables.append(score_table(target, "test", labels, predictions, known.replicates))
    return pd.concat(tables)


def _part_file(record_file: Path, number: int) -> Path:
    return record_file.with_name(f"{record_file.stem}_{number}.npz")

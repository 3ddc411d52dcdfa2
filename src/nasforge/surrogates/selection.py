"""The select stage: which family answers by default, and how noisy its answers are.

    >>> select(development, {("linear", "val_accuracy"): file, ...}, scores_file, selection_file)

Everything here uses out-of-fold predictions of the development part. The family with the lowest
out-of-fold RMSE on val_accuracy is selected.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from nasforge.benchmark.benchmark import noise_std
from nasforge.benchmark.manifest import NoiseModel
from nasforge.benchmark.targets import TARGETS
from nasforge.evaluations.files import atomic_path, write_text
from nasforge.surrogates.fitting import OutOfFold, read_out_of_fold
from nasforge.surrogates.labels import Labels, read_labels
from nasforge.surrogates.noise import fit_epistemic_scale, fit_noise
from nasforge.surrogates.scores import format_scores, score_table

_LOG = logging.getLogger(__name__)

SELECTION_TARGET = "val_accuracy"
SELECTION_METRIC = "rmse"


@dataclass(frozen=True)
class Selection:
    """What the development part decided.

    Attributes:
        selected: The default family.
        noise: Noise model by target; None where not estimable.
        epistemic_scales: By family, then by target; None where not estimable.
    """

    selected: str
    noise: Mapping[str, NoiseModel | None]
    epistemic_scales: Mapping[str, Mapping[str, float | None]]

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read what `select` wrote."""
        data = json.loads(file.read_text(encoding="utf-8"))
        noise = {key: value and NoiseModel(**value) for key, value in data["noise"].items()}
        return cls(data["selected"], noise, data["epistemic_scales"])


def select(
    development_file: Path,
    prediction_files: Mapping[tuple[str, str], Path],
    scores_file: Path,
    selection_file: Path,
) -> None:
    """Score all families out-of-fold, select one, fit the noise and calibrate.

    Args:
        development_file: The development part.
        prediction_files: Out-of-fold predictions by (family, target).
        scores_file: Score table, written as parquet.
        selection_file: The decision, written as JSON.
    """
    labels = {
        target: read_labels(development_file, TARGETS[target])
        for target in dict.fromkeys(target for _, target in prediction_files)
    }
    predictions = {key: read_out_of_fold(file) for key, file in prediction_files.items()}
    table = pd.concat(
        score_table(
            TARGETS[target],
            "out_of_fold",
            truth,
            {family: p.mean for (family, t), p in predictions.items() if t == target},
            truth.replicates,
        )
        for target, truth in labels.items()
    )
    selected = _best_family(table)
    noise = {
        target: fit_noise(truth, predictions[selected, target].mean)
        for target, truth in labels.items()
    }
    scales: dict[str, dict[str, float | None]] = {}
    for (family, target), predicted in predictions.items():
        scale = _epistemic_scale(labels[target], predicted, noise[target])
        scales.setdefault(family, {})[target] = scale
    with atomic_path(scores_file) as temporary:
        table.to_parquet(temporary, index=False)
    decision = Selection(selected, noise, scales)
    write_text(selection_file, json.dumps(asdict(decision), indent=1) + "\n")
    _LOG.info("out-of-fold scores\n%s", format_scores(table))
    _LOG.info("selected %s: lowest out-of-fold %s", selected, SELECTION_METRIC)


def _best_family(table: pd.DataFrame) -> str:
    rows = table[(table["target"] == SELECTION_TARGET) & (table["metric"] == SELECTION_METRIC)]
    return str(rows.sort_values("score", kind="stable")["family"].iloc[0])


def _epistemic_scale(
    labels: Labels, predicted: OutOfFold, noise: NoiseModel | None
) -> float | None:
    if noise is None:
        return None
    label_variances = noise_std(noise, predicted.mean) ** 2 / labels.seeds
    residuals = np.asarray(labels.values - predicted.mean)
    return fit_epistemic_scale(residuals, label_variances, predicted.member_variance)

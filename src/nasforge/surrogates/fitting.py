"""The fit stage: one family's ensemble for one target, as files.

    >>> fit_target(DARTS, development, "linear", "val_accuracy", {}, Bagging(5, 2, 0), model, oof)

The out-of-fold predictions are kept beside the model: selection, noise and calibration read only
them, never the test part.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasforge.benchmark.arrays import pack_arrays, unpack_arrays
from nasforge.benchmark.predictors import Predictor, make_predictor
from nasforge.benchmark.targets import TARGETS
from nasforge.evaluations.files import atomic_path
from nasforge.space import SearchSpace
from nasforge.surrogates.ensemble import Bagging, fit_ensemble
from nasforge.surrogates.families import FAMILIES
from nasforge.surrogates.labels import read_labels

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Out-of-fold predictions of one family for one target, on the target's scale.

    Attributes:
        architecture_ids: Ids, [n], in the order of the development labels.
        mean: float64 [n].
        member_variance: float64 [n], unbiased variance of the members that did not see it.
    """

    architecture_ids: list[str]
    mean: np.ndarray
    member_variance: np.ndarray


def fit_target(
    space: SearchSpace,
    development_file: Path,
    family: str,
    target: str,
    settings: Mapping[str, Any],
    bagging: Bagging,
    model_file: Path,
    predictions_file: Path,
) -> None:
    """Fit an ensemble on the development part and write it with its out-of-fold predictions.

    Raises:
        SurrogateError: A setting is unknown or there are too few architectures.
    """
    labels = read_labels(development_file, TARGETS[target])
    fitted = fit_ensemble(FAMILIES[family], space, labels, bagging, settings)
    predictions = pd.DataFrame(
        {
            "architecture_id": labels.architecture_ids,
            "mean": fitted.held_out_mean,
            "member_variance": fitted.held_out.var(axis=1, ddof=1),
        }
    )
    with atomic_path(model_file) as temporary:
        temporary.write_bytes(pack_arrays(fitted.predictor.to_arrays()))
    with atomic_path(predictions_file) as temporary:
        predictions.to_parquet(temporary, index=False)
    _LOG.info("%s for %s: %d members", family, target, fitted.predictor.members)


def read_model(file: Path, family: str) -> Predictor:
    """The ensemble that `fit_target` wrote."""
    arrays = unpack_arrays(file.read_bytes(), str(file))
    return make_predictor(FAMILIES[family].predictor.kind, arrays)


def read_out_of_fold(file: Path) -> OutOfFold:
    """The predictions that `fit_target` wrote."""
    rows = pd.read_parquet(file)
    return OutOfFold(
        rows["architecture_id"].tolist(),
        rows["mean"].to_numpy(),
        rows["member_variance"].to_numpy(),
    )

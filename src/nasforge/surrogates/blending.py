"""A blend: the weighted mean of the families that predict best together.

    >>> fit_blend(development, "val_accuracy", {"linear": oof, "gin": oof}, 3, 0, record)

Stacking (Breiman, "Stacked regressions", 1996): weights that are not negative and sum to one,
by least squares on out-of-fold predictions. What is scored of a blend was predicted with weights
from the other folds, so that it has no advantage over its parts.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

from nasforge.benchmark.targets import TARGETS
from nasforge.evaluations.files import write_text
from nasforge.surrogates.fitting import OutOfFold
from nasforge.surrogates.labels import read_labels
from nasforge.surrogates.splits import fold_numbers

_LOG = logging.getLogger(__name__)

BLEND = "blend"
"""Name of the surrogate."""

FOLDS = 5
SMALLEST_WEIGHT = 0.05
"""A part with less is not worth its cost."""


def fit_blend(
    development_file: Path,
    target: str,
    prediction_files: Mapping[str, Path],
    parts: int,
    seed: int,
    record_file: Path,
) -> None:
    """Choose parts and weights, and write them with the blend's out-of-fold predictions.

    Args:
        development_file: The development part.
        target: Name of the target.
        prediction_files: Out-of-fold predictions by family.
        parts: Most families in the blend.
        seed: Seed of the folds.
        record_file: The JSON record, written last; the predictions are beside it.
    """
    labels = read_labels(development_file, TARGETS[target])
    predictions = {family: OutOfFold.read(file) for family, file in prediction_files.items()}
    means = np.column_stack([p.mean for p in predictions.values()])
    members = np.stack([p.held_out for p in predictions.values()], axis=-1)
    fold_of = fold_numbers(labels.architecture_ids, labels.strata, FOLDS, seed)
    held_out = np.empty(members.shape[:2])
    for fold in range(FOLDS):
        inside = fold_of != fold
        held_out[~inside] = members[~inside] @ blend_weights(
            means[inside], labels.values[inside], parts
        )
    OutOfFold(labels.architecture_ids, held_out).write(record_file.with_suffix(".parquet"))
    weights = blend_weights(means, labels.values, parts)
    chosen = {f: float(w) for f, w in zip(predictions, weights, strict=True) if w > 0}
    write_text(record_file, json.dumps({"family": BLEND, "weights": chosen}, indent=1) + "\n")
    _LOG.info("blend for %s: %s", target, chosen)


def blend_weights(predictions: np.ndarray, values: np.ndarray, parts: int) -> np.ndarray:
    """Weights of a convex combination with at most so many parts.

    Args:
        predictions: float64 [n, families].
        values: float64 [n], labels.
        parts: Most weights above zero.

    Returns:
        float64 [families], sum 1; none is positive and below `SMALLEST_WEIGHT`.
    """
    weights = _simplex_least_squares(predictions, values)
    while True:
        used = np.flatnonzero(weights)
        weakest = used[np.argmin(weights[used])]
        if len(used) <= parts and weights[weakest] >= SMALLEST_WEIGHT:
            return weights
        kept = used[used != weakest]
        weights = np.zeros(len(weights))
        weights[kept] = _simplex_least_squares(predictions[:, kept], values)


def _simplex_least_squares(predictions: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Least squares with weights that are not negative and sum to one."""
    # With weights that sum to one, errors are weighted sums of errors: NNLS in which a last
    # equation, too heavy to be broken, fixes the sum.
    errors = predictions - values[:, None]
    scale = np.abs(errors).max() or 1.0
    heavy = 1e3 * np.sqrt(len(values))
    rows = np.vstack([errors / scale, np.full(errors.shape[1], heavy)])
    weights, _ = nnls(rows, np.append(np.zeros(len(values)), heavy))
    weights[weights < 1e-9] = 0.0
    return weights / weights.sum()

"""The score_test stage: the only reader of the test part, after the selection is made.

>>> score_test(DARTS, test, development, selection, record_files, scores_file, predictions_file)
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nasforge.benchmark.model import Encoded
from nasforge.benchmark.targets import TARGETS
from nasforge.errors import SurrogateError
from nasforge.evaluations.files import atomic_path
from nasforge.space import SearchSpace
from nasforge.surrogates.curves import CurveSources, curve_scores, read_curve_model
from nasforge.surrogates.fitting import read_model
from nasforge.surrogates.labels import Labels, read_known_labels, read_labels
from nasforge.surrogates.scores import format_scores
from nasforge.surrogates.selection import SELECTION_TARGET, Selection, scores_of

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class TestedCurve:
    """Files of the learning curve.

    Attributes:
        record: Record of `fit_curve`.
        curves: The campaign's learning curves.
    """

    record: Path
    curves: Path


def score_test(
    space: SearchSpace,
    test_file: Path,
    development_file: Path,
    selection_file: Path,
    record_files: Mapping[tuple[str, str], Path],
    scores_file: Path,
    predictions_file: Path,
    curve: TestedCurve | None = None,
) -> None:
    """Score the models that will be exported on the test part.

    Args:
        space: Where the architectures are from.
        test_file: The test part.
        development_file: The development part, whose replicates give the ceilings' noise.
        selection_file: What `select` wrote.
        record_files: Records of the fit stage by (surrogate, target).
        scores_file: Score table, written as parquet.
        predictions_file: family, target, architecture_id, stratum, label, seeds, prediction on
            the target's scale, pit (of the first training; nan where the noise is not estimable),
            written as parquet.
        curve: Learning curves and their model, if there is one.

    Raises:
        SurrogateError: There is no test part yet.
    """
    selection = Selection.read(selection_file)
    scores, tables = [], []
    if not len(pd.read_parquet(test_file, columns=["architecture_id"])):
        raise SurrogateError(
            "the test part is empty: nothing that split.test_samplers propose is evaluated yet; "
            "train it first"
        )
    for target in dict.fromkeys(target for _, target in record_files):
        truth = read_known_labels(test_file, TARGETS[target])
        if not len(truth):
            _LOG.warning("%s of the test part is unknown: it is not scored", target)
            continue
        encoded = Encoded(space, [space.parse(text) for text in truth.architectures])
        models = {s: read_model(file) for (s, t), file in record_files.items() if t == target}
        predictions = {}
        for surrogate, model in models.items():
            members = model.predict(encoded)
            predictions[surrogate] = members.mean(axis=1), members.var(axis=1, ddof=1)
            forecast = selection.forecast(surrogate, target, *predictions[surrogate])
            pit = np.nan if forecast is None else forecast.pit(truth.first)
            tables.append(_predicted(surrogate, target, truth, predictions[surrogate][0], pit))
        development = read_labels(development_file, TARGETS[target])
        scores.append(scores_of(target, "test", truth, predictions, development, selection))
        if curve is not None and target == SELECTION_TARGET:
            last = predictions[selection.selected][0]
            predicted = read_curve_model(curve.record).predict(encoded, last)
            sources = CurveSources(test_file, curve.curves)
            scores.append(curve_scores(sources, development_file, predicted))
    table = pd.concat(scores)
    with atomic_path(scores_file) as temporary:
        table.to_parquet(temporary, index=False)
    with atomic_path(predictions_file) as temporary:
        pd.concat(tables).to_parquet(temporary, index=False)
    _LOG.info("test scores\n%s", format_scores(table))


def _predicted(
    surrogate: str, target: str, truth: Labels, prediction: np.ndarray, pit: np.ndarray | float
) -> pd.DataFrame:
    """A row per architecture; columns as `score_test` says."""
    return pd.DataFrame(
        {
            "family": surrogate,
            "target": target,
            "architecture_id": truth.architecture_ids,
            "stratum": truth.strata,
            "label": truth.values,
            "seeds": truth.seeds,
            "prediction": prediction,
            "pit": pit,
        }
    )

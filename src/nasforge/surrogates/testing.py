"""The score_test stage: the only reader of the test part, after the selection is made.

>>> score_test(DARTS, test, development, model_files, scores_file, predictions_file)
"""

import logging
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from nasforge.benchmark.targets import TARGETS
from nasforge.evaluations.files import atomic_path
from nasforge.space import SearchSpace
from nasforge.surrogates.families import FAMILIES
from nasforge.surrogates.fitting import read_model
from nasforge.surrogates.labels import read_labels
from nasforge.surrogates.scores import format_scores, score_table

_LOG = logging.getLogger(__name__)


def score_test(
    space: SearchSpace,
    test_file: Path,
    development_file: Path,
    model_files: Mapping[tuple[str, str], Path],
    scores_file: Path,
    predictions_file: Path,
) -> None:
    """Score the models that will be exported on the test part.

    Args:
        space: Where the architectures are from.
        test_file: The test part.
        development_file: The development part, whose replicates give the ceilings' noise.
        model_files: Models by (family, target).
        scores_file: Score table, written as parquet.
        predictions_file: family, target, architecture_id, stratum, label, seeds, prediction on
            the target's scale, written as parquet.
    """
    scores, predictions = [], []
    for target in dict.fromkeys(target for _, target in model_files):
        truth = read_labels(test_file, TARGETS[target])
        replicates = read_labels(development_file, TARGETS[target]).replicates
        architectures = [space.parse(text) for text in truth.architectures]
        predicted = {}
        for family in (family for family, t in model_files if t == target):
            features = space.encode(architectures, FAMILIES[family].encoding_for(space))
            model = read_model(model_files[family, target], family)
            predicted[family] = model.predict(features).mean(axis=1)
            columns = {
                "family": family,
                "target": target,
                "architecture_id": truth.architecture_ids,
                "stratum": truth.strata,
                "label": truth.values,
                "seeds": truth.seeds,
                "prediction": predicted[family],
            }
            predictions.append(pd.DataFrame(columns))
        scores.append(score_table(TARGETS[target], "test", truth, predicted, replicates))
    table = pd.concat(scores)
    with atomic_path(scores_file) as temporary:
        table.to_parquet(temporary, index=False)
    with atomic_path(predictions_file) as temporary:
        pd.concat(predictions).to_parquet(temporary, index=False)
    _LOG.info("test scores\n%s", format_scores(table))

"""Surrogate against table: which tells better what further trainings of a network will give?

    >>> compare_with_table(TableSources(development, proposals), {"linear": predictions}, outputs)

The paper's first figure. Architectures with several trainings are the judges: the truth is the mean
of all but the first; a table says what the first one gave; a surrogate says what it learnt from n
other architectures (headline), or from all architectures, the first training of these included
(the paper's variant). Differences are paired by architecture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nasforge.benchmark.targets import TARGETS
from nasforge.evaluations.files import write_text
from nasforge.studies.equal_error import TrainingCost, equal_error, read_cost
from nasforge.studies.judges import Answer, Judges, answers, make_judges
from nasforge.studies.numbers import write_numbers
from nasforge.studies.table_finding import finding, plot_table
from nasforge.surrogates.labels import read_labels
from nasforge.surrogates.metrics import Metric, kendall_tau, mae
from nasforge.surrogates.scores import interval
from nasforge.surrogates.selection import SELECTION_TARGET

METRICS = {"mae": mae, "kendall_tau": kendall_tau}
FEWEST = 10
"""Judges, without which a stratum is left out."""


@dataclass(frozen=True)
class TableSources:
    """Files that are read.

    Attributes:
        development: The development part.
        proposals: The campaign's proposals.
    """

    development: Path
    proposals: Path


@dataclass(frozen=True)
class TableOutputs:
    """Files that are written.

    Attributes:
        scores: A row per stratum, surrogate, variant, size and metric, parquet.
        equal_error: A row per stratum and surrogate: where it overtakes, and at what cost, as
            `equal_error` has it, parquet.
        figure: Errors over the number of training architectures, beside the table's.
        finding: What they say, in a few sentences.
    """

    scores: Path
    equal_error: Path
    figure: Path
    finding: Path


def compare_with_table(
    sources: TableSources, prediction_files: Mapping[str, Path], outputs: TableOutputs
) -> None:
    """Score table and surrogates on the replicated architectures of the development part.

    Args:
        sources: What is read.
        prediction_files: What `hold_out` wrote, by family.
        outputs: What is written.
    """
    predictions = {
        family: pd.read_parquet(file)
        for family, file in prediction_files.items()
        if family != "mean"
    }
    labels = read_labels(sources.development, TARGETS[SELECTION_TARGET])
    judges = make_judges(labels, sources.proposals, predictions)
    cost = read_cost(sources.development)
    scores, equal = [], []
    for stratum, chosen in judges.strata.items():
        if chosen.sum() < FEWEST:
            continue
        own = judges.at(chosen)
        for family, table in predictions.items():
            place = {"stratum": stratum, "family": family}
            said = answers(table, own)
            scores += [place | row for row in _scores(own, said, cost)]
            equal.append(place | equal_error(own, said, cost))
    scored = pd.DataFrame(scores, columns=None if scores else ["stratum", "family", "metric"])
    overtaken = pd.DataFrame(equal, columns=None if equal else ["stratum", "family"])
    write_numbers(outputs.scores, scored)
    write_numbers(outputs.equal_error, overtaken)
    write_text(outputs.finding, finding(scored, overtaken) + "\n")
    plot_table(scored, overtaken, outputs.figure)


def _scores(judges: Judges, said: Sequence[Answer], cost: TrainingCost) -> list[dict[str, object]]:
    """Both variants, all sizes, both metrics."""
    draws = judges.draws()
    rows = []
    for answer in said:
        for metric, score in METRICS.items():
            low, high = interval(_differences(score, judges, answer.predicted, draws))
            surrogate = score(judges.truth, answer.predicted)
            table = score(judges.truth, judges.first)
            rows.append(
                {
                    "variant": answer.variant,
                    "size": answer.size,
                    "trained": answer.trained,
                    "core_hours": cost.of_architectures(answer.trained),
                    "judges": len(judges),
                    "metric": metric,
                    "surrogate": surrogate,
                    "table": table,
                    "difference": surrogate - table,
                    "low": low,
                    "high": high,
                }
            )
    return rows


def _differences(
    score: Metric, judges: Judges, predicted: np.ndarray, draws: np.ndarray
) -> list[float]:
    truth, first = judges.truth, judges.first
    return [score(truth[d], predicted[d]) - score(truth[d], first[d]) for d in draws]

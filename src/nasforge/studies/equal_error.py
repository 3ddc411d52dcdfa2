"""Equal error: how many training architectures, and core-hours, match a table of one run.

    >>> equal_error(judges, answers(predictions, judges), read_cost(development))

The mean absolute error over the number of training architectures, drawn straight on a logarithmic
axis between the sizes that were fitted, meets the table's error where the surrogate overtakes: for
the last time, so that it stays below from there on. Beyond the sizes that were fitted nothing is
known, and nothing is drawn on: a bound is then 0 (no more than the smallest) or infinite (more than
the largest).

A surrogate is paid once, a table for every network it answers for, one training each. So the
surrogate is the cheaper way to the same error for whoever asks about more networks than it took
trainings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nasforge.studies.judges import UNSEEN, Answer, Judges
from nasforge.surrogates.scores import INTERVAL


@dataclass(frozen=True)
class TrainingCost:
    """What the development part cost.

    Attributes:
        core_hours: Of one training, mean; nan if no time is known.
        trainings: Of an architecture, mean. A surrogate learns from all of them.
    """

    core_hours: float
    trainings: float

    def of_architectures(self, number: float) -> float:
        """Core-hours that so many training architectures take."""
        return number * self.trainings * self.core_hours


def read_cost(development_file: Path) -> TrainingCost:
    """The cost of a development part's trainings; those whose time is unknown take the mean."""
    rows = pd.read_parquet(development_file, columns=["architecture_id", "train_time_s"])
    trainings = len(rows) / rows["architecture_id"].nunique()
    return TrainingCost(float(rows["train_time_s"].mean()) / 3600, trainings)


def equal_error(
    judges: Judges, answers: Sequence[Answer], cost: TrainingCost
) -> dict[str, float | int]:
    """Where a surrogate's error equals that of a table of one run, and what it costs.

    Intervals (90 %) are by bootstrap over judges.

    Returns:
        judges; smallest, largest (sizes fitted); table (its MAE); size (training architectures),
        core_hours (that they take), networks (for more than these a table costs more), each also
        with _low and _high, and all of them 0 or infinite outside of the sizes fitted; overtaking
        (share of the bootstrap draws in which the surrogate overtakes); trainings (of a training
        architecture, mean); table_core_hours (of a network).
    """
    curve = sorted((a for a in answers if a.variant == UNSEEN), key=lambda answer: answer.trained)
    sizes = np.array([answer.trained for answer in curve])
    table = np.abs(judges.first - judges.truth)
    behind = np.array([np.abs(answer.predicted - judges.truth) - table for answer in curve])
    draws = judges.draws()
    samples = np.array([overtaking_size(sizes, behind[:, d].mean(axis=1)) for d in draws])
    # Infinite values are ordered, but nothing lies between them and others.
    low, high = np.quantile(samples, INTERVAL, method="inverted_cdf")
    row: dict[str, float | int] = {
        "judges": len(judges),
        "smallest": int(sizes[0]),
        "largest": int(sizes[-1]),
        "table": float(table.mean()),
        "overtaking": float(np.isfinite(samples).mean()),
        "trainings": cost.trainings,
        "table_core_hours": cost.core_hours,
    }
    size = overtaking_size(sizes, behind.mean(axis=1))
    for suffix, number in (("", size), ("_low", float(low)), ("_high", float(high))):
        row[f"size{suffix}"] = number
        row[f"core_hours{suffix}"] = cost.of_architectures(number)
        row[f"networks{suffix}"] = number * cost.trainings
    return row


def overtaking_size(sizes: np.ndarray, behind: np.ndarray) -> float:
    """Training architectures from which on a surrogate is not behind, to the last size.

    Args:
        sizes: [k], ascending.
        behind: float64 [k], by how much the surrogate's error is larger.

    Returns:
        0 if it is never behind, infinity if it is behind at the last size; otherwise the number,
        interpolated on log n.
    """
    larger = np.flatnonzero(behind > 0)
    if not len(larger):
        return 0.0
    last = int(larger[-1])
    if last == len(sizes) - 1:
        return float("inf")
    part = behind[last] / (behind[last] - behind[last + 1])
    return float(sizes[last] * (sizes[last + 1] / sizes[last]) ** part)

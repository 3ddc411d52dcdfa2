"""Training times of several kinds of machine, put on one of them.

    >>> machines = compare_machines(DARTS, development_rows)
    >>> rows.assign(train_time_s=on_one_machine(rows, machines))

A surrogate of `train_time_s` must not learn which machine happened to train what.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nasforge.evaluations.machine import COLUMNS, machine_name
from nasforge.space import SearchSpace
from nasforge.space.encoding import encode
from nasforge.surrogates.families import FAMILIES

PENALTY = 1.0
"""Of the squared weights of the standardised features; small, because it biases the factors."""


@dataclass(frozen=True)
class Machine:
    """A kind of machine that trained.

    Attributes:
        name: Its device, processor, backend and precision, or "unknown".
        trainings: How many of its times were compared.
        factor: What its times are multiplied by to be those of the first machine.
    """

    name: str
    trainings: int
    factor: float


def compare_machines(space: SearchSpace, rows: pd.DataFrame) -> list[Machine]:
    """How fast kinds of machine are beside each other, the one with most trainings first.

    Machines train different architectures, and some are slower everywhere. So the log of a time is
    taken as a linear function of the architecture's features plus an offset of the machine: least
    squares, with a ridge penalty on the features alone. The differences of the offsets are the
    logs of the factors.

    Args:
        space: Where the architectures are from.
        rows: A row per training: `machine.COLUMNS`, architecture (canonical text), train_time_s
            (s). Those whose time is unknown are left out.
    """
    rows = rows[_is_known(rows)]
    names = machine_names(rows)
    counts = names.value_counts()
    order = sorted(counts.index, key=lambda name: (-counts[name], name))
    offsets = dict.fromkeys(order, 0.0)
    if len(order) > 1:
        offsets = _offsets(_features(space, rows), np.log(rows["train_time_s"].to_numpy()), names)
    return [
        Machine(name, int(counts[name]), float(np.exp(offsets[order[0]] - offsets[name])))
        for name in order
    ]


def on_one_machine(rows: pd.DataFrame, machines: Sequence[Machine]) -> pd.Series:
    """Times in seconds of the first machine; nan on machines that were not compared."""
    factors = {machine.name: machine.factor for machine in machines}
    return rows["train_time_s"] * machine_names(rows).map(factors).astype(float)


def machine_names(rows: pd.DataFrame) -> pd.Series:
    """The kind of machine of every row."""
    names = [machine_name(row) for row in rows[list(COLUMNS)].to_dict("records")]
    return pd.Series(names, index=rows.index, dtype=object)


def _is_known(rows: pd.DataFrame) -> pd.Series:
    return np.isfinite(rows["train_time_s"]) & (rows["train_time_s"] > 0)


def _features(space: SearchSpace, rows: pd.DataFrame) -> np.ndarray:
    """float64 [n, d], standardised, so that the penalty means the same for each."""
    architectures = [space.parse(text) for text in rows["architecture"]]
    features = encode(space, architectures, FAMILIES["linear"].encoding_for(space))
    features = features.astype(np.float64)
    deviation = features.std(axis=0)
    return (features - features.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)


def _offsets(features: np.ndarray, log_times: np.ndarray, names: pd.Series) -> dict[str, float]:
    """The offset of every machine, by the theorem of Frisch, Waugh and Lovell.

    The weights of the features are those of what is left of features and times after the mean of
    each machine is taken off.
    """
    groups = {name: np.flatnonzero(names == name) for name in sorted(set(names))}
    inner_features, inner_times = features.copy(), log_times.copy()
    for index in groups.values():
        inner_features[index] -= features[index].mean(axis=0)
        inner_times[index] -= log_times[index].mean()
    penalty = PENALTY * np.eye(features.shape[1])
    weights = np.linalg.solve(
        inner_features.T @ inner_features + penalty, inner_features.T @ inner_times
    )
    residuals = log_times - features @ weights
    return {name: float(residuals[index].mean()) for name, index in groups.items()}

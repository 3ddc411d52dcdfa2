"""What a simulated campaign recovers of the benchmark it was simulated from.

    >>> rows = score_recovery(nasforge.load("truth-v1"), nasforge.load("sim-truth-v1"), samplers)

The truth is known here, without noise, for every architecture: so a score needs no ceiling, and
says what a real campaign of the same size would find, were the world as the truth has it. The
truth is a surrogate, smoother than trainings are: a real campaign recovers less.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nasforge.benchmark import Benchmark
from nasforge.evaluations.files import write_text
from nasforge.optimizers import Observations, make_optimizer
from nasforge.recipe import digest
from nasforge.surrogates.metrics import METRICS

FRESH = 2000
"""Architectures that both are asked about."""

SEED = 20_240_501
"""Of drawing them: no sampler's."""

SEARCHES = 5
"""Runs of every optimizer on either benchmark."""

BUDGET = 200
"""Evaluations of a run."""

BATCH = 10
"""Of them that are asked for at a time."""

LEVELS = (0.5, 0.8, 0.95)
"""Central intervals whose coverage is measured."""

_QUANTILES = {0.5: 0.674490, 0.8: 1.281552, 0.95: 1.959964}
"""Of the standard normal distribution, two-sided."""


@dataclass(frozen=True)
class RecoveryRow:
    """One number of the comparison.

    Attributes:
        quantity: What is compared ("val_accuracy", "noise_std", "search", ...).
        measure: Name of a metric, "truth", "recovered" or "coverage 80%".
        value: The number; nan if it is unknown.
    """

    quantity: str
    measure: str
    value: float


def score_recovery(
    truth: Benchmark, recovered: Benchmark, samplers: Sequence[Mapping[str, Any]]
) -> list[RecoveryRow]:
    """Compare predictions, noise, their uncertainty, and the ranking of optimizers.

    Args:
        truth: What was simulated from.
        recovered: What was exported.
        samplers: The config's; each optimizer with its settings is run as a search on both.
    """
    rng = np.random.default_rng(SEED)
    fresh = [truth.space.sample(rng) for _ in range(FRESH)]
    true, found = truth.query_many(fresh), recovered.query_many(fresh)
    rows = []
    for target in [name for name in recovered.manifest.targets if name in true]:
        rows += [
            RecoveryRow(target, name, float(metric(true[target], found[target])))
            for name, metric in METRICS.items()
        ]
    rows += _noise(true, found) + _coverage(true, found)
    return rows + _searches(truth, recovered, samplers)


def write_recovery(path: Path, rows: Sequence[RecoveryRow]) -> None:
    """Write the rows as CSV, atomically."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["quantity", "measure", "value"])
    writer.writerows([row.quantity, row.measure, f"{row.value:.5g}"] for row in rows)
    write_text(path, buffer.getvalue())


def _noise(true: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray]) -> list[RecoveryRow]:
    """Root mean variance between trainings of val_accuracy."""
    pairs = (("truth", true), ("recovered", found))
    return [
        RecoveryRow("noise_std", name, float(np.sqrt((answer["noise_std"] ** 2).mean())))
        for name, answer in pairs
    ]


def _coverage(true: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray]) -> list[RecoveryRow]:
    """How often the truth is inside the recovered benchmark's central intervals."""
    error = np.abs(found["val_accuracy"] - true["val_accuracy"])
    std = found["epistemic_std"]
    unknown = bool(np.isnan(std).any())
    return [
        RecoveryRow(
            "epistemic_std",
            f"coverage {level:.0%}",
            float("nan") if unknown else float((error <= _QUANTILES[level] * std).mean()),
        )
        for level in LEVELS
    ]


def _searches(
    truth: Benchmark, recovered: Benchmark, samplers: Sequence[Mapping[str, Any]]
) -> list[RecoveryRow]:
    """Where searches end on either benchmark, and whether both rank the optimizers alike."""
    entries = {digest([e["optimizer"], dict(e["settings"])]): e for e in reversed(samplers)}
    rows, ends = [], []
    for entry in reversed(entries.values()):
        ends.append([_search(bench, entry) for bench in (truth, recovered)])
        rows += [
            RecoveryRow(f"search {entry['name']}", name, value)
            for name, value in zip(("truth", "recovered"), ends[-1], strict=True)
        ]
    if len(ends) > 1:
        on_truth, on_recovered = np.array(ends).T
        tau = METRICS["kendall_tau"](on_truth, on_recovered)
        rows.append(RecoveryRow("search ranking", "kendall_tau", float(tau)))
    return rows


def _search(bench: Benchmark, entry: Mapping[str, Any]) -> float:
    """Mean over runs of the val_accuracy, without noise, of the best one observed.

    Observations are noisy where the benchmark knows its noise, as trainings are.
    """
    noisy = bench.manifest.targets["val_accuracy"].noise is not None
    ends = []
    for seed in range(SEARCHES):
        optimizer = make_optimizer(entry["optimizer"], bench.space, seed, **entry["settings"])
        best, incumbent = -np.inf, None
        for generation in range(BUDGET // BATCH):
            batch = optimizer.ask(BATCH)
            draw = seed if noisy else None
            values = bench.query_many(batch, ["val_accuracy"], noise_seed=draw)["val_accuracy"]
            nothing = [float("nan")] * BATCH
            optimizer.tell(Observations.of_batch(batch, values, nothing, generation))
            if values.max() > best:
                best, incumbent = values.max(), batch[int(values.argmax())]
        ends.append(bench.query(incumbent).val_accuracy)
    return float(np.mean(ends))

"""True against surrogate trajectories, part one: an optimizer on surrogates that lack its data.

    >>> run_without(DARTS, sources, WithoutSpec("gin", seeds=20, members=5), {}, {}, output)

For every optimizer with feedback that sampled, a surrogate is fitted on the development part
without all that the optimizer proposed, and the optimizer runs on it as it sampled: same settings,
generation size and number of evaluations, and it sees noisy values, too.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasforge.benchmark.targets import TARGETS
from nasforge.optimizers import run_seeds
from nasforge.optimizers.trajectory import Trajectory
from nasforge.space.encoding import encode, layout_of
from nasforge.space.protocol import SearchSpace
from nasforge.studies.chains import Algorithm, read_algorithms
from nasforge.studies.numbers import write_numbers
from nasforge.studies.proposed import proposed_by
from nasforge.studies.surrogate_backend import SurrogateBackend, fit_members
from nasforge.surrogates.exported import BEST_TREE, best_tree
from nasforge.surrogates.labels import read_labels
from nasforge.surrogates.selection import SELECTION_TARGET, Selection

_LOG = logging.getLogger(__name__)

FEWEST = 20
"""Architectures that must remain to fit on."""

FIT_SEED = 2


@dataclass(frozen=True)
class WithoutSources:
    """Files that are read.

    Attributes:
        development: The development part.
        evaluations: The campaign's evaluations, which the true runs saw.
        proposals: The campaign's proposals.
        selection: What `select` wrote, for the noise.
        candidates: Errors of all surrogates, from `select`.
    """

    development: Path
    evaluations: Path
    proposals: Path
    selection: Path
    candidates: Path


@dataclass(frozen=True)
class WithoutSpec:
    """What is fitted and run.

    Attributes:
        family: Name of a family, or `BEST_TREE`.
        seeds: Runs per optimizer.
        members: Members of the surrogate.
    """

    family: str
    seeds: int
    members: int


COLUMNS = (
    "algorithm", "family", "trained", "seed", "evaluation", "seen", "best_seen", "incumbent_value",
)  # fmt: skip


def run_without(
    space: SearchSpace,
    sources: WithoutSources,
    spec: WithoutSpec,
    records: Mapping[str, Path],
    settings: tuple[Mapping[str, Any], Mapping[str, Any]],
    output: Path,
) -> None:
    """Fit, run, and write what every run saw.

    Args:
        space: Where optimizers search.
        sources: What is read.
        spec: What is fitted and run.
        records: By family, the record of its fit of val_accuracy.
        settings: Of samplers and of optimizers, as `read_algorithms` has them.
        output: A row per evaluation with the columns `COLUMNS`, parquet: `trained` is the number
            of architectures that the surrogate learnt, `incumbent_value` the noise-free value of
            what was best by the values seen.
    """
    family = spec.family
    if family == BEST_TREE:
        family = best_tree(pd.read_csv(sources.candidates))
    record = json.loads(records[family].read_text(encoding="utf-8"))
    noise = Selection.read(sources.selection).noise[SELECTION_TARGET]
    labels = read_labels(sources.development, TARGETS[SELECTION_TARGET])
    architectures = [space.parse(text) for text in labels.architectures]
    features = encode(space, architectures, record["encoding"])
    proposed = proposed_by(space, sources.proposals, "optimizer")
    tables = [pd.DataFrame(columns=COLUMNS)]
    for algorithm in read_algorithms(sources.proposals, sources.evaluations, *settings):
        left = ~np.isin(labels.architecture_ids, list(proposed[algorithm.optimizer]))
        if left.sum() < FEWEST:
            _LOG.warning("%s: %d architectures are left to fit on", algorithm.name, left.sum())
            continue
        data = features[left], labels.values[left]
        model = fit_members(record, data, layout_of(space), spec.members, FIT_SEED)
        name = f"{family} without {algorithm.optimizer}"
        runs = _run(algorithm, SurrogateBackend(name, space, model, noise), spec.seeds)
        tables += [_table(run).assign(algorithm=algorithm.name, trained=left.sum()) for run in runs]
        _LOG.info("%s: %d runs of %s", name, spec.seeds, algorithm.name)
    table = pd.concat(tables[1:] or tables).assign(family=family)
    write_numbers(output, table[list(COLUMNS)])


def _run(algorithm: Algorithm, backend: SurrogateBackend, seeds: int) -> list[Trajectory]:
    return run_seeds(
        algorithm.optimizer,
        backend,
        budget=algorithm.seen.shape[1],
        seeds=range(seeds),
        generation_size=algorithm.generation_size,
        settings=algorithm.settings,
    )


def _table(run: Trajectory) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "seed": run.seed,
            "evaluation": np.arange(1, len(run) + 1),
            "seen": run.value_seen,
            "best_seen": run.incumbent_seen,
            "incumbent_value": run.incumbent_value,
        }
    )

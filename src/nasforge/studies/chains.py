"""True runs: what the samplers of an optimizer were told, in order, as its chains.

    >>> for algorithm in read_algorithms(proposals, evaluations, {}, {}): algorithm.best_seen()

Samplers of one optimizer with the same settings and generation size are chains of one algorithm.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nasforge.evaluations.tables import read_table
from nasforge.optimizers import OPTIMIZERS, default_settings


@dataclass(frozen=True, eq=False)
class Algorithm:
    """An optimizer as it sampled.

    Attributes:
        name: The optimizer's; with its samplers where another algorithm has the same.
        optimizer: Name of the optimizer.
        settings: All of its settings.
        generation_size: Proposals per generation.
        samplers: Names of its samplers, one per chain.
        seen: float64 [chains, n], the value of each proposal, nan if the training failed. Chains
            of different length are cut to the shortest.
    """

    name: str
    optimizer: str
    settings: Mapping[str, Any]
    generation_size: int
    samplers: tuple[str, ...]
    seen: np.ndarray

    def best_seen(self) -> np.ndarray:
        """float64 [chains, n], the best value so far; nan before the first success."""
        return best_so_far(self.seen)


def best_so_far(seen: np.ndarray) -> np.ndarray:
    """Running maximum along the last axis, over what is not nan."""
    return np.fmax.accumulate(seen, axis=-1)


def read_algorithms(
    proposals_file: Path,
    evaluations_file: Path,
    sampler_settings: Mapping[str, Mapping[str, Any]],
    optimizer_settings: Mapping[str, Mapping[str, Any]],
) -> list[Algorithm]:
    """Every optimizer with feedback that sampled, in the order of their names.

    Args:
        proposals_file: The campaign's proposals.
        evaluations_file: Its evaluations.
        sampler_settings: By sampler, where the config has them.
        optimizer_settings: By optimizer, for samplers that are not in `sampler_settings`; the
            tables do not know settings.
    """
    groups: dict[tuple[str, int, str], dict[str, np.ndarray]] = {}
    for (optimizer, sampler), rows in _proposed(proposals_file, evaluations_file):
        given = sampler_settings.get(sampler, optimizer_settings.get(optimizer, {}))
        settings = json.dumps(default_settings(optimizer) | dict(given), sort_keys=True)
        size = int((rows["generation"] == rows["generation"].min()).sum())
        chains = groups.setdefault((optimizer, size, settings), {})
        chains[sampler] = rows["val_accuracy"].to_numpy(np.float64)
    optimizers = [optimizer for optimizer, _, _ in groups]
    algorithms = []
    for (optimizer, size, settings), chains in groups.items():
        shortest = min(map(len, chains.values()))
        unique = optimizers.count(optimizer) == 1
        algorithms.append(
            Algorithm(
                optimizer if unique else f"{optimizer} ({', '.join(chains)})",
                optimizer,
                json.loads(settings),
                size,
                tuple(chains),
                np.stack([values[:shortest] for values in chains.values()]),
            )
        )
    return algorithms


def _proposed(
    proposals_file: Path, evaluations_file: Path
) -> list[tuple[tuple[str, str], pd.DataFrame]]:
    """Proposals with their values, by (optimizer, sampler), in the order of asking."""
    proposals = read_table(proposals_file, "proposals")[0].to_pandas()
    evaluations = read_table(evaluations_file, "evaluations")[0].to_pandas()
    rows = proposals.merge(evaluations[["evaluation_id", "val_accuracy"]], on="evaluation_id")
    with_feedback = [name for name, cls in OPTIMIZERS.items() if cls.uses_feedback]
    rows = rows[rows["optimizer"].isin(with_feedback)].sort_values(["generation", "position"])
    return [(key, part) for key, part in rows.groupby(["optimizer", "sampler"], sort=True)]

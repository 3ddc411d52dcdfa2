"""A table of evaluations as a backend.

>>> TableBackend.read(Path("results/workstation/collect/evaluations.parquet"))

An optimizer on it searches the evaluated networks alone (`table_space`).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from nasforge.errors import EvaluationsError, OptimizerError
from nasforge.optimizers.backends.protocol import Outcomes
from nasforge.optimizers.table_space import TableSpace
from nasforge.space.protocol import Architecture, SearchSpace
from nasforge.space.registry import find_space

Row = tuple[float, float]
"""val_accuracy and train_time_s of one training; nan if it failed or is unknown."""


class TableBackend:
    """Shows one of a network's trainings, drawn by the noise seed.

    The noise-free value is the mean of all its trainings; of a single one it is that one, noise
    included. So `best_known`, the highest mean, is an optimistic one.

    Args:
        name: Of the table.
        space: Where its architectures are from.
        trainings: Those of every architecture; repeats of a network are joined.

    Raises:
        OptimizerError: There are none, or none was successful.
    """

    def __init__(
        self, name: str, space: SearchSpace, trainings: Mapping[Architecture, Sequence[Row]]
    ) -> None:
        self.name = name
        self.space = TableSpace(space, list(trainings))
        joined: dict[Architecture, list[Row]] = defaultdict(list)
        for architecture, rows in trainings.items():
            joined[space.canonical(architecture)] += rows
        self._trainings = {network: np.array(rows, float) for network, rows in joined.items()}
        values = np.array([_mean(rows[:, 0]) for rows in self._trainings.values()])
        if np.isnan(values).all():
            raise OptimizerError(f"{name}: no training of the table was successful")
        self.best_known = float(np.nanmax(values))
        self.has_costs = any(np.isfinite(rows[:, 1]).any() for rows in self._trainings.values())

    @classmethod
    def read(cls, path: Path, space: SearchSpace | None = None) -> Self:
        """Read tables of evaluations.

        Args:
            path: evaluations.parquet, or a folder with it or its parts.
            space: Where the architectures are from; None for the space that the tables name, if
                it is ours or an installed package's.

        Raises:
            EvaluationsError: There are no such tables, they are of another space, or of several
                recipes or data sets.
            SpaceError: The space they name is not installed.
        """
        from nasforge.evaluations.folder import find_tables
        from nasforge.evaluations.tables import read_tables

        files = [part.evaluations for part in find_tables(path)] if path.is_dir() else [path]
        table, provenance = read_tables(files, "evaluations")
        space = space or find_space(provenance.space["name"])
        try:
            provenance.check_space(space)
        except EvaluationsError as error:
            raise EvaluationsError(f"{path}: {error}") from None
        for column in ("recipe_id", "dataset_id"):
            if len(found := table[column].unique().to_pylist()) > 1:
                raise EvaluationsError(
                    f"{path}: {column} is {' or '.join(found[:3])}; trainings of different "
                    "recipes or data sets are not comparable"
                )
        order = [("architecture", "ascending"), ("replicate", "ascending")]
        trainings: dict[Architecture, list[Row]] = defaultdict(list)
        for row in table.sort_by(order).to_pylist():
            architecture = space.parse(row["architecture"])
            trainings[architecture].append((row["val_accuracy"], row["train_time_s"]))
        return cls(path.stem or str(path), space, trainings)

    def evaluate(
        self, architectures: Sequence[Architecture], noise_seeds: Sequence[int]
    ) -> Outcomes:
        """Look them up."""
        networks = [self.space.canonical(architecture) for architecture in architectures]
        rows = [self._trainings[network] for network in networks]
        seen = np.array(
            [
                part[self._draw(network, seed, len(part))]
                for network, seed, part in zip(networks, noise_seeds, rows, strict=True)
            ]
        ).reshape(-1, 2)
        values = np.array([_mean(part[:, 0]) for part in rows])
        return Outcomes(seen[:, 0], values, seen[:, 1])

    def _draw(self, network: Architecture, noise_seed: int, number: int) -> int:
        if number == 1:
            return 0
        key = [noise_seed, int(self.space.architecture_id(network), 16)]
        return int(np.random.default_rng(key).integers(number))


def _mean(values: np.ndarray) -> float:
    """The mean of what is known; nan if nothing is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")

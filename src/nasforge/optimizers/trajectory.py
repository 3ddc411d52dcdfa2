"""What a run of an optimizer gave: its evaluations, in order, and the best so far.

    >>> trajectory = run("random", benchmark, budget=1000, seed=0)
    >>> trajectory.regret[-1], trajectory.wall_time_s[-1]
    >>> write_trajectories(Path("trajectories.parquet"), [trajectory])

The table has a row per evaluation; docs/optimizers.md describes its columns. Reading and writing
needs pyarrow.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from nasforge.errors import EvaluationsError
from nasforge.optimizers.simulation import Evaluated
from nasforge.space.protocol import SearchSpace

SCHEMA_VERSION = 1


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One run. Arrays are by evaluation, in the order in which they ended.

    Attributes:
        optimizer: Its name.
        backend: Full name of what evaluated.
        seed: Of the optimizer, and of the noise that it saw.
        workers: Simulated workers.
        generation_size: Of synchronous generations; 0 for asynchronous workers.
        best_known: Noise-free value of the best architecture that the backend knows; nan if none.
        asked: Number of the evaluation in the order of asking, from 0. int64.
        start_s: Simulated time at which it began, nan if training times are unknown. float64.
        wall_time_s: Simulated time at which it ended. float64.
        architectures: Texts, as suggested.
        value_seen: What the optimizer was told; nan if the training failed. float64.
        value: The noise-free value; nan if unknown. float64.
    """

    optimizer: str
    backend: str
    seed: int
    workers: int
    generation_size: int
    best_known: float
    asked: np.ndarray
    start_s: np.ndarray
    wall_time_s: np.ndarray
    architectures: tuple[str, ...]
    value_seen: np.ndarray
    value: np.ndarray

    def __len__(self) -> int:
        return len(self.asked)

    @property
    def incumbent(self) -> np.ndarray:
        """Which evaluation, from 0, had the best value seen so far; -1 before any. int64.

        It is chosen by what was seen, as whoever runs the optimizer would; `incumbent_value` says
        what it is worth.
        """
        seen = np.where(np.isnan(self.value_seen), -np.inf, self.value_seen)
        before = np.concatenate([[-np.inf], np.maximum.accumulate(seen)[:-1]])
        return np.maximum.accumulate(np.where(seen > before, np.arange(len(seen)), -1))

    @property
    def incumbent_seen(self) -> np.ndarray:
        """The value seen of the incumbent. float64."""
        return self._of_incumbent(self.value_seen)

    @property
    def incumbent_value(self) -> np.ndarray:
        """The noise-free value of the incumbent. float64."""
        return self._of_incumbent(self.value)

    @property
    def regret(self) -> np.ndarray:
        """`best_known` minus `incumbent_value`; below 0 if what is known was surpassed."""
        return self.best_known - self.incumbent_value

    def _of_incumbent(self, values: np.ndarray) -> np.ndarray:
        incumbent = self.incumbent
        return np.where(incumbent < 0, np.nan, values[incumbent])


def trajectory_of(
    evaluated: Sequence[Evaluated], space: SearchSpace, has_costs: bool, **run: Any
) -> Trajectory:
    """A trajectory of what a simulation returned.

    Args:
        evaluated: In the order in which they ended.
        space: Formats the architectures.
        has_costs: Whether the simulated times mean anything.
        run: The fields that describe the run.
    """

    def column(name: str, known: bool = True) -> np.ndarray:
        values = [getattr(row, name) if known else np.nan for row in evaluated]
        return np.array(values, dtype=np.float64)

    return Trajectory(
        **run,
        asked=np.array([row.asked for row in evaluated], dtype=np.int64),
        start_s=column("start_s", has_costs),
        wall_time_s=column("finish_s", has_costs),
        architectures=tuple(space.format(row.architecture) for row in evaluated),
        value_seen=column("seen"),
        value=column("value"),
    )


_RUN = tuple(field.name for field in fields(Trajectory))[:6]
_ROW = ("asked", "start_s", "wall_time_s", "value_seen", "value")
_DERIVED = ("incumbent_seen", "incumbent_value", "regret")


def write_trajectories(path: str | PathLike[str], trajectories: Sequence[Trajectory]) -> None:
    """Write trajectories.parquet, a row per evaluation, one run after the other.

    Raises:
        OSError: The file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from nasforge.evaluations.files import atomic_path

    tables = []
    for trajectory in trajectories:
        number = len(trajectory)
        columns: dict[str, Any] = {
            name: pa.array([getattr(trajectory, name)] * number) for name in _RUN
        }
        columns["evaluation"] = np.arange(1, number + 1)
        columns |= {name: getattr(trajectory, name) for name in (*_ROW, *_DERIVED)}
        columns["architecture"] = pa.array(trajectory.architectures, pa.string())
        columns["incumbent"] = trajectory.incumbent + 1
        tables.append(pa.table(columns))
    metadata = {b"nasforge": b'{"kind": "trajectories", "schema_version": %d}' % SCHEMA_VERSION}
    with atomic_path(Path(path)) as temporary:
        table = pa.concat_tables(tables).replace_schema_metadata(metadata)
        pq.write_table(table, temporary, compression="zstd")


def read_trajectories(path: str | PathLike[str]) -> list[Trajectory]:
    """Read what `write_trajectories` wrote.

    Raises:
        EvaluationsError: The file is not of that kind, or cannot be read.
    """
    table = _read_table(Path(path), [*_RUN, "evaluation", *_ROW, "architecture"])
    numbers = table["evaluation"].to_numpy()
    starts = [*np.flatnonzero(numbers == 1).tolist(), len(table)]
    return [
        _read_one(table.slice(start, stop - start).to_pydict()) for start, stop in pairwise(starts)
    ]


def _read_table(path: Path, columns: list[str]) -> Any:
    """The columns of a parquet file; what pyarrow says of any other file is not for people."""
    import pyarrow.parquet as pq

    if not path.is_file():
        raise EvaluationsError(f"{path}: no such file")
    wrong = f"{path}: not a table of trajectories, as `nasforge optimize` writes it"
    try:
        present = pq.read_schema(path).names
        table = pq.read_table(path, columns=[name for name in columns if name in present])
    except Exception:  # on a damaged file, the parser raises nearly anything
        raise EvaluationsError(f"{wrong}: it cannot be read as parquet") from None
    if missing := [name for name in columns if name not in present]:
        raise EvaluationsError(f"{wrong}: it has no column {missing[0]!r}")
    return table


def _read_one(columns: dict[str, list[Any]]) -> Trajectory:
    return Trajectory(
        **{name: columns[name][0] for name in _RUN},
        asked=np.array(columns["asked"], dtype=np.int64),
        **{name: np.array(columns[name], dtype=np.float64) for name in _ROW[1:]},
        architectures=tuple(columns["architecture"]),
    )

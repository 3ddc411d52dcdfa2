"""Runs of optimizers, as the page plots them: quartiles over seeds. Needs pyarrow.

>>> read_runs(Path("trajectories.parquet"))
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nasforge.errors import EvaluationsError
from nasforge.optimizers.trajectory import Trajectory, read_trajectories

POINTS = 200
"""Along a curve, evenly on a logarithmic scale."""


def read_runs(file: Path) -> list[dict[str, Any]]:
    """What `nasforge optimize` wrote, one entry per optimizer and backend.

    Returns:
        `optimizer`, `backend`, `seeds`; `evaluations` float32 [p], and `low`, `middle` and `high`
        float32 [p]: quartiles over seeds of the incumbent's noise-free value; of the value that
        was seen where that is unknown (`noisy` says so).

    Raises:
        EvaluationsError: The file is not of that kind, or is empty.
    """
    groups: dict[tuple[str, str], list[Trajectory]] = defaultdict(list)
    for run in read_trajectories(file):
        groups[run.optimizer, run.backend].append(run)
    if not groups:
        raise EvaluationsError(f"{file}: no runs in it")
    return [_summary(*key, runs) for key, runs in groups.items()]


def _summary(optimizer: str, backend: str, runs: Sequence[Trajectory]) -> dict[str, Any]:
    length = min(map(len, runs))
    noisy = any(np.isnan(run.value).all() for run in runs)
    values = [run.incumbent_seen if noisy else run.incumbent_value for run in runs]
    at = np.unique(np.geomspace(1, length, POINTS).round().astype(int))
    quartiles = np.quantile(np.stack([v[:length][at - 1] for v in values]), [0.25, 0.5, 0.75], 0)
    curves = dict(zip(("low", "middle", "high"), quartiles.astype(np.float32), strict=True))
    return {
        "optimizer": optimizer,
        "backend": backend,
        "seeds": len(runs),
        "noisy": noisy,
        "evaluations": at.astype(np.float32),
        **curves,
    }

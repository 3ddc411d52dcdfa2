"""What several runs of each optimizer gave, in a few numbers.

>>> print(format_summary(summarise(trajectories)))
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nasforge.optimizers.trajectory import Trajectory


@dataclass(frozen=True)
class Summary:
    """The runs of one optimizer.

    Attributes:
        optimizer: Its name.
        runs: How many seeds.
        evaluations: Of each run.
        wall_time_s: Median simulated time of a whole run; nan if training times are unknown.
        seen: Median of the best value seen, noise included.
        value: Median of the noise-free value of the incumbent at the end; nan if unknown.
        regret: By number of evaluations: quartiles (25 %, 50 %, 75 %) of the regret over runs.
    """

    optimizer: str
    runs: int
    evaluations: int
    wall_time_s: float
    seen: float
    value: float
    regret: dict[int, tuple[float, float, float]]

    def to_json(self) -> dict[str, Any]:
        """A JSON object; nan becomes null."""
        data = asdict(self)
        for key in ("wall_time_s", "seen", "value"):
            data[key] = None if np.isnan(data[key]) else data[key]
        data["regret"] = {
            number: None if np.isnan(quartiles).any() else list(quartiles)
            for number, quartiles in self.regret.items()
        }
        return data


def summarise(trajectories: Sequence[Trajectory]) -> list[Summary]:
    """A summary per optimizer, in the order of their first runs."""
    names = dict.fromkeys(trajectory.optimizer for trajectory in trajectories)
    return [_summary([t for t in trajectories if t.optimizer == name]) for name in names]


def milestones(evaluations: int) -> list[int]:
    """10, 100, 1000, ... and the last evaluation."""
    powers = [10**k for k in range(1, 19) if 10**k < evaluations]
    return [*powers, evaluations]


def _summary(runs: Sequence[Trajectory]) -> Summary:
    evaluations = min(map(len, runs))
    regrets = np.stack([run.regret[:evaluations] for run in runs])
    quartiles = {
        number: tuple(np.quantile(regrets[:, number - 1], [0.25, 0.5, 0.75]).tolist())
        for number in milestones(evaluations)
    }

    def median(values: list[float]) -> float:
        return float(np.median(values))

    return Summary(
        runs[0].optimizer,
        len(runs),
        evaluations,
        median([run.wall_time_s[-1] for run in runs]),
        median([run.incumbent_seen[-1] for run in runs]),
        median([run.incumbent_value[-1] for run in runs]),
        quartiles,
    )


def format_summary(summaries: Sequence[Summary]) -> str:
    """A table for people: regrets are medians with quartiles, in percentage points."""
    numbers = sorted({number for summary in summaries for number in summary.regret})
    head = f"{'optimizer':<24} {'runs':>4} {'time h':>8} {'seen':>7} {'value':>7}"
    lines = [head + "".join(f"  {f'regret at {number}':>19}" for number in numbers)]
    for summary in summaries:
        cells = [
            _cell(summary.wall_time_s / 3600, ".2f", 8),
            _cell(summary.seen, ".4f", 7),
            _cell(summary.value, ".4f", 7),
        ]
        line = f"{summary.optimizer:<24} {summary.runs:>4} {' '.join(cells)}"
        for number in numbers:
            line += f"  {_regret_text(summary.regret.get(number)):>19}"
        lines.append(line)
    return "\n".join(lines)


def surpassed(summaries: Sequence[Summary]) -> bool:
    """Whether the table has a regret below 0."""
    regrets = (quartiles for summary in summaries for quartiles in summary.regret.values())
    return any(min(quartiles) < 0 for quartiles in regrets)


def _regret_text(quartiles: tuple[float, float, float] | None) -> str:
    if quartiles is None or np.isnan(quartiles).any():
        return "-"
    low, middle, high = (100 * value for value in quartiles)
    return f"{middle:.2f} [{low:.2f}, {high:.2f}]"


def _cell(value: float, form: str, width: int) -> str:
    return f"{'-' if np.isnan(value) else format(value, form):>{width}}"

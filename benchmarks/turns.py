"""What benchmarks of short calls share: rounds in which all take turns.

>>> medians({"ours": run, "theirs": other}, rounds=30, each=1)
"""

import statistics
import time
from collections.abc import Callable

from nasforge.accelerator import numpy_alone

Run = Callable[[], object]


def medians(runs: dict[str, Run], rounds: int, each: int) -> dict[str, float]:
    """Microseconds of processor time for each of `each` genotypes, taking turns."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()  # warm
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.process_time()
            run()
            times[name].append(time.process_time() - start)
    return {name: 1e6 * statistics.median(values) / each for name, values in times.items()}


def plain(run: Run) -> Run:
    """The same without numba."""

    def alone() -> None:
        with numpy_alone():
            run()

    return alone

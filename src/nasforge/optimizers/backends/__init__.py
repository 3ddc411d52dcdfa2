"""What evaluates an optimizer's suggestions: a benchmark, a table of evaluations, or training.

>>> backend = BenchmarkBackend(nasforge.load("darts-cifar10-cpu-v1"))
>>> backend = TableBackend.read(Path("data/cells"), space)      # backends.table
>>> backend = TrainingBackend(recipe, images, cache)            # backends.training
"""

from os import PathLike
from pathlib import Path
from typing import Any

from nasforge.benchmark.benchmark import Benchmark
from nasforge.benchmark.registry import available, load
from nasforge.errors import OptimizerError
from nasforge.optimizers.backends.benchmark import BenchmarkBackend
from nasforge.optimizers.backends.protocol import Backend, Outcomes

__all__ = ["Backend", "BenchmarkBackend", "Outcomes", "as_backend"]


def as_backend(source: Any) -> Backend:
    """A backend as it is, of a benchmark or its name, or of the path of a table of evaluations.

    Raises:
        OptimizerError: It is neither.
        NasforgeError: As `BenchmarkBackend` and `TableBackend.read`.
    """
    if isinstance(source, Benchmark):
        return BenchmarkBackend(source)
    if isinstance(source, str | PathLike):
        if source in available():
            return BenchmarkBackend(load(source))
        from nasforge.optimizers.backends.table import TableBackend

        return TableBackend.read(Path(source))
    if not isinstance(source, Backend):
        raise OptimizerError(
            f"backend {source!r} must be a Benchmark, the path of a table of evaluations, or have "
            "what nasforge.optimizers.backends.Backend asks for"
        )
    return source

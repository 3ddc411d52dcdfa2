"""Finding a benchmark by name or path, and its search space.

    >>> available()
    ()
    >>> load("results/quickstart/export/darts-digits-v1", surrogate="linear")

No name found in a file is ever imported: a space is one of ours, one that an installed package
registered under the entry point group `nasforge.spaces`, or passed as an object.
"""

from importlib.metadata import entry_points
from os import PathLike
from pathlib import Path

from nasforge.benchmark.benchmark import Benchmark
from nasforge.benchmark.frozen import read_manifest
from nasforge.benchmark.section import FILE
from nasforge.errors import BenchmarkFormatError, UnknownBenchmarkError
from nasforge.space import DARTS, SearchSpace

SHIPPED = Path(__file__).parent / "shipped"
"""Benchmarks that come with the package."""


def available() -> tuple[str, ...]:
    """Full names of the benchmarks that come with the package."""
    return tuple(sorted(path.parent.name for path in SHIPPED.glob(f"*/{FILE}")))


def load(
    benchmark: str | PathLike[str],
    surrogate: str | None = None,
    space: SearchSpace | None = None,
) -> Benchmark:
    """Load a frozen benchmark.

    Args:
        benchmark: A name of `available()`, or the path of a folder.
        surrogate: Which of its surrogates answers; None for the selected one.
        space: Its search space, if that is neither ours nor an installed package's.

    Raises:
        UnknownBenchmarkError: There is none of this name.
        BenchmarkFormatError: It is damaged, of a newer format, or made for another space.
    """
    folder = find(benchmark)
    if space is None:
        space = _find_space(read_manifest(folder).space["name"])
    return Benchmark.open(folder, space, surrogate)


def find(benchmark: str | PathLike[str]) -> Path:
    """The folder of a benchmark.

    Raises:
        UnknownBenchmarkError: There is none of this name.
    """
    if str(benchmark) in available():
        return SHIPPED / str(benchmark)
    path = Path(benchmark)
    if path.is_dir():
        return path
    shipped = ", ".join(available()) or "none in this version"
    raise UnknownBenchmarkError(
        f"no benchmark {str(benchmark)!r}: it is neither a folder nor one that comes with "
        f"nasforge ({shipped})"
    )


def _find_space(name: str) -> SearchSpace:
    if name == DARTS.name:
        return DARTS
    for entry_point in entry_points(group="nasforge.spaces"):
        if entry_point.name == name:
            return entry_point.load()
    raise BenchmarkFormatError(
        f"search space {name!r} is not installed; pass it: load(path, space=OBJECT)"
    )

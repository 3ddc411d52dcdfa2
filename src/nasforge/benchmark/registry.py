"""Finding a benchmark by name or path, and its search space.

    >>> available()
    ()
    >>> load("results/quickstart/export/darts-digits-v1", surrogate="linear")

No name found in a file is ever imported: a space is one of ours, one that an installed package
registered under the entry point group `nasforge.spaces`, or passed as an object.
"""

from os import PathLike
from pathlib import Path

from nasforge.benchmark.benchmark import Benchmark
from nasforge.benchmark.frozen import read_manifest
from nasforge.benchmark.section import FILE
from nasforge.errors import BenchmarkFormatError, SpaceError, UnknownBenchmarkError
from nasforge.space import SearchSpace
from nasforge.space.registry import check_space, find_space

SHIPPED = Path(__file__).parent / "shipped"
"""Benchmarks that come with the package, a .zip each."""


def available() -> tuple[str, ...]:
    """Full names of the benchmarks that come with the package."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.zip")))


def load(
    benchmark: str | PathLike[str],
    surrogate: str | None = None,
    space: SearchSpace | None = None,
) -> Benchmark:
    """Load a frozen benchmark.

    Args:
        benchmark: A name of `available()`, or the path of a folder or .zip.
        surrogate: Which of its surrogates answers; None for the selected one.
        space: Its search space, if that is neither ours nor an installed package's (see
            `nasforge.space.registry`).

    Raises:
        UnknownBenchmarkError: There is none of this name.
        BenchmarkFormatError: It is damaged, of a newer format, or made for another space.
        SpaceError: `space` is no search space.
    """
    folder = find(benchmark)
    if space is None:
        space = _space_of(read_manifest(folder).space["name"])
    return Benchmark.open(folder, check_space(space, type(space).__name__), surrogate)


def find(benchmark: str | PathLike[str]) -> Path:
    """The folder or .zip of a benchmark.

    Raises:
        UnknownBenchmarkError: There is none of this name.
    """
    if str(benchmark) in available():
        return SHIPPED / f"{benchmark}.zip"
    path = Path(benchmark)
    if inside := _inside(path):
        raise UnknownBenchmarkError(
            f"{path}: no benchmark itself; {', '.join(map(str, inside))} in it "
            f"{'is one' if len(inside) == 1 else 'are'}"
        )
    if path.is_dir() or (path.suffix == ".zip" and path.is_file()):
        return path
    shipped = ", ".join(available()) or "none in this version"
    raise UnknownBenchmarkError(
        f"no benchmark {str(benchmark)!r}: it is neither a folder, a .zip, nor one that comes with "
        f"nasforge ({shipped})"
    )


def _inside(path: Path) -> list[Path]:
    """Benchmarks in a folder that is none, such as `results/<config's name>`."""
    if not path.is_dir() or (path / FILE).exists():
        return []
    return sorted(
        file.parent for pattern in ("*", "export/*") for file in path.glob(f"{pattern}/{FILE}")
    )


def _space_of(name: str) -> SearchSpace:
    try:
        return find_space(name)
    except SpaceError as error:
        raise BenchmarkFormatError(
            f"{error}; pass it: load(path, space=OBJECT), or --space module:OBJECT"
        ) from None

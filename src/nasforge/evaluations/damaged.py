"""Files of a run that cannot be read any more: put aside, so that the same command makes them anew.

>>> put_damaged_aside(map(Path, snakemake.input), Path("results/quickstart"))
[PosixPath('results/quickstart/train/random/gen0/shard0.evaluations.parquet')]

Only what a run made itself is touched, never the tables that it was given.
"""

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

SUFFIX = ".damaged"


def put_damaged_aside(files: Iterable[Path], folder: Path) -> list[Path]:
    """Rename damaged files to *.damaged.

    Args:
        files: What a job read; kinds of files that have no check are passed over.
        folder: What the run made; files elsewhere are left alone.

    Returns:
        Those that were renamed, by the name that they had.
    """
    own = folder.resolve()
    aside = []
    for file in files:
        if file.resolve().is_relative_to(own) and is_damaged(file):
            with suppress(OSError):  # a read-only disk; then the error itself must do
                file.rename(file.with_name(file.name + SUFFIX))
                aside.append(file)
    return aside


def is_damaged(file: Path) -> bool:
    """Whether a file is there and cannot be read as what its name says."""
    read = _READERS.get(file.suffix)
    if read is None or not file.is_file():
        return False
    try:
        read(file)
    except MemoryError:  # says nothing of the file
        return False
    except Exception:  # on a damaged file, the parsers raise nearly anything
        return True
    return False


def _read_parquet(file: Path) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as table:
        table.read(use_threads=False)


def _read_npz(file: Path) -> None:
    import numpy as np

    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        for name in arrays.files:
            arrays[name]


def _read_json(file: Path) -> None:
    json.loads(file.read_text(encoding="utf-8"))


_READERS: dict[str, Callable[[Path], None]] = {
    ".parquet": _read_parquet,
    ".npz": _read_npz,
    ".json": _read_json,
}

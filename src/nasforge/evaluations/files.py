"""Files shared by processes: written whole or not at all, and folders held by one at a time.

>>> with atomic_path(Path("table.parquet")) as temporary:
...     write(temporary)
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasforge.errors import EvaluationsError


@contextmanager
def atomic_path(path: Path, durable: bool = True) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it takes the name, else it is removed.

    A killed process leaves the old file or the new one, and nothing in between.

    Args:
        path: The file.
        durable: Whether that holds for a crash of the machine too: the bytes are on disk before
            the name is, which takes milliseconds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        if durable:
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str, durable: bool = True) -> None:
    """Write a text file atomically; see `atomic_path`."""
    with atomic_path(path, durable) as temporary:
        temporary.write_text(text, encoding="utf-8")


def hold_folder(folder: Path) -> int:
    """Keep other processes from holding `folder` until this one ends, however it ends.

    Unlike a lock file, this lock of the operating system does not outlive a killed process.

    Returns:
        The descriptor of `<folder>/.lock`; closing it lets go.

    Raises:
        EvaluationsError: Another process holds it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR)
    except OSError as error:
        raise EvaluationsError(
            f"{folder}: cannot be written ({error.strerror}); a run needs to, even one that has "
            "nothing to do"
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise EvaluationsError(
            f"another run is writing to {folder}; wait for it to end or stop it"
        ) from None
    return descriptor

"""A progress bar on standard error, on a terminal only.

>>> with progress_bar(200_000, "random") as advance:
...     advance(20)
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

WIDTH = 30
INTERVAL_S = 0.2


@contextmanager
def progress_bar(
    total: int,
    label: str,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Callable[[int], None]]:
    """Yield a function that is told how many further steps are done.

    Args:
        total: Steps in all.
        label: Before the bar.
        stream: Where it is drawn; None for standard error. Nothing is, unless it is a terminal.
        clock: Seconds, for the time that is left.
    """
    stream = stream or sys.stderr
    start = shown = clock()
    done = 0

    def advance(steps: int) -> None:
        nonlocal done, shown
        done += steps
        now = clock()
        if stream.isatty() and (now - shown >= INTERVAL_S or done >= total):
            shown = now
            filled = WIDTH * done // total
            left_s = round((now - start) * (total - done) / max(done, 1))
            minutes, seconds = divmod(left_s, 60)
            bar = "#" * filled + "." * (WIDTH - filled)
            line = f"\r{label} [{bar}] {done}/{total}, {minutes}:{seconds:02} left"
            stream.write(f"{line:<90}")
            stream.flush()

    try:
        yield advance
    finally:
        if stream.isatty():
            stream.write(f"\r{'':<90}\r")
            stream.flush()

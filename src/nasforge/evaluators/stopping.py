"""Being asked to stop: SIGTERM at a cluster's time limit, Ctrl-C at a terminal.

    >>> with listening():
    ...     with stoppable():
    ...         train_an_epoch()
    ...     store_it()

Work may be stopped anywhere, and what stores it nowhere: a signal that comes outside of `stoppable`
waits until the next such place. Slurm gives some 30 s from SIGTERM to kill -9.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopped(SystemExit):
    """The process was asked to stop; its exit status is the shell's for the signal (143 or 130)."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.signal = signal.Signals(number).name


class _State:
    """That of the process, as signals are."""

    asked: int | None = None
    may_stop = False


@contextmanager
def listening() -> Iterator[None]:
    """Take SIGTERM and SIGINT as a wish to stop, until the end of the block.

    In another thread than the main one, to which no signals come, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _ask) for number in SIGNALS}
    try:
        yield
    finally:
        _State.asked = None
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stoppable() -> Iterator[None]:
    """Where the process may stop: at once, also if it was asked before.

    Raises:
        Stopped: It was asked to.
    """
    _State.may_stop = True
    try:
        if _State.asked is not None:
            raise Stopped(_State.asked)
        yield
    finally:
        _State.may_stop = False


def _ask(number: int, frame: FrameType | None) -> None:
    first = _State.asked is None
    _State.asked = number
    if first and _State.may_stop:
        raise Stopped(number)

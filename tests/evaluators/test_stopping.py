"""Signals stop work, and never what stores it."""

import os
import signal
import threading
from collections.abc import Callable

import pytest

from nasforge.evaluators.stopping import Stopped, listening, stoppable


def send(number: int = signal.SIGTERM) -> None:
    os.kill(os.getpid(), number)


def stopped(work: Callable[[], None]) -> Stopped:
    """What work is stopped with."""

    def heard() -> None:
        with listening():
            work()

    with pytest.raises(Stopped) as caught:
        heard()
    return caught.value


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_work_stops_at_once_with_the_signals_status(number: int, code: int) -> None:
    def work() -> None:
        with stoppable():
            send(number)
            pytest.fail("went on")

    stop = stopped(work)
    assert stop.code == code
    assert stop.signal == signal.Signals(number).name


def test_storing_goes_on_and_the_next_work_does_not_start() -> None:
    done = []

    def work() -> None:
        with stoppable():
            done.append("work")
        send()
        done.append("stored")
        with stoppable():
            done.append("more work")

    stopped(work)
    assert done == ["work", "stored"]


def test_a_second_signal_does_not_disturb_what_the_first_one_started() -> None:
    kept = []

    def work() -> None:
        try:
            with stoppable():
                send()
        except Stopped:
            send()
            kept.append("checkpoint")
            raise

    stopped(work)
    assert kept == ["checkpoint"]


def test_handlers_are_put_back_and_nothing_is_remembered() -> None:
    before = signal.getsignal(signal.SIGTERM)

    def work() -> None:
        with stoppable():
            send()

    stopped(work)
    assert signal.getsignal(signal.SIGTERM) is before
    with listening(), stoppable():
        pass


def test_a_thread_changes_no_handlers() -> None:
    found = []

    def work() -> None:
        with listening(), stoppable():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGTERM)]

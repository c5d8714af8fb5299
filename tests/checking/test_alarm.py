"""A check that hangs in this process is stopped; the time in which a student's code runs does not count."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from grader.checking import alarm as module
from grader.checking.alarm import alarm
from grader.errors import CourseFault


@dataclass
class Waited:
    """So much time was the student's."""

    waited: float = 0.0
    is_waiting: bool = False


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    """Leaves the alarm as it was: the tests have one of their own."""
    handler, timer = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    yield
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, *timer)


def ring() -> None:
    """The time is over now."""
    signal.raise_signal(signal.SIGALRM)


def test_what_does_not_end_is_the_courses_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECKS_SECONDS", 0.1)

    @alarm(Waited())
    def check() -> None:
        try:
            signal.pause()
        except Exception:  # as a check may have it
            pytest.fail("A check may go on for ever.")

    with pytest.raises(CourseFault, match=r"A check did not end within 0\.1 s"):
        check()


def test_it_rings_again_where_a_check_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECKS_SECONDS", 0.1)
    monkeypatch.setattr(module, "_A_MOMENT", 0.1)
    swallowed = []

    @alarm(Waited())
    def check() -> None:
        for _ in range(3):
            try:
                signal.pause()
            except BaseException:
                swallowed.append(1)
        signal.pause()

    with pytest.raises(CourseFault):
        check()
    assert len(swallowed) == 3


def test_the_students_time_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The alarm rings, and is set anew: for what is left, or for a moment while a student's code runs."""
    waiting = Waited()
    with alarm(waiting):
        monkeypatch.setattr(module, "CHECKS_SECONDS", -50)  # long over
        waiting.is_waiting = True
        ring()
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 1
        waiting.is_waiting, waiting.waited = False, 90
        ring()
        assert 30 < signal.getitimer(signal.ITIMER_REAL)[0] <= 40
        waiting.waited = 0
        with pytest.raises(BaseException) as overrun:  # noqa: PT011
            ring()
        assert not isinstance(overrun.value, Exception)


def test_an_alarm_of_the_callers_goes_on() -> None:
    def theirs(*_: object) -> None: ...

    signal.signal(signal.SIGALRM, theirs)
    signal.setitimer(signal.ITIMER_REAL, 1000)
    with alarm(Waited()):
        assert signal.getsignal(signal.SIGALRM) is not theirs
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 300
    assert signal.getsignal(signal.SIGALRM) is theirs
    assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 1000
    signal.setitimer(signal.ITIMER_REAL, 0)
    with alarm(Waited()):
        ...
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_another_thread_has_no_alarm() -> None:
    seen: list[object] = []

    def run() -> None:
        with alarm(Waited()):
            seen.append(signal.getitimer(signal.ITIMER_REAL)[0])

    signal.setitimer(signal.ITIMER_REAL, 0)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [0]

"""The sessions of an exercise: which one a case runs in, how long both were waited for, and where a check begins."""

from __future__ import annotations

from typing import cast

from grader.checking.session import Session
from grader.checking.sessions import Sessions


class Counting:
    """What these tests need of a session."""

    def __init__(self, waited: float, is_waiting: bool = False) -> None:
        self.waited = waited
        self.is_waiting = is_waiting
        self.checks = 0
        self.anew = False

    def begin_check(self, *, anew: bool) -> None:
        self.checks += 1
        self.anew = anew


def both_of(main: Counting, cuda: Counting | None = None) -> Sessions:
    return Sessions(cast(Session, main), cast(Session, cuda))


def test_each_device_has_its_session() -> None:
    main, cuda = Counting(3), Counting(2)
    both = both_of(main, cuda)
    for device in (None, "cpu", "sim"):
        assert both.on(device) is cast(Session, main)
    assert both.on("cuda") is cast(Session, cuda)
    assert both_of(main).on("cuda") is cast(Session, main)
    assert both.solution() is None


def test_they_are_waited_for_together() -> None:
    assert (both_of(Counting(3)).waited, both_of(Counting(3)).is_waiting) == (3, False)
    both = both_of(Counting(3), Counting(2, is_waiting=True))
    assert (both.waited, both.is_waiting) == (5, True)


def test_a_check_begins_for_both() -> None:
    main, cuda = Counting(0), Counting(0)
    both_of(main, cuda).begin_check()
    both_of(main).begin_check()
    assert (main.checks, cuda.checks) == (2, 1)
    both_of(main, cuda).begin_check(anew=True)
    assert (main.anew, cuda.anew) == (True, True)

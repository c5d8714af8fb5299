"""Whose fault is it that a case went wrong? The exercise's own solution tells.

A check works with what a student's code gave back, and some of that is of a kind that nobody thought of: a dict for a
tensor, a number of ten thousand digits. Then the check raises, and the answer is wrong. Or the check has a slip, and
then no answer is right. It need not raise for that: a slip in a probe looks like an exception of the student's code,
and one in a reference like a wrong number. So the same case is run with the solution for the student: if that passes,
the answer was the reason; if it does not, the course is at fault, and there is no verdict.
"""

from __future__ import annotations

import traceback
from contextlib import ExitStack, closing
from dataclasses import dataclass
from types import ModuleType
from typing import Self

from ..errors import CourseFault
from ..language import _
from ..text import clean
from .case_run import run_case
from .collect import Case
from .memo import CaseMemo, MemoizedSession
from .outcome import CaseEnd, CheckRaised
from .session import Session
from .sessions import Sessions

_ERROR_LENGTH = 200
# how a case ends where the code under test is not right
WRONG = ("failed", "timeout")


@dataclass(frozen=True)
class Suspicion:
    """A case that went wrong, and where its probes ran.

    Attributes:
        error: what the check raised; `None` where it ended as checks do, with a failure.
    """

    check: str
    case: Case
    session: Session
    memo: CaseMemo
    seed: int
    error: BaseException | None = None


class Solution:
    """The exercise's own solution at work, in one child of each sandbox for all that is looked into.

    A context manager. What the student's code is asked afterwards has a new child.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._source = sessions.solution
        self._beside: dict[Session, Session | None] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def beside(self, session: Session) -> Session | None:
        """Its session in the same sandbox, where that of `session` has no child any more; `None` if it is missing."""
        if session not in self._beside:
            self._beside[session] = None
            if source := self._source():
                session.close()
                its_own = session.with_source(source)
                self._beside[session] = self._stack.enter_context(closing(its_own))
        return self._beside[session]


def suspected(error: BaseException) -> CaseEnd:
    """How the case ends, if it turns out that the answer was the reason.

    Raises:
        CourseFault: if no answer whatever can be the reason.
    """
    if isinstance(error, NameError | ImportError | AttributeError) and _is_written_there(error):
        raise CourseFault(_described(error)) from error
    if isinstance(error, AssertionError) and str(error):
        return CaseEnd("failed", clean(str(error)))
    sentence = _(
        "The check cannot work with what your code gave back ({error}). Look at which types and shapes are asked for."
    )
    return CaseEnd("failed", sentence.format(error=_described(error)))


def _is_written_there(error: NameError | ImportError | AttributeError) -> bool:
    """Whether the unknown name stands in the check's own code, and has not come with an answer."""
    if isinstance(error, UnboundLocalError):  # after a loop over an answer, say, that is empty
        return False
    if isinstance(error, AttributeError) and not isinstance(error.obj, ModuleType):
        return False
    if not isinstance(error, AttributeError):
        return True
    frames = (frame for frame, _line in traceback.walk_tb(error.__traceback__))
    return any(error.name in frame.f_code.co_names for frame in frames)


def expect_solved(suspicion: Suspicion, solution: Solution) -> None:
    """Runs the case with the solution. Without one, a failure stands, and a check that raised is at fault.

    Raises:
        CourseFault: if the solution does not pass, or the check raised and there is none.
    """
    session = solution.beside(suspicion.session)
    if session is None:
        if suspicion.error is None:
            return
        raise CourseFault(
            f"{_described(suspicion.error)} (There is no solution here to tell whether the answer is the reason.)"
        ) from suspicion.error
    try:
        asked = MemoizedSession(session)
        end = run_case(suspicion.case, asked, suspicion.seed)
        if end.status == "passed" and (broken := asked.impolite()):
            end = broken.end  # a solution is polite: it is the probe's own doing
    except CheckRaised as raised:
        raise CourseFault(_described(raised.__cause__)) from raised.__cause__
    # a solution that cannot be loaded, or is not written yet, tells nothing of a failure
    broke = suspicion.error is not None
    if end.status in WRONG or (broke and end.status != "passed"):
        before = f"{_described(suspicion.error)} " if broke else ""
        raise CourseFault(
            f"{before}The solution does not pass the check {suspicion.check} either: {end.message}"
        ) from suspicion.error


def _described(error: BaseException | None) -> str:
    name, text = type(error).__name__, clean(str(error), _ERROR_LENGTH)
    return f"{name}: {text}" if text else name

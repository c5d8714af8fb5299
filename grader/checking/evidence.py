"""Whose fault is it that a check raised? The exercise's own solution tells.

A check works with what a student's code gave back, and some of that is of a kind that nobody thought of: a dict for a
tensor, a number of ten thousand digits. Then the check raises, and the answer is wrong. Or the check has a slip, and
then no answer is right. So the same case is run with the solution for the student: if that passes, the answer was the
reason; if it does not, or there is no solution, the course is at fault, and there is no verdict.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from types import ModuleType

from ..errors import CourseFault
from ..language import _
from ..text import clean
from .case_run import run_case
from .collect import Case
from .memo import CaseMemo, MemoizedSession
from .outcome import CaseEnd, CheckRaised
from .session import Session, Sessions

_ERROR_LENGTH = 200


@dataclass(frozen=True)
class Suspicion:
    """A case that ended in an exception of the check's, and where its probes ran."""

    check: str
    case: Case
    session: Session
    memo: CaseMemo
    seed: int
    error: BaseException


def suspected(error: BaseException) -> CaseEnd:
    """How the case ends, if it turns out that the answer was the reason.

    Raises:
        CourseFault: if no answer whatever can be the reason.
    """
    if isinstance(error, NameError | ImportError) or (
        isinstance(error, AttributeError) and isinstance(error.obj, ModuleType)
    ):
        raise CourseFault(_described(error)) from error
    if isinstance(error, AssertionError) and str(error):
        return CaseEnd("failed", clean(str(error)))
    sentence = _(
        "The check cannot work with what your code gave back ({error}). Look at which types and shapes are asked for."
    )
    return CaseEnd("failed", sentence.format(error=_described(error)))


def expect_solved(suspicion: Suspicion, sessions: Sessions) -> None:
    """Runs the case with the solution; the student's child is ended for that, and made anew when it is needed.

    Raises:
        CourseFault: if the solution does not pass, or is not at hand.
    """
    solution = sessions.solution()
    if solution is None:
        raise CourseFault(
            f"{_described(suspicion.error)} (There is no solution here to tell whether the answer is the reason.)"
        ) from suspicion.error
    suspicion.session.close()
    with closing(suspicion.session.with_source(solution)) as session:
        try:
            end = run_case(suspicion.case, MemoizedSession(session), suspicion.seed)
        except CheckRaised as raised:
            raise CourseFault(_described(raised.__cause__)) from raised.__cause__
    if end.status != "passed":
        raise CourseFault(
            f"{_described(suspicion.error)} The solution does not pass this check either: {end.message}"
        ) from suspicion.error


def _described(error: BaseException | None) -> str:
    name, text = type(error).__name__, clean(str(error), _ERROR_LENGTH)
    return f"{name}: {text}" if text else name

"""Runs an exercise's checks on one submission, case by case, and says what came of each check."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import pytest

from .. import language
from ..errors import CourseFault, Fault
from ..language import _
from ..report import CaseResult, CheckResult, CheckStatus, Picture
from .collect import Case, Check
from .explain import common
from .failures import not_loaded
from .memo import CaseEnd, MemoizedSession
from .outcome import Cause, CheckOutcome
from .session import Session, Sessions
from .student import Draw, Student, seed_of

_CHECKS_SECONDS = 300

# the worst of several cases names the check's status
_SEVERITY: Sequence[CheckStatus] = (
    "error",
    "timeout",
    "failed",
    "not_started",
    "not_reached",
    "skipped",
    "passed",
)


@dataclass
class _CaseOutcome:
    device: str | None
    dtype: str | None
    label: str
    status: CheckStatus = "passed"
    message: str = ""
    causes: tuple[Cause, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass
class _CheckRun:
    """A check, and how those of its cases ended that have run so far."""

    check: Check
    seconds: float = 0.0
    cases: list[_CaseOutcome] = field(default_factory=list)

    @property
    def status(self) -> CheckStatus:
        return min((case.status for case in self.cases), key=_SEVERITY.index, default="not_reached")

    def result(self) -> CheckResult:
        status = self.status
        first = next((case for case in self.cases if case.status == status), None)
        worst: dict[tuple[str | None, str | None], CheckStatus] = {}
        for case in self.cases:
            key = case.device, case.dtype
            worst[key] = min(worst.get(key, "passed"), case.status, key=_SEVERITY.index)
        cause = self._cause(status)
        return CheckResult(
            name=self.check.name,
            description=_(self.check.description),
            status=status,
            points=self.check.points,
            score=self.check.points if status == "passed" else 0,
            message=self._message(first) if first and status != "passed" else "",
            cause=cause.text if cause else "",
            seconds=round(self.seconds, 4),
            cases=tuple(CaseResult(*key, status) for key, status in worst.items()),
            cause_id=cause.id if cause else "",
            pictures=first.pictures if first else (),
        )

    def _message(self, first: _CaseOutcome) -> str:
        """The message of the first case that ended so, and which case that is where others ended otherwise."""
        alike = sum(case.status == first.status for case in self.cases)
        if alike == len(self.cases) or first.status == "not_reached" or not first.label:
            return first.message
        which = _("(With {case}; {count} of {total} cases.)")
        which = which.format(case=first.label, count=alike, total=len(self.cases))
        return f"{first.message} {which}"

    def _cause(self, status: CheckStatus) -> Cause | None:
        """The simplest cause that fits every case that ended so; a guess that wavers is kept back."""
        ended = [case.causes for case in self.cases if case.status == status]
        return next(iter(common(ended)), None)


def run_checks(
    checks: Mapping[str, Check],
    sessions: Sessions | None,
    seed: int,
    only: Collection[str] | None = None,
    first_failure: bool = False,
) -> tuple[CheckResult, ...]:
    """Runs the checks in their order.

    Args:
        sessions: where the student's code runs; `None` where there is no file for this exercise.
        seed: of the exercise; each case's own follows from it.
        only: names of the checks that run; others are left out as if they were not there.
        first_failure: leave it at the first case that does not pass.

    Raises:
        Fault: if the checks themselves are at fault, or the sandbox is lost.
    """
    runs = {
        name: _CheckRun(check) for name, check in checks.items() if only is None or name in only
    }
    with _alarm():
        _ExerciseRun(sessions, seed, runs).go(first_failure)
    return tuple(run.result() for run in runs.values())


@dataclass(frozen=True)
class _ExerciseRun:
    """The checks of one exercise on one submission, by name."""

    sessions: Sessions | None
    seed: int
    runs: Mapping[str, _CheckRun]

    def go(self, first_failure: bool) -> None:
        for run in self.runs.values():
            for case in run.check.cases:
                start = time.perf_counter()
                run.cases.append(self._outcome(case, run))
                run.seconds += time.perf_counter() - start
                if first_failure and run.status != "passed":
                    return

    def _outcome(self, case: Case, run: _CheckRun) -> _CaseOutcome:
        outcome = _CaseOutcome(*_described(case))
        try:
            ended = self._end(case, run).outcome
        except CheckOutcome as met:
            ended = met
        except Fault:
            raise
        except Exception as error:
            ended = CheckOutcome("error", _at_fault(error))
        if ended:
            outcome.status, outcome.message = ended.status, ended.message
            outcome.causes, outcome.pictures = ended.causes, ended.pictures
        return outcome

    def _end(self, case: Case, run: _CheckRun) -> CaseEnd:
        """As the case's memo has it, if the student's code answers as the memo has it too."""
        session = MemoizedSession(self._session(case, run))
        seed = seed_of(self.seed, case.name)
        memo = case.memo.under((seed, language.current()))
        end = session.look_up(memo)
        if end is None:
            end = _run_case(case, session, seed)
            session.store(memo, end)
        return end

    def _session(self, case: Case, run: _CheckRun) -> Session:
        """Where a case's probes run.

        Raises:
            CheckOutcome: if it makes no sense to run it.
        """
        if self.sessions is None:
            raise CheckOutcome("not_reached", _("There is no file for this exercise."))
        if self.sessions.main.load_problem:
            raise not_loaded()
        for name in run.check.needs:
            if name in self.runs and self.runs[name].status != "passed":
                first = _(self.runs[name].check.description)
                sentence = _("Not tried, because this comes first: {check}")
                raise CheckOutcome("not_reached", sentence.format(check=first))
        if any(earlier.status == "timeout" for earlier in run.cases):
            raise CheckOutcome("not_reached", _("Not run after an earlier case timed out."))
        return self.sessions.on(case.params.get("device"))


def _run_case(case: Case, session: MemoizedSession, seed: int) -> CaseEnd:
    """Runs a case to its end."""
    arguments = _Arguments(case, session, seed)
    try:
        case.function(**{name: arguments.get(name) for name in case.arguments})
    except CheckOutcome as outcome:
        # a memo is not to hold the frames that it came through, with all their tensors
        outcome.__cause__ = outcome.__context__ = None
        return CaseEnd(outcome.with_traceback(None))
    except (AssertionError, pytest.fail.Exception) as error:
        return CaseEnd(CheckOutcome("failed", str(error)))
    except SystemExit as error:
        raise CourseFault(f"The check {case.name} ends the program.") from error
    except pytest.skip.Exception as error:
        return CaseEnd(CheckOutcome("skipped", str(error)))
    return CaseEnd(None)


def _at_fault(error: Exception) -> str:
    sentence = _(
        "The grader is at fault here, not your code ({error}). Please report it to your instructor."
    )
    return sentence.format(error=f"{type(error).__name__}: {error}")


class _Arguments:
    """What a case's function is called with; each is made once."""

    def __init__(self, case: Case, session: MemoizedSession, seed: int) -> None:
        self._made: dict[str, Any] = dict(case.params)
        self._make: dict[str, Callable[[], Any]] = {
            "student": lambda: Student(session, self.get("device"), seed),
            "elsewhere": lambda: self.get("student"),
            "draw": lambda: Draw(seed, self.get("dtype"), self.get("home")),
        }

    def get(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._make[name]()
        return self._made[name]


def _described(case: Case) -> tuple[str | None, str | None, str]:
    """Device, dtype, and what tells this case from the others of its check."""
    params = dict(case.params)
    device, dtype = params.pop("device", None), params.pop("dtype", None)
    home = params.pop("home", "cpu")
    name = str(dtype).removeprefix("torch.") if dtype else None
    labels = [f"{key} = {value}" for key, value in params.items()] + ([name] if name else [])
    labels += [_("on {device}").format(device=device)] if device not in (None, "cpu") else []
    labels += [_("the reference on {home}").format(home=home)] if home != "cpu" else []
    return device, name, ", ".join(labels)


@contextmanager
def _alarm() -> Iterator[None]:
    """A check that hangs on this side is the course's fault, and is told."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise CourseFault(f"A check did not end within {_CHECKS_SECONDS} s.")

    before = signal.signal(signal.SIGALRM, ring)
    rest, _interval = signal.setitimer(signal.ITIMER_REAL, _CHECKS_SECONDS)
    start = time.monotonic()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if rest:  # somebody else's alarm, pytest-timeout's say
            signal.setitimer(signal.ITIMER_REAL, max(0.001, rest - (time.monotonic() - start)))

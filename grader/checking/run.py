"""Runs the cases of a check file on one submission, and says what came of each check."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from inspect import signature
from types import FrameType
from typing import Any

import pytest

from .. import language
from ..errors import CourseFault
from ..language import _
from ..report import CaseResult, CheckResult, CheckStatus, Picture
from .collect import Case, Check
from .explain import common
from .memo import End, Recorder
from .outcome import Cause, CheckOutcome
from .session import Workbench
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
    check: Check
    seconds: float = 0.0
    cases: list[_CaseOutcome] = field(default_factory=list)

    @property
    def status(self) -> CheckStatus:
        return min((case.status for case in self.cases), key=_SEVERITY.index, default="not_reached")

    def result(self) -> CheckResult:
        status = self.status
        told = next((case for case in self.cases if case.status == status), None)
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
            message=self._message(told) if told and status != "passed" else "",
            cause=cause.text if cause else "",
            seconds=round(self.seconds, 4),
            cases=tuple(CaseResult(*key, status) for key, status in worst.items()),
            cause_id=cause.id if cause else "",
            pictures=told.pictures if told else (),
        )

    def _message(self, told: _CaseOutcome) -> str:
        """The first such case's message, and which case that is where others went otherwise."""
        alike = sum(case.status == told.status for case in self.cases)
        if alike == len(self.cases) or told.status == "not_reached" or not told.label:
            return told.message
        where = _("(With {case}; {count} of {total} cases.)")
        return f"{told.message} {where.format(case=told.label, count=alike, total=len(self.cases))}"

    def _cause(self, status: CheckStatus) -> Cause | None:
        """The simplest cause that fits every case that ended so; a guess that wavers is kept back."""
        ended = [case.causes for case in self.cases if case.status == status]
        return next(iter(common(ended)), None)


def run_checks(
    checks: Mapping[str, Check],
    bench: Workbench | None,
    seed: int,
    gpu: Workbench | None = None,
    only: Collection[str] | None = None,
    first_failure: bool = False,
) -> tuple[CheckResult, ...]:
    """Runs the checks in their order.

    Args:
        bench: the submission's workbench; `None` where there is no file for this exercise.
        seed: of the exercise; each case's own follows from it.
        gpu: the workbench for `cuda`.
        only: names of the checks that run; others are left out as if they were not there.
        first_failure: leave it at the first case that does not pass.

    Raises:
        CourseFault: if the checks themselves are at fault.
    """
    runs: dict[str, _CheckRun] = {
        name: _CheckRun(check) for name, check in checks.items() if only is None or name in only
    }
    with _alarm():
        for run in runs.values():
            for case in run.check.cases:
                start = time.perf_counter()
                run.cases.append(_outcome(case, run, runs, bench, gpu, seed))
                run.seconds += time.perf_counter() - start
                if first_failure and run.status != "passed":
                    return tuple(each.result() for each in runs.values())
    return tuple(each.result() for each in runs.values())


def _outcome(
    case: Case,
    run: _CheckRun,
    runs: Mapping[str, _CheckRun],
    bench: Workbench | None,
    gpu: Workbench | None,
    seed: int,
) -> _CaseOutcome:
    outcome = _CaseOutcome(*_place_of(case))
    try:
        usable = _usable_bench(run, runs, bench)
        device = case.params.get("device")
        place = gpu if device == "cuda" and gpu else usable
        own_seed = seed_of(seed, case.name)
        memory = case.memory.about((own_seed, language.current()))
        recorder = Recorder(place)
        end = recorder.follow(memory)
        if end is None:
            end = _end(case, recorder, own_seed)
            recorder.keep(memory, end)
        if end.outcome:
            raise end.outcome.with_traceback(None)
    except CheckOutcome as told:
        outcome.status, outcome.message = told.status, told.message
        outcome.causes, outcome.pictures = told.causes, told.pictures
    except CourseFault:
        raise
    except Exception as error:
        outcome.status = "error"
        outcome.message = _(
            "The grader is at fault here, not your code ({error}). "
            "Please report it to your instructor."
        ).format(error=f"{type(error).__name__}: {error}")
    return outcome


def _end(case: Case, recorder: Recorder, seed: int) -> End:
    """Runs a case to its end."""
    values = _Values(case, recorder, seed)
    try:
        case.function(**{name: values.get(name) for name in case.arguments})
    except CheckOutcome as told:
        return End(told)
    except AssertionError as error:
        return End(CheckOutcome("failed", str(error)))
    except pytest.skip.Exception as error:
        return End(CheckOutcome("skipped", str(error)))
    return End(None)


def _usable_bench(
    run: _CheckRun, runs: Mapping[str, _CheckRun], bench: Workbench | None
) -> Workbench:
    """The workbench, if it makes sense to go on."""
    if bench is None:
        raise CheckOutcome("not_reached", _("There is no file for this exercise."))
    if bench.load_problem:
        raise CheckOutcome("not_reached", _("The file could not be loaded."))
    for name in run.check.needs:
        if name in runs and runs[name].status != "passed":
            first = _(runs[name].check.description)
            raise CheckOutcome(
                "not_reached", _("Not tried, because this comes first: {check}").format(check=first)
            )
    if any(case.status == "timeout" for case in run.cases):
        raise CheckOutcome("not_reached", _("Not run after an earlier case timed out."))
    return bench


class _Values:
    """What a case's arguments stand for; each is made once."""

    def __init__(self, case: Case, bench: Recorder, seed: int) -> None:
        self._case = case
        self._made: dict[str, Any] = dict(case.params)
        self._make: dict[str, Callable[[], Any]] = {
            "student": lambda: Student(bench, self.get("device"), seed),
            "elsewhere": lambda: self.get("student"),
            "draw": lambda: Draw(seed, self.get("dtype"), self.get("home")),
        }

    def get(self, name: str) -> Any:
        if name not in self._made:
            make = self._make.get(name) or partial(self._own_fixture, name)
            self._made[name] = make()
        return self._made[name]

    def _own_fixture(self, name: str) -> Any:
        function = self._case.fixtures[name]
        return function(
            **{argument: self.get(argument) for argument in signature(function).parameters}
        )


def _place_of(case: Case) -> tuple[str | None, str | None, str]:
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

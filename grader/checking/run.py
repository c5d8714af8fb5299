"""Runs an exercise's checks on one submission, case by case, and says what came of each check."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace

from .. import language
from ..errors import CourseFault
from ..language import _
from ..report import CaseResult, CheckResult, CheckStatus, Difference
from ..sandbox import Message
from ..text import clean
from .alarm import alarm
from .case_run import expect_steady, run_case
from .collect import Case, Check
from .evidence import WRONG, Solution, Suspicion, expect_solved, suspected
from .explain import FOLLOWS, common
from .failures import not_loaded
from .memo import MemoizedSession
from .no_return import with_no_return
from .outcome import CaseEnd, Cause, CheckOutcome, CheckRaised
from .raised import seen_in
from .rounds import HALVES
from .rules import Sighting
from .session import Request, Session
from .sessions import Sessions
from .student import seed_of

_MOST = 0.75  # of the cases that fail: a cause that is told fits in so many
_PRINTED = 500  # characters of what a student's code prints that are shown with a check
_INEXACT = [str(dtype).removeprefix("torch.") for dtype in HALVES]
# the worst of several cases names the check's status
_SEVERITY: Sequence[CheckStatus] = (
    "timeout",
    "failed",
    "not_started",
    "not_reached",
    "skipped",
    "passed",
)


@dataclass(frozen=True)
class _CaseOutcome:
    """How a case ended, and what tells it from the others of its check."""

    device: str | None
    dtype: str | None
    label: str
    end: CaseEnd
    printed: str = ""
    asked: Request | None = None  # last; kept where the case is wrong

    @property
    def status(self) -> CheckStatus:
        return self.end.status


@dataclass
class _CheckRun:
    """A check, and how those of its cases ended that have run so far."""

    check: Check
    seconds: float = 0.0
    cases: list[_CaseOutcome] = field(default_factory=list)

    @property
    def status(self) -> CheckStatus:
        return min((case.status for case in self.cases), key=_SEVERITY.index, default="not_reached")

    @property
    def told(self) -> _CaseOutcome | None:
        """The case that is told of: the first that ended as the check did."""
        return next((case for case in self.cases if case.status == self.status), None)

    @property
    def answers_rightly(self) -> bool:
        """Whether what comes after it can be judged."""
        return bool(self.cases) and all(
            case.status == "passed" or case.end.only_manners for case in self.cases
        )

    def result(self) -> CheckResult:
        status, first = self.status, self.told
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
            pictures=first.end.pictures if first else (),
            place=first.end.place if first else "",
            detail=first.end.detail if first else "",
            printed=first.printed if first else "",
        )

    @property
    def mistake(self) -> str:
        """Equal for checks for which one line raised the same."""
        return next((case.end.mistake for case in self.cases if case.status == self.status), "")

    def _message(self, first: _CaseOutcome) -> str:
        """The message of the first case that ended so, and which case that is where others ended otherwise."""
        alike = sum(case.status == first.status for case in self.cases)
        if alike == len(self.cases) or first.status == "not_reached" or not first.label:
            return first.end.message
        which = _("(With {case}; {count} of {total} cases.)")
        which = which.format(case=first.label, count=alike, total=len(self.cases))
        return f"{first.end.message} {which}"

    def _cause(self, status: CheckStatus) -> Cause | None:
        """A cause of the case that is told of: what its exception means, or what fits three in four of those that fail.

        An exception hides what the numbers would show, and so does the rounding of float16 and bfloat16: such cases
        have no say in causes that numbers show, where there are others.
        """
        ended = [case for case in self.cases if case.status == status]
        exact = [case for case in ended if case.dtype not in _INEXACT]
        causes = [case.end.causes for case in exact or ended]
        if not causes:
            return None
        meant = next((cause for cause in causes[0] if cause.is_meaning), None)
        silent = [each for each in causes if not any(cause.is_meaning for cause in each)]
        return meant or next(iter(common(silent, _MOST)), None)


@dataclass(frozen=True)
class ChecksRun:
    """What came of the checks, by their numbers, and what was seen to break a rule meanwhile.

    Attributes:
        mistakes: the name of a check → equal for checks for which one line raised the same; empty where none did.
        asked: the name of a check that is wrong → what the case of it that is told of asked last.
        differences: likewise → where its result differs from the reference, if that is the reason.
    """

    checks: tuple[CheckResult, ...]
    sightings: tuple[Sighting, ...] = ()
    mistakes: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, Request] = field(default_factory=dict)
    differences: Mapping[str, Difference] = field(default_factory=dict)


def run_checks(
    checks: Mapping[str, Check],
    sessions: Sessions | None,
    seed: int,
    first_failure: bool = False,
    rounded: bool = False,
    kept_back: Collection[str] = (),
) -> ChecksRun:
    """Runs the checks in their order.

    Args:
        sessions: where the student's code runs; `None` where there is no file for this exercise.
        seed: of the exercise; each case's own follows from it.
        first_failure: leave it at the first case that is wrong.
        rounded: draw numbers that a person reads more easily.
        kept_back: the names of checks that students are not to see. What they ask could stand in what is told of later
            ones, if the student's code kept it; so the next check that is shown has another child.

    Raises:
        Fault: if the checks themselves are at fault, or the sandbox is lost.
    """
    runs = {name: _CheckRun(check) for name, check in checks.items()}
    sightings: list[Sighting] = []
    if sessions is None:
        for run in runs.values():
            run.cases += [_outcome(case, _no_file()) for case in run.check.cases]
    else:
        exercise = _ExerciseRun(sessions, seed, runs, rounded, kept_back)
        exercise.go(first_failure)
        sightings = exercise.sightings
    mistakes = {name: run.mistake for name, run in runs.items()}
    told = {name: run.told for name, run in runs.items() if run.status in WRONG}
    asked = {name: case.asked for name, case in told.items() if case and case.asked}
    differences = {
        name: case.end.difference for name, case in told.items() if case and case.end.difference
    }
    results = tuple(run.result() for run in runs.values())
    return ChecksRun(results, tuple(sightings), mistakes, asked, differences)


@dataclass
class _ExerciseRun:
    """The checks of one exercise on one submission, by name.

    Attributes:
        current: the name of the check that runs.
        suspicions: the cases whose check raised, and of each check that fails the case that is told of. They are looked
            into when all others are over, so that the student's child need not be made anew for each of them.
        sightings: what was seen to break a rule.
        last_cases: a session and the name of a probe → the check and the case that ran it last.
        charged: what was not left as it was, by its cause → the first check that showed it, which alone loses by it.
    """

    sessions: Sessions
    seed: int
    runs: Mapping[str, _CheckRun]
    rounded: bool = False
    kept_back: Collection[str] = ()
    current: str = ""
    suspicions: list[Suspicion] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    last_cases: dict[tuple[Session, str], tuple[str, Case]] = field(default_factory=dict)
    charged: dict[str, str] = field(default_factory=dict)

    def go(self, first_failure: bool) -> None:
        try:
            # what a check prints is for its author, and would stand in the midst of a report
            with (
                redirect_stdout(sys.stderr),
                alarm(self.sessions),
                Solution(self.sessions) as solution,
            ):
                self._run_all(first_failure)
                self._ask_again()
                if not first_failure:  # who asks for no more than that does not go by what is told
                    self._suspect_failures()
                for suspicion in self.suspicions:
                    self.current = suspicion.check
                    self._look_into(suspicion, solution)
        except CourseFault as fault:
            fault.check = fault.check or self.current
            raise

    def _run_all(self, first_failure: bool) -> None:
        before = ""
        for name, run in self.runs.items():
            self.current = name
            self.sessions.begin_check(anew=before in self.kept_back and name not in self.kept_back)
            before = name
            for case in run.check.cases:
                start = time.perf_counter()
                session = self.sessions.on(case.params.get("device"))
                session.printed = ""
                end, asked = self._end(case, run)
                printed = clean(session.printed.rstrip(), _PRINTED)
                run.cases.append(_outcome(case, end, printed, asked))
                run.seconds += time.perf_counter() - start
                if first_failure and run.status in WRONG:
                    return

    def _end(self, case: Case, run: _CheckRun) -> tuple[CaseEnd, Request | None]:
        """How a case ends, and what it asked last."""
        if reason := self._why_not(run):
            return reason, None
        session = self.sessions.on(case.params.get("device"))
        memoized = MemoizedSession(session)
        try:
            end = self._end_in(session, memoized, case)
            if end.status != "passed":
                end = self._named(end, session, memoized, run.check)
                end = self._of_an_earlier(end, run.check)
            else:
                end = self._impolite_end(memoized) or end
        except CheckOutcome as outcome:  # a look-up that met no answer
            end = self._named(outcome.end, session, memoized, run.check)
        finally:
            for request, answer in memoized.answered:
                self.last_cases[session, request.probe.name] = self.current, case
                self._note_seen(request, answer, self.current, case)
        return end, memoized.asked

    def _named(
        self, end: CaseEnd, session: Session, memoized: MemoizedSession, check: Check
    ) -> CaseEnd:
        """The end with the function that has no `return`, where that is the reason; no memo keeps that."""
        solution = self.sessions.solution() if end.status == "failed" else None
        if solution is None or memoized.asked is None:
            return end
        probe = memoized.asked.probe
        asked = {*probe.attributes, *memoized.asked.texts, *re.findall(r"\w+", check.description)}
        return with_no_return(end, session.programs, solution.programs, asked)

    def _of_an_earlier(self, end: CaseEnd, check: Check) -> CaseEnd:
        """The end with the check before it that is not right, where one is of what this one works with."""
        for name in check.follows if end.status == "failed" else ():
            if name in self.runs and not self.runs[name].answers_rightly:
                first = FOLLOWS.of(check=_(self.runs[name].check.description))
                return replace(end, causes=(first,))
        return end

    def _impolite_end(self, memoized: MemoizedSession) -> CaseEnd | None:
        """How a case ends whose answers are right, if a call in it did not leave something as it was."""
        broken = memoized.impolite()
        if broken and self.charged.setdefault(broken.causes[0].id, self.current) == self.current:
            return replace(broken.end, only_manners=True)
        return None

    def _ask_again(self) -> None:
        """Has the last run of each probe that is watched traced as well."""
        for session in filter(None, (self.sessions.main, self.sessions.cuda)):
            for request, answer in session.ask_again():
                self._note_seen(request, answer, *self.last_cases[session, request.probe.name])

    def _note_seen(self, request: Request, answer: Message, check: str, case: Case) -> None:
        for rule, name in seen_in(answer):
            called = request.probe.called | request.texts
            self.sightings.append(Sighting(check, *_device_and_dtype(case), called, rule, name))

    def _end_in(self, session: Session, memoized: MemoizedSession, case: Case) -> CaseEnd:
        """As the case's memo has it, if the student's code answers as the memo has it too."""
        seed = seed_of(self.seed, case.name)
        memo = case.memo.under((seed, language.current(), self.rounded))
        end = memoized.look_up(memo)
        if end is not None:
            return end
        try:
            end = run_case(case, memoized, seed, self.rounded)
        except CheckRaised as raised:
            error = raised.__cause__ or raised
            end = suspected(error)
            if not memo.solved:
                doubt = Suspicion(self.current, case, session, memo, seed, error)
                self.suspicions.append(doubt)
            return end
        if memoized.answered and not memo.steady:
            expect_steady(case, session, memoized, seed, self.rounded)
            memo.steady = True
        memoized.store(memo, end)
        return end

    def _suspect_failures(self) -> None:
        """One case a check is enough: the failure is deserved if that one is."""
        for name, run in self.runs.items():
            if run.status in WRONG:
                told = [outcome.status for outcome in run.cases].index(run.status)
                case = run.check.cases[told]
                session = self.sessions.on(case.params.get("device"))
                seed = seed_of(self.seed, case.name)
                memo = case.memo.under((seed, language.current(), self.rounded))
                self.suspicions.append(Suspicion(name, case, session, memo, seed))

    def _look_into(self, suspicion: Suspicion, solution: Solution) -> None:
        if not suspicion.memo.solved:
            expect_solved(suspicion, solution)
            suspicion.memo.solved = True

    def _why_not(self, run: _CheckRun) -> CaseEnd | None:
        """How a case ends that it makes no sense to run; `None` where it is to be run."""
        if self.sessions.main.load_problem:
            return not_loaded().end
        for name in run.check.needs:
            if name in self.runs and not self.runs[name].answers_rightly:
                first = _(self.runs[name].check.description)
                sentence = _("Not tried, because this comes first: {check}")
                return CaseEnd("not_reached", sentence.format(check=first))
        if any(earlier.status == "timeout" for earlier in run.cases):
            return CaseEnd("not_reached", _("Not run after an earlier case timed out."))
        return None


def _no_file() -> CaseEnd:
    return CaseEnd("not_reached", _("There is no file for this exercise."))


def _outcome(
    case: Case, end: CaseEnd, printed: str = "", asked: Request | None = None
) -> _CaseOutcome:
    """Device, dtype, and what tells this case from the others of its check, beside how it ended."""
    device, name = _device_and_dtype(case)
    apart = "device", "dtype", "home", "round"
    params = {key: value for key, value in case.params.items() if key not in apart}
    home = case.params.get("home", "cpu")
    labels = [end.drawn] if end.drawn else []
    labels += [f"{key} = {value}" for key, value in params.items()] + ([name] if name else [])
    labels += [_("on {device}").format(device=device)] if device not in (None, "cpu") else []
    labels += [_("the reference on {home}").format(home=home)] if home != "cpu" else []
    asked = asked if end.status in WRONG else None
    return _CaseOutcome(device, name, ", ".join(labels), end, printed, asked)


def _device_and_dtype(case: Case) -> tuple[str | None, str | None]:
    """Both as a report has them."""
    dtype = case.params.get("dtype")
    return case.params.get("device"), str(dtype).removeprefix("torch.") if dtype else None

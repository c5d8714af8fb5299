"""Runs an exercise's checks on one submission, case by case, and says what came of each check."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Collection, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace

from .. import language
from ..errors import CourseFault
from ..language import _
from ..report import CheckResult, Difference
from ..sandbox import Message
from ..text import clean
from .alarm import alarm
from .case_run import expect_steady, run_case
from .check_run import CheckRun, device_and_dtype, outcome_of
from .collect import Case, Check
from .evidence import WRONG, Solution, Suspicion, expect_solved, suspected
from .memo import MemoizedSession
from .outcome import CaseEnd, CheckOutcome, CheckRaised
from .rules import Sighting
from .session import Request, Session
from .sessions import Sessions
from .student import seed_of
from .telling.explain import FOLLOWS, INFINITY, NAN
from .telling.failures import not_loaded
from .telling.first_not_finite import not_finite_from
from .telling.no_return import with_no_return
from .telling.raised import seen_in

_PRINTED = 500  # characters of what a student's code prints that are shown with a check


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
    runs = {name: CheckRun(check) for name, check in checks.items()}
    sightings: list[Sighting] = []
    if sessions is None:
        for run in runs.values():
            run.cases += [outcome_of(case, _no_file()) for case in run.check.cases]
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
    runs: Mapping[str, CheckRun]
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
                    self._look_for_the_first_not_finite()
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
                run.cases.append(outcome_of(case, end, printed, asked))
                run.seconds += time.perf_counter() - start
                if first_failure and run.status in WRONG:
                    return

    def _end(self, case: Case, run: CheckRun) -> tuple[CaseEnd, Request | None]:
        """How a case ends, and what it asked last."""
        if reason := self._why_not(run):
            return reason, None
        session = self.sessions.on(case.params.get("device"))
        memoized = MemoizedSession(session)
        try:
            end = self._end_in(session, memoized, case)
            if end.status == "passed":
                end = self._impolite_end(memoized) or end
        except CheckOutcome as outcome:  # a look-up that met no answer
            end = outcome.end
        finally:
            for request, answer in memoized.answered:
                self.last_cases[session, request.probe.name] = self.current, case
                self._note_seen(request, answer, self.current, case)
        if not end.only_manners:
            end = self._named(end, session, memoized, run.check)
            end = self._of_an_earlier(end, run.check)
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
            self.sightings.append(Sighting(check, *device_and_dtype(case), called, rule, name))

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

    def _look_for_the_first_not_finite(self) -> None:
        """On the CPU alone, where no operator goes another way."""
        for run in self.runs.values():
            cause, told = run.cause, run.told
            if cause in (NAN, INFINITY) and told and told.asked and told.asked.device == "cpu":
                run.looked_up = not_finite_from(self.sessions.main, told.asked)

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

    def _why_not(self, run: CheckRun) -> CaseEnd | None:
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

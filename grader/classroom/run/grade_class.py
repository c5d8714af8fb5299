"""Grades a class: what lies in a folder, into a gradebook, by workers."""

from __future__ import annotations

import secrets
import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from traceback import format_exc
from typing import Any, Self

from ...course.assignment import AssignedCourse
from ...course.catalog import Course, load_course
from ...errors import CourseFault, LayoutError, WorkersError
from ...machines import cores, limits_of
from ...sandbox import Limits
from ...submission import Submission
from ...submission.protected import Announced, announced_in, changed_files, disagreement
from ..gradebook.changes import completed, refuse_changes
from ..gradebook.enrolment import await_results, enrol, listed_students, removed_students
from ..gradebook.late import late_days
from ..gradebook.made_with import MadeWith
from ..gradebook.reader import NOTHING_HANDED_IN, Gradebook
from ..gradebook.settings import GradebookSettings, write_max_scores, write_settings
from ..gradebook.writer import GradebookWriter, ReceivedHandIn
from ..handin.choice import ChosenHandIn, choose, knows, require_known
from ..handin.contents import exercises_in, holds_work
from ..handin.hand_in import HandIn
from ..handin.layouts import find_hand_ins
from ..handin.oddities import Oddity
from ..handin.read import Submitted, digest_of, has_repository, read_hand_in
from ..handin.roster import RosterEntry
from .pool import Workers, local_workers
from .trouble import Trouble, told, trouble_of
from .worker import GradingOutcome, Task, checks_digest, course_name, normalized_devices, versions

_TRIES = 3  # of what is lost with a process each time
READ_AHEAD = 16  # submissions that are written down in one transaction


@dataclass
class Progress:
    """What `grade_class` tells while it works, in the caller's own thread.

    Attributes:
        total: is given the number of students once, before the first is graded.
        done: is given each student's identifier.
    """

    total: Callable[[int], None] = lambda students: None
    done: Callable[[str], None] = lambda student: None


@dataclass(frozen=True)
class GradingConditions:
    """What results depend on, besides what was handed in and the course.

    Attributes:
        seed: of the inputs; by default each call draws one, which the reports then name. It is one for all, so that
            inputs and references are worked out once for a class, and nobody could know it before.
        limits: on the student's code; by default the course's.
        devices: where to run it beside the CPU; none named stands for those that every machine has, and one that is
            named and not there ends the call.
    """

    seed: int | None = None
    limits: Limits | None = None
    devices: Sequence[str] = ()


@dataclass
class RunSummary:
    """What a run did.

    Attributes:
        handed_in: students of whom something lay in the folder.
        graded: results that are new.
        graded_before: results that were there already.
        unreadable: student → why there was nothing to grade in it.
        oddities: student → what is odd about the files.
        left_out: files of a class's archive that could not be unpacked, each with the reason.
        faults: student → why there is no verdict, through no fault of the student.
        removed: who was taken out by hand, and has something in the folder all the same.
    """

    handed_in: int = 0
    graded: int = 0
    graded_before: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)
    oddities: dict[str, tuple[Oddity, ...]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    faults: dict[str, tuple[Trouble, ...]] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)


def grade_class(
    submissions: str | Path,
    gradebook: Gradebook,
    settings: GradebookSettings | None = None,
    conditions: GradingConditions | None = None,
    *,
    course: Course | None = None,
    assigned: AssignedCourse | None = None,
    protected: Mapping[str, str] | None = None,
    roster: Sequence[RosterEntry] | None = None,
    collected: str = "",
    workers: Workers | None = None,
    force: bool = False,
    change: bool = False,
    progress: Progress | None = None,
) -> RunSummary:
    """Grades what lies in `submissions` into `gradebook`; called again, it goes on where it was stopped.

    A student of whom nothing lies there keeps what stands in the gradebook.

    Args:
        settings: what the gradebook is of. What is not given is taken from the assignment, else it stays as the
            gradebook says; a new one is of the exercises that were handed in, and named after the folder.
        conditions: how it is graded.
        course: by default the built-in one.
        assigned: an assignment laid on its course, for the instructor; it brings the course.
        protected: digests of the files that the release gave out; what differs is noted.
        roster: the students, in their order; without one, the gradebook's, and whoever has handed something in.
        collected: which of nbgrader's assignments is graded, where students have handed in several.
        workers: by default a process for each core of this machine.
        force: grade again what was graded before.
        change: whether it is meant where the call differs from what the gradebook was made with.

    Raises:
        ChangeError: if it differs, and `change` is not given.
        LayoutError: if there is nothing to grade in `submissions`, or nobody who handed in is on the roster.
        GradebookError: if the gradebook cannot be written.
        WorkersError: if the workers cannot be used.
        CourseFault: if a check fails before there is any submission.
    """
    course = assigned.course if assigned else course or load_course()
    conditions = conditions or GradingConditions()
    settings = completed(settings or GradebookSettings(), gradebook, assigned)
    conditions = _with_devices(conditions, gradebook)
    devices = normalized_devices(conditions.devices)
    if not change:
        made_with = MadeWith.of(course, assigned, settings.exercises, devices)
        refuse_changes(gradebook, settings, made_with)
    for name in settings.exercises:
        if name not in course.names:
            raise LayoutError(f"There is no exercise {name!r} in the course {course.title!r}.")
    folder = Path(submissions)
    students = listed_students(gradebook, roster)
    names = settings.exercises or course.names
    hand_ins = find_hand_ins(folder, names, knows(students), collected)
    if not shutil.which("git") and any(has_repository(each.path) for each in hand_ins):
        raise LayoutError("There are repositories among the submissions, and git is not installed.")
    policy = settings.policy or gradebook.policy
    until = policy.closes(settings.deadline)
    wanted = settings.exercises or exercises_in(hand_ins, course, until)
    in_order = tuple(name for name in course.names if name in wanted)
    holds = partial(holds_work, course=course, exercises=in_order, until=until)
    chosen, new = choose(hand_ins, students, holds)
    require_known(chosen, new, students, bool(roster) or gradebook.has_roster)
    title = settings.title or collected or folder.resolve().name
    made_with = MadeWith.of(course, assigned, in_order, devices)
    write_settings(gradebook, replace(settings, title=title, exercises=in_order), made_with)
    enrol(gradebook, roster, new)
    gone = removed_students(gradebook) & chosen.keys()
    chosen = {student: mine for student, mine in chosen.items() if student not in gone}
    await_results(gradebook, chosen)
    rules = _Rules(course, assigned, protected or {}, conditions, force)
    workers = workers or local_workers(cores(), course, conditions.limits, conditions.devices)
    summary = _Run(gradebook, rules, chosen, progress or Progress()).grade(workers)
    summary.removed = sorted(gone)
    return summary


def _with_devices(conditions: GradingConditions, gradebook: Gradebook) -> GradingConditions:
    """The conditions, with the devices that the gradebook was made with where none is named."""
    kept = gradebook.made_with.devices if gradebook.made_with else ()
    return replace(conditions, devices=conditions.devices or kept)


@dataclass(frozen=True)
class _Rules:
    """How a class is graded."""

    course: Course
    assigned: AssignedCourse | None
    protected: Mapping[str, str]
    conditions: GradingConditions
    force: bool

    def blank_task(self, exercises: tuple[str, ...]) -> Task:
        """A task with nothing handed in; every student's is this one with a submission."""
        assignment = str(self.assigned.assignment.path.resolve()) if self.assigned else None
        seed = self.conditions.seed
        return Task(
            submission=Submission("", {}, exercises),
            exercises=exercises,
            course=course_name(self.course),
            checks=checks_digest(self.course, exercises, assignment),
            versions=versions(),
            seed=secrets.randbits(48) if seed is None else seed,
            limits=self.conditions.limits or limits_of(self.course),
            assignment=assignment,
            devices=normalized_devices(self.conditions.devices),
        )


def _result_conditions(blank: Task, seed: int | None) -> dict[str, Any]:
    """What a result depends on besides the text, as the gradebook keeps it; a drawn seed is no condition."""
    conditions = {
        "exercises": list(blank.exercises),
        "checks": blank.checks,
        "versions": blank.versions,
        "seed": seed,
        "limits": asdict(blank.limits),
    }
    if blank.devices:  # results that were stored without it are of the usual ones
        conditions["devices"] = list(blank.devices)
    return conditions


@dataclass(frozen=True)
class _ResultKey:
    """What an outcome is of: the student, and the result's key and digest in the gradebook."""

    student: str
    key: str
    digest: str


_Wanted = tuple[_ResultKey | None, Task]


class _Tasks:
    """The tasks of a run, and after them those that are tried again. An iterator that may go on after its end."""

    def __init__(self, source: Iterator[_Wanted]) -> None:
        self._source = source
        self._given: dict[_ResultKey | None, Task] = {}
        self._again: deque[_Wanted] = deque()
        self._tries: Counter[_ResultKey | None] = Counter()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _Wanted:
        wanted = next(self._source, None)
        if wanted is None:
            if not self._again:
                raise StopIteration
            wanted = self._again.popleft()
        self._given[wanted[0]] = wanted[1]
        return wanted

    def takes_back(self, key: _ResultKey | None, outcome: GradingOutcome) -> bool:
        """Whether an outcome's task is tried again: one that was lost with a process is; a check would fail again."""
        task = self._given.pop(key)
        self._tries[key] += 1
        if self._tries[key] == _TRIES or all(each.kind != "lost" for each in outcome.troubles):
            return False
        self._again.append((key, task))
        return True


class _Run:
    """One call of `grade_class`, once it is clear who handed in what."""

    def __init__(
        self,
        gradebook: Gradebook,
        rules: _Rules,
        chosen: Mapping[str, ChosenHandIn],
        progress: Progress,
    ) -> None:
        self._gradebook = gradebook
        self._rules = rules
        self._chosen = chosen
        self._progress = progress
        self._announced: dict[str, Announced] = {}
        self._unread: dict[str, Trouble] = {}
        self._summary = RunSummary(handed_in=len(chosen))
        self._blank = rules.blank_task(gradebook.exercises)
        self._conditions = _result_conditions(self._blank, rules.conditions.seed)
        self._writer = GradebookWriter.begin(gradebook, self._conditions, rules.force)

    def grade(self, workers: Workers) -> RunSummary:
        self._progress.total(len(self._chosen))
        tasks = _Tasks(self._tasks())
        for key, outcome in workers.run(tasks):
            if tasks.takes_back(key, outcome):
                continue
            if key is None:
                self._write_max_scores(outcome)
                continue
            self._store(key, outcome)
            self._progress.done(key.student)
        self._compare_with_ci()
        self._writer.finish()
        return self._summary

    def _store(self, key: _ResultKey, outcome: GradingOutcome) -> None:
        if outcome.report is None or outcome.troubles:
            self._in_trouble(key.student, key.key, outcome.troubles)
            return
        self._writer.store_result(key.student, key.key, key.digest, outcome.report, outcome.seconds)
        self._summary.graded += 1

    def _in_trouble(self, student: str, key: str, troubles: tuple[Trouble, ...]) -> None:
        self._writer.store_fault(student, key, told(troubles))
        self._summary.faults[student] = troubles

    def _tasks(self) -> Iterator[tuple[_ResultKey | None, Task]]:
        """What is to be graded; reads each submission when its turn comes, and writes down that it was handed in."""
        if self._gradebook.max_scores_by != self._blank.checks:
            # a submission without anything in it tells what can be reached, and that the checks can be used
            yield None, self._blank
        deadlines = self._gradebook.deadlines()
        students = [each.id for each in self._gradebook.students() if each.id in self._chosen]
        for start in range(0, len(students), READ_AHEAD):
            some = students[start : start + READ_AHEAD]
            several = [self._received(student, deadlines.get(student)) for student in some]
            for received, wanted in zip(several, self._writer.receive(several), strict=True):
                student, submitted = received.student, received.submitted
                if wanted:
                    submission = submitted.submission(student, self._gradebook.exercises)
                    task = replace(self._blank, submission=submission)
                    yield _ResultKey(student, received.result_key, submitted.digest), task
                    continue
                if received.result_key:
                    self._summary.graded_before += 1
                elif student in self._unread:
                    self._in_trouble(student, "", (self._unread[student],))
                elif submitted.untouched:
                    self._summary.handed_in -= 1
                else:
                    self._summary.unreadable[student] = submitted.problem
                self._progress.done(student)

    def _received(self, student: str, own_deadline: datetime | None) -> ReceivedHandIn:
        deadline = own_deadline or self._gradebook.deadline
        submitted = self._read(student, self._chosen[student], deadline)
        digest = submitted.digest
        key = digest_of(self._conditions | {"digest": digest}) if digest else ""
        return ReceivedHandIn(student, submitted, deadline, key)

    def _read(self, student: str, mine: ChosenHandIn, deadline: datetime | None) -> Submitted:
        hand_in, until = mine.hand_in, self._gradebook.policy.closes(deadline)
        exercises = self._gradebook.exercises
        try:
            submitted = read_hand_in(hand_in, self._rules.course, exercises, until)
            notes = [*submitted.notes, *mine.notes, *self._looked_at(student, hand_in.path)]
        except Exception as error:  # one submission's trouble never stops the rest
            self._unread[student] = trouble_of(f"It cannot be read: {error}", format_exc())
            return Submitted({}, when=hand_in.when)
        if submitted.untouched:
            nothing = replace(submitted, sources={}, problem=NOTHING_HANDED_IN, when=None)
            return replace(nothing, notes=tuple(notes))
        if submitted.oddities:
            self._summary.oddities[student] = submitted.oddities
        notes += _late_notes(hand_in, submitted.when, deadline)
        return replace(submitted, notes=tuple(notes))

    def _looked_at(self, student: str, folder: Path) -> Iterator[str]:
        """Notes of what else lies in a folder; what CI announced there is kept for later."""
        if not folder.is_dir():
            return
        if self._rules.protected:
            yield from changed_files(self._rules.protected, folder)
        if announced := announced_in(folder):
            self._announced[student] = announced

    def _compare_with_ci(self) -> None:
        """Notes where CI announced other points than this grading gives, without the checks that are kept back."""
        for student, announced in self._announced.items():
            report = self._gradebook.record(student).report
            if report and (assigned := self._rules.assigned):
                report = assigned.assignment.on(self._rules.course).apply(report)
            if report and (note := disagreement(announced, report)):
                self._writer.add_note(student, note)

    def _write_max_scores(self, outcome: GradingOutcome) -> None:
        if outcome.report is None or outcome.troubles:
            by_course = any(each.kind == "course" for each in outcome.troubles)
            why = f"Nothing can be graded. {told(outcome.troubles)}"
            raise CourseFault(why) if by_course else WorkersError(why)
        max_scores = {each.name: each.max_score for each in outcome.report.exercises}
        write_max_scores(self._gradebook, max_scores, self._blank.checks)


def _late_notes(hand_in: HandIn, when: datetime | None, deadline: datetime | None) -> Iterator[str]:
    if late := late_days(when, deadline):
        yield f"Handed in {late} day{'s' if late > 1 else ''} after the deadline."
    elif hand_in.late and when is None:
        yield "It was marked as late where it was handed in, which does not say by how much."

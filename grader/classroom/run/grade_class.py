"""Grades a class: what lies in a folder, into a gradebook, by workers."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ...course.assignment import AssignedCourse
from ...course.catalog import Course, load_course
from ...errors import LayoutError, WorkersError
from ...machines import limits_of
from ...sandbox import Limits
from ...submission import Submission
from ...submission.protected import Announced, announced_in, changed_files, disagreement
from ...text import clean
from ..gradebook.late import LatePolicy, late_days
from ..gradebook.reader import Gradebook
from ..gradebook.writer import Ledger, Receipt, enrol, set_possible, write_settings
from ..handin.layouts import HandIn, find_hand_ins
from ..handin.read import Submitted, digest_of, has_repository, read_hand_in
from ..handin.roster import ID_LENGTH, Matcher, RosterEntry
from ..records import Enrolled
from .pool import Workers, default_jobs, local_workers
from .worker import GradingOutcome, Task, checks_digest, course_name, in_order, versions

READ_AHEAD = 16  # submissions that are written down in one transaction


@dataclass
class Progress:
    """What `grade_class` tells while it works, in the caller's own thread."""

    total: Callable[[int], None] = lambda students: None
    done: Callable[[str], None] = lambda student: None


@dataclass
class RunSummary:
    """What a run did.

    Attributes:
        handed_in: students of whom something lay in the folder.
        graded: results that are new.
        before: results that were there already.
        unreadable: student → why there was nothing to grade in it.
        troubled: student → why grading failed, through no fault of the student.
    """

    handed_in: int = 0
    graded: int = 0
    before: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)
    troubled: dict[str, str] = field(default_factory=dict)


def grade_class(
    submissions: str | Path,
    gradebook: Gradebook,
    *,
    exercises: Sequence[str] = (),
    course: Course | None = None,
    assigned: AssignedCourse | None = None,
    protected: Mapping[str, str] | None = None,
    roster: Sequence[RosterEntry] | None = None,
    deadline: datetime | None = None,
    policy: LatePolicy | None = None,
    title: str = "",
    workers: Workers | None = None,
    force: bool = False,
    seed: int | None = None,
    limits: Limits | None = None,
    devices: Sequence[str] = (),
    progress: Progress | None = None,
) -> RunSummary:
    """Grades what lies in `submissions` into `gradebook`; called again, it goes on where it was stopped.

    A student of whom nothing lies there keeps what stands in the gradebook.

    Args:
        exercises: what is graded; by default what the gradebook says, and in a new one what was handed in.
        assigned: an assignment laid on its course, for the instructor: it brings course, exercises, deadline and
            late policy, where these are not given.
        protected: digests of the files that the release gave out; what differs is noted.
        roster: the students, in their order; without one, the gradebook's, and whoever has handed something in.
        deadline: the class's; by default the gradebook's.
        policy: what a day late costs; by default the gradebook's.
        workers: by default a process for each core of this machine.
        force: grade again what was graded before.
        seed: of the inputs; by default each call draws one, which the reports then name. It is one for all, so that
            inputs and references are worked out once for a class, and nobody could know it before.
        limits: on the student's code; by default the course's.
        devices: where to run it beside the CPU; none named stands for those that every machine has, and one that is
            named and not there ends the call.

    Raises:
        LayoutError: if there is nothing to grade in `submissions`.
        GradebookError: if the gradebook cannot be written.
        WorkersError: if the workers cannot be used.
    """
    course = assigned.course if assigned else course or load_course()
    if assigned:
        exercises = exercises or assigned.names
        deadline = deadline or assigned.assignment.deadline
        policy = policy or LatePolicy(**asdict(assigned.assignment.late))
    for name in exercises:
        if name not in course.names:
            raise LayoutError(f"There is no exercise {name!r} in the course {course.title!r}.")
    policy_now = policy or gradebook.policy
    deadline = deadline or gradebook.deadline
    wanted = tuple(exercises) or gradebook.exercises
    handed = find_hand_ins(Path(submissions), wanted or course.names)
    if not shutil.which("git") and any(has_repository(each.path) for each in handed):
        raise LayoutError("There are repositories among the submissions, and git is not installed.")
    wanted = wanted or _found(handed, course, policy_now.closes(deadline))
    write_settings(
        gradebook,
        title=title or gradebook.title or Path(submissions).resolve().name,
        exercises=[name for name in course.names if name in wanted],
        deadline=deadline,
        policy=policy,
    )
    chosen, new = _choose(handed, [entry.student for entry in roster or ()] or gradebook.students())
    enrol(gradebook, roster, new)
    conditions = _Conditions(
        course,
        assigned,
        protected or {},
        force,
        seed,
        limits or limits_of(course),
        in_order(devices),
    )
    job = _Job(gradebook, conditions, chosen, progress or Progress())
    return job.run(workers or local_workers(default_jobs(), course, limits, devices))


def _found(handed: Sequence[HandIn], course: Course, until: datetime | None) -> tuple[str, ...]:
    """The exercises that at least one student has handed in."""
    found: set[str] = set()
    for each in handed:
        found.update(read_hand_in(each, course, course.names, until).sources)
    if not found:
        raise LayoutError(
            f"None of the {len(handed)} submissions holds an exercise of the course {course.title!r}, "
            f"such as {course.names[0]}.py. `--course` names another course."
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Chosen:
    handed: HandIn
    notes: tuple[str, ...] = ()


def _choose(
    handed: Iterable[HandIn], students: Sequence[Enrolled]
) -> tuple[dict[str, _Chosen], list[Enrolled]]:
    """What each student has handed in, by identifier; and the students who were not known yet."""
    matcher = Matcher(students)
    of_student: dict[str, list[HandIn]] = {}
    new: dict[str, Enrolled] = {}
    for each in handed:
        student = matcher.find(each.aliases)
        if student is None:
            student = clean(each.aliases[0], ID_LENGTH - 50)
            name, email = clean(each.name), clean(each.email)
            new.setdefault(student, Enrolled(id=student, name=name, email=email))
        of_student.setdefault(student, []).append(each)
    chosen = {}
    for student, several in of_student.items():
        # the latest, where times are known; else the last by name
        several.sort(key=lambda each: (each.when.timestamp() if each.when else 0, each.path.name))
        *others, last = several
        told = ", ".join(clean(each.path.name, 100) for each in others)
        notes = (f"{clean(last.path.name, 100)} counts; there is also {told}.",) if others else ()
        chosen[student] = _Chosen(last, notes)
    return chosen, list(new.values())


@dataclass(frozen=True)
class _Conditions:
    """How a class is graded."""

    course: Course
    assigned: AssignedCourse | None
    protected: Mapping[str, str]
    force: bool
    seed: int | None
    limits: Limits
    devices: tuple[str, ...]


class _Job:
    """One call of `grade_class`, once it is clear who handed in what."""

    def __init__(
        self,
        gradebook: Gradebook,
        given: _Conditions,
        chosen: dict[str, _Chosen],
        progress: Progress,
    ) -> None:
        self.gradebook = gradebook
        self.course = course = given.course
        self.assigned = given.assigned
        self.protected = given.protected
        self.announced: dict[str, Announced] = {}
        self.chosen = chosen
        self.progress = progress
        self.summary = RunSummary(handed_in=len(chosen))
        assignment = str(given.assigned.assignment.path.resolve()) if given.assigned else None
        self.blank = Task(
            submission=Submission("", {}, gradebook.exercises),
            exercises=gradebook.exercises,
            course=course_name(course),
            checks=checks_digest(course, gradebook.exercises, assignment),
            versions=versions(),
            seed=secrets.randbits(48) if given.seed is None else given.seed,
            limits=given.limits,
            assignment=assignment,
            devices=given.devices,
        )
        self.conditions: dict[str, Any] = {
            "exercises": list(self.blank.exercises),
            "checks": self.blank.checks,
            "versions": self.blank.versions,
            "seed": given.seed,
            "limits": asdict(given.limits),
        }
        if given.devices:  # results that were stored without it are of the usual ones
            self.conditions["devices"] = list(given.devices)
        self.ledger = Ledger.begin(gradebook, self.conditions, given.force)

    def run(self, workers: Workers) -> RunSummary:
        self.progress.total(len(self.chosen))
        for key, outcome in workers.run(self._tasks()):
            if key is None:
                self._set_possible(outcome)
                continue
            if outcome.report is None:
                self.ledger.trouble(key.student, outcome.trouble)
                self.summary.troubled[key.student] = outcome.trouble
            else:
                self.ledger.store(key.student, key.key, key.digest, outcome.report, outcome.seconds)
                self.summary.graded += 1
            self.progress.done(key.student)
        self._compare_with_ci()
        self.ledger.finish()
        return self.summary

    def _tasks(self) -> Iterator[tuple[_Key | None, Task]]:
        """What is to be graded; reads each submission when its turn comes, and writes down that it was handed in."""
        if self.gradebook.possible_by != self.blank.checks:
            # a submission without anything in it tells what can be reached, and that the checks can be used
            yield None, self.blank
        deadlines = self.gradebook.deadlines()
        students = [
            student.id for student in self.gradebook.students() if student.id in self.chosen
        ]
        for start in range(0, len(students), READ_AHEAD):
            several = [
                self._receipt(student, deadlines)
                for student in students[start : start + READ_AHEAD]
            ]
            for receipt, wanted in zip(several, self.ledger.receive(several), strict=True):
                student, work = receipt.student, receipt.work
                if wanted:
                    submission = work.submission(student, self.gradebook.exercises)
                    task = replace(self.blank, submission=submission)
                    yield _Key(student, receipt.key, work.digest), task
                    continue
                if receipt.key:
                    self.summary.before += 1
                else:
                    self.summary.unreadable[student] = work.problem
                self.progress.done(student)

    def _receipt(self, student: str, deadlines: Mapping[str, datetime | None]) -> Receipt:
        deadline = deadlines.get(student) or self.gradebook.deadline
        work = self._read(student, self.chosen[student], deadline)
        key = digest_of(self.conditions | {"digest": work.digest}) if work.digest else ""
        return Receipt(student, work, deadline, key)

    def _compare_with_ci(self) -> None:
        """Notes where CI announced other points than this grading gives, without the checks that are kept back."""
        for student, announced in self.announced.items():
            report = self.gradebook.record(student).report
            if report and self.assigned:
                report = self.assigned.assignment.on(self.course).apply(report)
            if report and (told := disagreement(announced, report)):
                self.ledger.note(student, told)

    def _read(self, student: str, mine: _Chosen, deadline: datetime | None) -> Submitted:
        until = self.gradebook.policy.closes(deadline)
        try:
            work = read_hand_in(mine.handed, self.course, self.gradebook.exercises, until)
        except Exception as error:  # one submission's trouble never stops the rest
            work = Submitted(
                {}, problem=f"It cannot be read: {clean(f'{type(error).__name__}: {error}')}"
            )
        notes = [*work.notes, *mine.notes]
        if mine.handed.path.is_dir():
            if self.protected:
                notes += changed_files(self.protected, mine.handed.path)
            if announced := announced_in(mine.handed.path):
                self.announced[student] = announced
        late = late_days(work.when, deadline)
        if late:
            notes.append(f"Handed in {late} day{'s' if late > 1 else ''} after the deadline.")
        elif mine.handed.late and work.when is None:
            notes.append("It was marked as late where it was handed in; by how much is not told.")
        return replace(work, notes=tuple(notes))

    def _set_possible(self, outcome: GradingOutcome) -> None:
        if outcome.report is None:
            raise WorkersError(f"Nothing can be graded. {outcome.trouble}")
        possible = {each.name: each.max_score for each in outcome.report.exercises}
        set_possible(self.gradebook, possible, self.blank.checks)


@dataclass(frozen=True)
class _Key:
    """What an outcome is of: the student, and the result's key and digest in the gradebook."""

    student: str
    key: str
    digest: str

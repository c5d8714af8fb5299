"""Grades a class: what lies in a folder, into a gradebook, by workers."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from traceback import format_exc
from typing import Any

from ...course.assignment import AssignedCourse
from ...course.catalog import Course, load_course
from ...errors import CourseFault, Fault, LayoutError, WorkersError
from ...machines import cores
from ...report import Report
from ...submission import Submission
from ...submission.protected import Announced, announced_in, changed_files, disagreement
from ...text import clean
from ..gradebook.changes import (
    completed,
    other_than_kept,
    refuse_another_collected,
    refuse_changes,
    settings_changed,
)
from ..gradebook.enrolment import (
    await_results,
    count_late_days,
    enrol,
    listed_students,
    removed_students,
)
from ..gradebook.history import CHANGED
from ..gradebook.kept import keep, kept
from ..gradebook.kept_back import noted
from ..gradebook.late import late_days, late_note
from ..gradebook.made_with import MadeWith
from ..gradebook.outdated import outdated
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
from .assembly import Assembly, Job, WantedReport
from .conditions import Conditions, GradingConditions, Rules
from .pool import Workers, local_workers
from .trouble import Trouble, told, trouble_of
from .worker import Task, normalized_devices

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


@dataclass
class RunSummary:
    """What a run did.

    Attributes:
        handed_in: students of whom something lay in the folder.
        graded: results that are new.
        graded_before: results that were there already.
        exercises_run: how many exercises were run for them.
        exercises_kept: how many stood, or were run for another student who handed in the same.
        unreadable: student → why there was nothing to grade in it.
        oddities: student → what is odd about the files.
        left_out: files of a class's archive that could not be unpacked, each with the reason.
        faults: student → why there is no verdict, through no fault of the student.
        removed: who was taken out by hand, and has something in the folder all the same.
        outdated: student → why the result that stands would be another one, of whom nothing lies in the folder.
        changed: what is another than the gradebook was made with, and for whom; a sentence for each.
        beyond: exercise that is not graded, although the call names none → who has handed in work on it.
    """

    handed_in: int = 0
    graded: int = 0
    graded_before: int = 0
    exercises_run: int = 0
    exercises_kept: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)
    oddities: dict[str, tuple[Oddity, ...]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    faults: dict[str, tuple[Trouble, ...]] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    outdated: dict[str, str] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    beyond: dict[str, list[str]] = field(default_factory=dict)


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
    who: str = "",
    progress: Progress | None = None,
    kept_in: Gradebook | None = None,
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
        force: run again what was graded before, and every exercise for each student.
        change: whether it is meant where the call differs from what the gradebook was made with.
        who: changes it then; the history says so.
        kept_in: where results of single exercises are kept; by default in `gradebook`.

    Raises:
        ChangeError: if it differs, and `change` is not given.
        LayoutError: if there is nothing to grade in `submissions`, or nobody who handed in is on the roster.
        GradebookError: if the gradebook cannot be written.
        WorkersError: if the workers cannot be used.
        CourseFault: if a check fails before there is any submission.
        ValueError: if the assignment is laid on its course for students.
    """
    if assigned and not assigned.instructor:
        raise ValueError("a class is graded by the instructor's assignment: on(…, instructor=True)")
    course = assigned.course if assigned else course or load_course()
    conditions = conditions or GradingConditions()
    named = assigned is not None or bool(settings and settings.exercises)
    settings = completed(settings or GradebookSettings(), gradebook, assigned)
    conditions = _with_devices(conditions, gradebook)
    devices = normalized_devices(conditions.devices)
    made_with = MadeWith.of(course, assigned, settings.exercises, devices)
    if not change:
        refuse_changes(gradebook, settings, made_with)
    told = other_than_kept(gradebook, settings, made_with) if change else ()
    for name in settings.exercises:
        if name not in course.names:
            raise LayoutError(f"There is no exercise {name!r} in the course {course.title!r}.")
    folder = Path(submissions)
    students = listed_students(gradebook, roster)
    usual = gradebook.made_with.collected if gradebook.made_with else ""
    hand_ins = find_hand_ins(
        *(folder, course.names, knows(students), collected, settings.exercises, usual)
    )
    taken = hand_ins[0].assignment
    if not change:
        refuse_another_collected(gradebook, taken)
    if not shutil.which("git") and any(has_repository(each.path) for each in hand_ins):
        raise LayoutError("There are repositories among the submissions, and git is not installed.")
    policy = settings.policy or gradebook.policy
    until = policy.closes(settings.deadline_after(gradebook.deadline))
    wanted = settings.exercises or exercises_in(hand_ins, course, until)
    in_order = tuple(name for name in course.names if name in wanted)
    holds = partial(holds_work, course=course, exercises=in_order, until=until)
    chosen, new = choose(hand_ins, students, holds)
    require_known(chosen, new, students, bool(roster) or gradebook.has_roster)
    title = settings.title or collected or folder.resolve().name
    closed = _closes(gradebook)
    made_with = replace(MadeWith.of(course, assigned, in_order, devices), collected=taken or usual)
    settings = replace(settings, title=title, exercises=in_order)
    changed = settings_changed(gradebook, settings, made_with)
    write_settings(gradebook, settings, made_with)
    enrol(gradebook, roster, new)
    gone = removed_students(gradebook) & chosen.keys()
    chosen = {student: mine for student, mine in chosen.items() if student not in gone}
    await_results(gradebook, chosen)
    count_late_days(gradebook)
    rules = Rules(course, assigned, protected or {}, conditions, force)
    workers = workers or local_workers(cores(), course, conditions.limits, conditions.devices)
    news = {CHANGED: {"who": clean(who) or "somebody", "settings": changed}} if changed else {}
    run = _Run(gradebook, rules, chosen, progress or Progress(), kept_in or gradebook, news, named)
    summary = run.grade(workers)
    summary.removed = sorted(gone)
    closes = _closes(gradebook)
    moved = {student for student in closes if closed.get(student, closed[""]) != closes[student]}
    summary.outdated = outdated(gradebook, chosen, run.key_of, moved)
    summary.changed = told
    return summary


def _closes(gradebook: Gradebook) -> dict[str, datetime | None]:
    """Student → the last moment at which a commit counts; of whom there is no deadline of their own under "" too."""
    own = gradebook.deadlines()
    everybody = ["", *(each.id for each in gradebook.students())]
    return {
        student: gradebook.policy.closes(own.get(student, gradebook.deadline))
        for student in everybody
    }


def _with_devices(conditions: GradingConditions, gradebook: Gradebook) -> GradingConditions:
    """The conditions, with the devices that the gradebook was made with where none is named."""
    kept = gradebook.made_with.devices if gradebook.made_with else ()
    return replace(conditions, devices=conditions.devices or kept)


class _Run:
    """One call of `grade_class`, once it is clear who handed in what."""

    def __init__(
        self,
        gradebook: Gradebook,
        rules: Rules,
        chosen: Mapping[str, ChosenHandIn],
        progress: Progress,
        kept_in: Gradebook,
        news: dict[str, Any],
        named: bool,
    ) -> None:
        self._gradebook = gradebook
        self._kept_in = kept_in
        self._rules = rules
        self._chosen = chosen
        self._progress = progress
        left = () if named else rules.course.names
        self._not_graded = [name for name in left if name not in gradebook.exercises]
        self._announced: dict[str, Announced] = {}
        self._unread: dict[str, Trouble] = {}
        self._summary = RunSummary(handed_in=len(chosen))
        self._conditions = Conditions(rules, gradebook.exercises)
        of_report = self._conditions.of_report | noted(rules.assigned) | news
        self._writer = GradebookWriter.begin(gradebook, of_report, rules.force)

    def grade(self, workers: Workers) -> RunSummary:
        self._progress.total(len(self._chosen))
        assembly = Assembly(
            self._wanted(),
            recall=partial(kept, self._kept_in),
            keep=self._keep,
            done=self._done,
            alone=self._rules.force,
        )
        for job, outcome in workers.run(map(self._with_task, assembly)):
            assembly.take(job, outcome)
        self._compare_with_ci()
        self._writer.finish()
        return self._summary

    def key_of(self, digest: str) -> str:
        """The key of a result that is made now, of the digest of what was handed in."""
        return digest_of(self._conditions.of_report | {"digest": digest})

    def _with_task(self, job: Job) -> tuple[Job, Task]:
        sources = {
            name: source for name, source in job.wanted.sources.items() if name in job.exercises
        }
        submission = Submission(job.wanted.student, sources, job.exercises)
        return job, replace(self._conditions.blank, submission=submission, exercises=job.exercises)

    def _keep(self, results: Mapping[str, Report]) -> None:
        own = {key: self._conditions.without_assignment(each) for key, each in results.items()}
        keep(self._kept_in, own)

    def _done(self, wanted: WantedReport) -> None:
        """Writes down a report that is complete, or why there is none."""
        report = None
        if not wanted.troubles:
            report = self._conditions.report(wanted.student, wanted.in_order)
        if not wanted.student:
            self._write_max_scores(report, wanted.troubles)
            return
        self._summary.exercises_run += wanted.ran
        if report is None:
            self._in_trouble(wanted.student, wanted.key, tuple(wanted.troubles))
        else:
            self._writer.store_result(
                wanted.student, wanted.key, wanted.digest, report, wanted.seconds
            )
            self._summary.graded += 1
            self._summary.exercises_kept += max(0, len(wanted.keys) - wanted.ran)
        self._progress.done(wanted.student)

    def _in_trouble(self, student: str, key: str, troubles: tuple[Trouble, ...]) -> None:
        self._writer.store_fault(student, key, told(troubles))
        self._summary.faults[student] = troubles

    def _wanted(self) -> Iterator[WantedReport]:
        """What is to be graded; reads each submission when its turn comes, and writes down that it was handed in."""
        if self._gradebook.max_scores_by != self._conditions.max_scores_by:
            # a submission without anything in it tells what can be reached, and that the checks can be used
            yield WantedReport("", "", "", self._conditions.keys({}), {})
        deadlines = self._gradebook.deadlines()
        students = [each.id for each in self._gradebook.students() if each.id in self._chosen]
        for start in range(0, len(students), READ_AHEAD):
            some = students[start : start + READ_AHEAD]
            several = [self._received(student, deadlines.get(student)) for student in some]
            for received, wanted in zip(several, self._writer.receive(several), strict=True):
                student, submitted = received.student, received.submitted
                if wanted:
                    sources = submitted.sources
                    key, digest = received.result_key, submitted.digest
                    yield WantedReport(
                        student, key, digest, self._conditions.keys(sources), sources
                    )
                    continue
                if received.result_key:
                    self._summary.graded_before += 1
                    self._summary.exercises_kept += len(self._gradebook.exercises)
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
        key = self.key_of(digest) if digest else ""
        return ReceivedHandIn(student, submitted, deadline, key)

    def _read(self, student: str, mine: ChosenHandIn, deadline: datetime | None) -> Submitted:
        hand_in, until = mine.hand_in, self._gradebook.policy.closes(deadline)
        course, exercises = self._rules.course, self._gradebook.exercises
        try:
            submitted = read_hand_in(hand_in, course, exercises, until, self._not_graded)
            notes = [*submitted.notes, *mine.notes, *self._looked_at(student, hand_in.path, until)]
        except Fault as error:  # a sentence of its own
            self._unread[student] = Trouble(clean(" ".join(str(error).split())))
            return Submitted({}, when=hand_in.when)
        except Exception as error:  # one submission's trouble never stops the rest
            self._unread[student] = trouble_of(f"It cannot be read: {error}", format_exc())
            return Submitted({}, when=hand_in.when)
        for name in submitted.beyond:
            self._summary.beyond.setdefault(name, []).append(student)
        if submitted.untouched:
            nothing = replace(submitted, sources={}, problem=NOTHING_HANDED_IN, when=None)
            return replace(nothing, notes=tuple(notes))
        if submitted.oddities:
            self._summary.oddities[student] = submitted.oddities
        notes += _late_notes(hand_in, submitted.when, deadline)
        return replace(submitted, notes=tuple(notes))

    def _looked_at(self, student: str, folder: Path, until: datetime | None) -> Iterator[str]:
        """Notes of what else lies in a folder; what CI announced there is kept for later."""
        if not folder.is_dir():
            return
        if self._rules.protected:
            yield from changed_files(self._rules.protected, folder, until)
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

    def _write_max_scores(self, report: Report | None, troubles: Sequence[Trouble]) -> None:
        if report is None:
            by_course = any(each.kind == "course" for each in troubles)
            why = f"Nothing can be graded. {told(troubles)}"
            raise CourseFault(why) if by_course else WorkersError(why)
        max_scores = {each.name: each.max_score for each in report.exercises}
        write_max_scores(self._gradebook, max_scores, self._conditions.max_scores_by)


def _late_notes(hand_in: HandIn, when: datetime | None, deadline: datetime | None) -> Iterator[str]:
    if note := late_note(late_days(when, deadline)):
        yield note
    elif hand_in.late and when is None:
        yield "It was marked as late where it was handed in, which does not say by how much."

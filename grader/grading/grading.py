"""The corridor: a submission goes in, a `Report` comes out.

    submission ──▶ sandbox child ──plain tensors──▶ checks compare with autograd ──▶ Report

The trusted process draws the inputs, works out the reference and compares; the student's code runs elsewhere.

A fault is no verdict. Where a sandbox is lost, it is started again and the exercise graded again, once. What fails
otherwise, in a check or in the grader, ends that exercise with the status `fault`, and the others are graded.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from .. import language as languages
from .. import torch_dynamo
from ..checking.exercise_status import not_for_students, status_of
from ..checking.rules import Judgement, judged, watched_for
from ..checking.source.remarks import remarks
from ..checking.source.source_scan import Scan, scan
from ..course.assignment import AssignedCourse
from ..course.catalog import Course, Exercise
from ..course.given_files import contents_of
from ..course.packages import require_imported
from ..course.python_files import text_of
from ..course.translation import title_of
from ..errors import CourseError, InputError, SandboxLost, UnsupportedVersion
from ..language import _
from ..machines import Machines, late_imports, preload_for
from ..report import Environment, ExerciseResult, FailedCall, Report
from ..submission import Source, Submission, read_submission

if TYPE_CHECKING:
    from ..checking.collect import Check
    from ..checking.run import ChecksRun
    from ..checking.sessions import Sessions
    from ..checking.telling.example import Example

# torch's settings, pytest, the language and a sandbox are one a process: a second thread waits for the first
_one_at_a_time = threading.RLock()


def grade(
    submission: Submission | str | PathLike[str],
    exercises: Iterable[str] = (),
    *,
    course: Course | None = None,
    assigned: AssignedCourse | None = None,
    machines: Machines | None = None,
    seed: int | None = None,
    first_failure: bool = False,
    progress: Callable[[str], None] | None = None,
    asked: Callable[[str, Mapping[str, FailedCall]], None] | None = None,
    language: str | None = None,
    jobs: int = 1,
) -> Report:
    """Grades a submission. It can be called from several threads, one of which grades at a time.

    Args:
        submission: what to grade, or the path of a file or folder to read it from.
        exercises: names; by default every exercise that the submission holds. One that is named twice is graded once.
        course: where exercises and checks come from; by default that of `machines`, or the built-in course.
        assigned: an assignment laid on its course, which says what runs and what it is worth; without `exercises`, all
            of the assignment's are graded, also those that were not handed in.
        machines: what to run it on, with devices and limits; by default some are started for this call, with the
            course's limits, and `cpu` and `sim` for devices. The report says which devices were not there.
        seed: of the inputs. By default it follows from the exercise's source text: the same file gives the same
            report, and a table of right answers in the file changes the inputs that it is a table for.
        first_failure: leave an exercise's checks at the first one that does not pass; for whoever only asks
            whether all do.
        progress: is called with the name of each exercise before it is graded.
        asked: is called with the name of each exercise after that, and what each check that is wrong had asked.
        language: of the report's texts; by default the one in use, English at first.
        jobs: how many processes grade exercises at the same time. More than one are for a command that has just
            started: torch must not have worked in this process before. Without `asked`, and not on a GPU.

    Raises:
        InputError: if there is nothing to grade, an exercise is not known, a file of the course cannot be read, or
            `language` is none that the grader speaks.
        SandboxLost: if a sandbox does not start, nor does it when it is started again.
        UnsupportedVersion: if a library lacks what the grader needs.
    """
    if language not in (None, *languages.languages()):
        known = ", ".join(languages.languages())
        sentence = _("The grader does not speak {language!r}. It speaks {known}.")
        raise InputError(sentence.format(language=language, known=known))
    exercises = tuple(exercises)
    course = assigned.course if assigned else course or (machines.course if machines else None)
    with _one_at_a_time, ExitStack() as stack:
        # before the rest: it imports torch at the same time as this process does
        machines = machines or stack.enter_context(Machines(course))
        course = course or machines.course
        languages.learn(course.folder)
        stack.enter_context(languages.speaking(language or languages.current()))
        if not isinstance(submission, Submission):
            submission = read_submission(Path(submission), course, exercises)
        stack.enter_context(_torch_as_it_comes())
        wanted = exercises or (assigned.names if assigned else submission.wanted)
        named = _known(wanted or tuple(submission.sources), course)
        if not machines.has_begun:
            _begin(machines, named, submission)
        environment = _environment_of(machines)
        grading = _Grading(machines, environment, assigned, seed, first_failure, asked)

        def result(own: Machines, number: int) -> ExerciseResult:
            exercise = named[number]
            if progress and own is machines:  # a helper has nobody to tell
                progress(exercise.name)
            source = submission.sources.get(exercise.name)
            return replace(grading, machines=own).result_of(exercise, source)

        if jobs > 1:
            from .side_by_side import side_by_side

            results = side_by_side(len(named), jobs, machines, result)
        else:
            results = [result(machines, number) for number in range(len(named))]
        report = Report(submission.name, tuple(results), environment, language=languages.current())
        return assigned.apply(report) if assigned else report


def example_of(
    submission: Submission,
    name: str,
    machines: Machines,
    *,
    assigned: AssignedCourse | None = None,
    seed: int | None = None,
    shapes: bool = False,
) -> Example | None:
    """The simplest case of an exercise that is wrong, as Python to run; `None` where nothing is, or nothing can be run.

    Its numbers have two decimal places, if the code is wrong with such numbers, too.

    Args:
        submission: with a source for that exercise.
        name: the exercise's.
        assigned, seed: as for `grade`.
        shapes: whether to follow the student's code line by line.

    Raises:
        Fault: if the grader or the course is at fault.
    """
    exercise, source = machines.course[name], submission.sources[name]
    with _one_at_a_time, _torch_as_it_comes():
        grading = _Grading(machines, _environment_of(machines), assigned, seed, False)
        rounded = grading.example(exercise, source, shapes, rounded=True)
        return rounded or grading.example(exercise, source, shapes, rounded=False)


def _known(names: Sequence[str], course: Course) -> list[Exercise]:
    """The exercises of these names, each once."""
    course.require(names)
    return [course[name] for name in dict.fromkeys(names)]


def _environment_of(machines: Machines) -> Environment:
    """Where this runs; sandboxes that do not start are started again, once."""
    try:
        return machines.environment
    except SandboxLost:
        machines.restart()
        return machines.environment


@contextmanager
def _torch_as_it_comes() -> Iterator[None]:
    """Torch's global settings as they are at first, whatever the caller (a notebook, say) has made of them."""
    from ..checking import generators, torch_settings

    with torch_settings.as_they_come(), generators.kept(), torch_dynamo.put_off_meanwhile():
        yield


@dataclass(frozen=True)
class _Grading:
    """What holds for every exercise of a call; the arguments of `grade`."""

    machines: Machines
    environment: Environment
    assigned: AssignedCourse | None
    seed: int | None
    first_failure: bool
    asked: Callable[[str, Mapping[str, FailedCall]], None] | None = None

    def result_of(self, exercise: Exercise, source: Source | None) -> ExerciseResult:
        """What comes of an exercise; `source` is `None` where it is missing.

        Raises:
            InputError, SandboxLost, UnsupportedVersion: as `grade`.
        """
        try:
            try:
                return self._judged(exercise, source)
            except SandboxLost:
                self.machines.restart()
                return self._judged(exercise, source)
        except (InputError, UnsupportedVersion):
            raise
        except Exception as error:
            if isinstance(error, SandboxLost):
                self.machines.restart()
            return self._fault(exercise, source, error)

    def _fault(self, exercise: Exercise, source: Source | None, error: Exception) -> ExerciseResult:
        from ..checking.faults import fault_result

        points = 0
        with suppress(Exception):  # it may be the checks that cannot be collected
            points = sum(check.points for check in self._collected(exercise).values())
        return fault_result(exercise, error, points, self._seed_of(exercise, source))

    def _judged(self, exercise: Exercise, source: Source | None) -> ExerciseResult:
        """Runs an exercise's checks, and takes the points of those that were seen to break its rules."""
        from ..checking.run import run_checks
        from ..checking.telling.told_once import told_once

        if self._only(exercise) == frozenset():
            return not_for_students(exercise, source)
        if exercise.packages and source:
            require_imported(exercise.packages, (*source.programs, text_of(exercise.checks)))
        seed = self._seed_of(exercise, source)
        found = scan(exercise, source) if source else Scan()
        with self._sessions(exercise, source) as sessions:
            collected = self._collected(exercise)
            ran = run_checks(
                collected, sessions, seed, self.first_failure, kept_back=self._kept_back(exercise)
            )
        judgement, problem = Judgement(ran.checks), ""
        notes = source.notes if source else ()
        if source and sessions:
            judgement = judged(exercise, source, found, ran.checks, ran.sightings)
            problem = sessions.main.load_problem
            notes += () if problem else sessions.main.failures.notes
        checks, broken = judgement.checks, judgement.violations
        if source:
            described = {name: check.description for name, check in collected.items()}
            checks = told_once(checks, described, ran.mistakes, broken, source)
            self._tell_asked(exercise, source, ran)
        begun = bool(sessions and sessions.main.failures.has_unreached_code)
        status, message = status_of(exercise, source, problem, checks, is_begun=begun)
        if broken and status == "failed":
            message = _("No points: {reason}").format(reason=broken[0].message)
        return ExerciseResult(
            name=exercise.name,
            title=title_of(exercise),
            score=sum(check.score for check in checks),
            max_score=sum(check.points for check in checks),
            status=status,
            message=message,
            violations=broken,
            checks=checks,
            seed=seed,
            remarks=remarks(exercise, source, found, judgement.explained) if source else (),
            notes=notes,
        )

    def _tell_asked(self, exercise: Exercise, source: Source, ran: ChecksRun) -> None:
        if not self.asked:
            return
        from ..checking.telling.example import call_of

        calls = {
            name: call_of(exercise.name, request, source, ran.differences.get(name))
            for name, request in ran.asked.items()
        }
        self.asked(exercise.name, calls)

    def example(
        self, exercise: Exercise, source: Source, shapes: bool, rounded: bool
    ) -> Example | None:
        """What the first case asks that is wrong, with the numbers that are drawn so."""
        from ..checking.run import run_checks
        from ..checking.telling.example import Example, script_of
        from ..checking.telling.shape_trace import steps_of

        seed = self._seed_of(exercise, source)
        with self._sessions(exercise, source) as sessions:
            ran = run_checks(
                self._collected(exercise), sessions, seed, first_failure=True, rounded=rounded
            )
            for check in ran.checks:
                if check.name in ran.asked and sessions:
                    request = ran.asked[check.name]
                    session = sessions.on("cuda" if request.device == "cuda" else None)
                    steps = steps_of(session, request) if shapes else ()
                    return Example(check, script_of(exercise.name, check, request, source), steps)
        return None

    def _only(self, exercise: Exercise) -> frozenset[str] | None:
        """The names of the checks that run; `None` stands for all of them."""
        return self.assigned.checks(exercise.name) if self.assigned else None

    def _kept_back(self, exercise: Exercise) -> frozenset[str]:
        """The names of the checks that students are not to see."""
        hidden = self.assigned.kept_back if self.assigned else {}
        return hidden.get(exercise.name, frozenset())

    def _collected(self, exercise: Exercise) -> dict[str, Check]:
        """The checks that run. Others are as if they were not there, also for those that need them."""
        only = self._only(exercise)
        checks = _collect(exercise, self.environment.devices)
        return {name: check for name, check in checks.items() if only is None or name in only}

    def _seed_of(self, exercise: Exercise, source: Source | None) -> int:
        from ..checking.student import seed_of

        if self.seed is not None:
            return self.seed
        return seed_of(exercise.name, source.digest if source else "")

    @contextmanager
    def _sessions(self, exercise: Exercise, source: Source | None) -> Iterator[Sessions | None]:
        """Where the student's code runs: for the CPU and what is simulated on it, and for a GPU that is there."""
        from ..checking.session import Session
        from ..checking.sessions import Sessions

        if source is None:
            yield None
            return
        preload, given = preload_for(exercise, source), contents_of(exercise.given)
        with ExitStack() as stack:
            session = Session(
                exercise.name,
                source,
                self.machines.sandbox(),
                preload,
                partial(watched_for, exercise),
                given,
                exercise.parameters,
            )
            stack.enter_context(closing(session))
            on_gpu = None
            if "cuda" in self.environment.devices:
                # while the CPU's checks run; importing does not touch CUDA, which would not survive the fork
                self.machines.prepare(preload)
                gpu = self.machines.sandbox("cuda")
                on_gpu = Session(
                    *(exercise.name, source, gpu, preload),
                    given=given,
                    parameters=exercise.parameters,
                )
                stack.enter_context(closing(on_gpu))
            yield Sessions(session, on_gpu, lambda: _solution_of(exercise))


def _solution_of(exercise: Exercise) -> Source | None:
    """The exercise's own solution; `None` where it is not at hand."""
    with suppress(CourseError):
        return Source.of_text(exercise.solution.name, text_of(exercise.solution))
    return None


def _begin(machines: Machines, exercises: Sequence[Exercise], submission: Submission) -> None:
    """Has the sandbox import what its children will need, and imports here what the checks will."""
    asked = [(each, source) for each in exercises if (source := submission.sources.get(each.name))]
    late = dict.fromkeys(name for each in asked for name in preload_for(*each))
    with suppress(SandboxLost):  # it is told, or mended, when it is asked what it keeps
        machines.begin([*late], partial(_get_ready, exercises, machines.devices))


def _get_ready(exercises: Sequence[Exercise], devices: Sequence[str]) -> None:
    for exercise in exercises[:1]:
        _collect_ahead(exercise, devices)
    for name in late_imports(*(text_of(each.checks) for each in exercises)):
        with suppress(ModuleNotFoundError):  # this torch has none of that name
            torch_dynamo.import_now(name)


def _collect_ahead(exercise: Exercise, devices: Sequence[str]) -> None:
    """What is at fault there is told when the exercise is graded; what can be mended at once."""
    try:
        _collect(exercise, devices)
    except (InputError, UnsupportedVersion):
        raise
    except Exception:
        return


def _collect(exercise: Exercise, devices: Sequence[str]) -> dict[str, Check]:
    from ..checking.collect import collect

    return collect((exercise.checks, *exercise.more_checks), devices)

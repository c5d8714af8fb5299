"""Do the checks notice what no solution of the course does? Each entry point is wrapped in mistakes, one at a time.

A wrapped solution loses a point, or survives: then a check is missing, or the mistake is none by the contract, and
`equivalent.toml` lists it with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ...course.catalog import Exercise, load_course
from ...course.python_files import text_of
from ...grading import grade
from ...machines import DEVICES, Machines
from ...report import ExerciseResult
from ...submission import Submission
from ..audit import QUICK
from ..equivalents import EquivalentBehaviour, read_equivalent_behaviours
from .entry_points import entry_points
from .mistakes import mistakes_in
from .wrapped_text import wrapped_text

_MOST_FAULTS = 5  # one slip in a check fails with many mutants


@dataclass(frozen=True)
class WrongBehaviour:
    """A solution with one entry point wrapped in a mistake.

    Attributes:
        function: the entry point, such as `MyLinear.forward`.
        mistake: what is wrong with it.
        text: the whole module.
    """

    function: str
    mistake: str
    device_only: bool
    text: str

    @property
    def diff(self) -> str:
        return f"{self.function}: {self.mistake}"


@dataclass(frozen=True)
class BehaviourAudit:
    """What came of the behavioural mutants of one exercise.

    Attributes:
        functions: how many entry points were wrapped.
        killed: how many mutants lost points.
        equivalent: how many passed and are listed as no mistake.
        survivors: those that passed and are not listed.
        problems: what is wrong, a sentence each.
        faults: where a check, or the grader, failed by itself; what was graded then counts for nothing.
    """

    exercise: str
    functions: int
    killed: int
    equivalent: int
    survivors: tuple[WrongBehaviour, ...]
    problems: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def rate(self) -> float:
        """The share of the mutants that could be killed and were."""
        count = self.killed + len(self.survivors)
        return self.killed / count if count else 1.0


def wrong_behaviours(exercise: Exercise, solution: str) -> Iterator[WrongBehaviour]:
    """The mutants of a solution, in the order of its entry points."""
    rule = exercise.forbidden.get("by hand")
    for entry in entry_points(solution, frozenset(exercise.entry_points)):
        free = rule is None or (entry.owner or entry.name) in rule.get("except", ())
        for mistake in mistakes_in(entry, by_hand=not free):
            text = wrapped_text(solution, entry, mistake)
            yield WrongBehaviour(entry.shown, mistake.name, mistake.device_only, text)


def audit_behaviours(
    folder: Path | None, names: Sequence[str], jobs: int = 1, devices: Sequence[str] = DEVICES
) -> Iterator[BehaviourAudit]:
    """Audits exercises, several at a time, and yields the results in their order.

    Args:
        folder: the course's, as `load_course` takes it.
        devices: where to run, as `Machines` takes it.

    Raises:
        CourseError: if a file of the course cannot be used.
        SandboxLost: if a sandbox cannot be started.
    """
    if jobs <= 1 or len(names) == 1:
        yield from (_audit_named(folder, name, devices) for name in names)
        return
    with ProcessPoolExecutor(min(jobs, len(names))) as pool:
        futures = [pool.submit(_audit_named, folder, name, devices) for name in names]
        yield from (future.result() for future in futures)


def _audit_named(folder: Path | None, name: str, devices: Sequence[str]) -> BehaviourAudit:
    course = load_course(folder)
    with Machines(course, devices, limits=None if course.limits else QUICK) as machines:
        return audit_behaviour(name, machines)


def audit_behaviour(name: str, machines: Machines) -> BehaviourAudit:
    """Grades the behavioural mutants of one exercise of the machines' course.

    Raises:
        CourseError: if one of the exercise's files or `equivalent.toml` cannot be used.
    """
    exercise = machines.course[name]
    solution = text_of(exercise.solution)
    listed = [each for each in read_equivalent_behaviours(machines.course) if each.exercise == name]
    used: set[EquivalentBehaviour] = set()
    faults: list[str] = []
    survivors: list[WrongBehaviour] = []
    functions: set[str] = set()
    killed = equivalent = 0
    alone = set(machines.environment.devices) <= {"cpu"}
    for mutant in wrong_behaviours(exercise, solution):
        if mutant.device_only and alone:
            continue
        functions.add(mutant.function)
        result = _graded(name, mutant.text, machines)
        if result.is_fault:
            faults.append(f"{result.message}\n{result.traceback}")
            continue
        fits = [each for each in listed if each.fits(mutant.function, mutant.mistake)]
        if result.status != "passed":
            killed += 1
        elif fits:
            used.update(fits)
            equivalent += 1
        else:
            survivors.append(mutant)
    stale = [each for each in listed if each not in used]
    problems = [f"equivalent.toml: `{e.function}: {e.mistake}` is killed or none." for e in stale]
    told = tuple(dict.fromkeys(faults))[:_MOST_FAULTS]
    return BehaviourAudit(
        name, len(functions), killed, equivalent, tuple(survivors), tuple(problems), told
    )


def _graded(name: str, text: str, machines: Machines) -> ExerciseResult:
    report = grade(Submission.of_text(name, text), machines=machines, first_failure=True)
    [result] = report.exercises
    return result

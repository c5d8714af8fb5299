"""Are the checks right? They have to give full points for every right answer, and fewer for every wrong one.

An exercise is audited with its solution, its stub, the submissions that are known to be right or wrong, and mutants of
the solution. A mutant that passes every check survives: a check is missing, or the mutant does what the solution does,
and then `equivalent.toml` lists it with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ..course.assignment import AssignedCourse
from ..course.assignment_file import read_assignment
from ..course.catalog import load_course
from ..course.python_files import text_of
from ..grading import grade
from ..machines import DEVICES, Machines
from ..report import ExerciseResult
from ..sandbox import Limits
from ..submission import Submission
from .equivalents import Equivalent, read_equivalents, submissions_folder
from .mutants import Mutant, mutants_of
from .stub import stub_of

# a mutant that loops is dead soon, and a right answer needs a hundredth of this
QUICK = Limits(import_seconds=5, call_seconds=2, exercise_seconds=10)
_MOST_FAULTS = 5  # one slip in a check fails with many mutants


@dataclass(frozen=True)
class Audit:
    """What came of the audit of one exercise.

    Attributes:
        right, wrong: how many submissions are known to be that.
        killed: how many mutants lost points.
        equivalent: how many passed and are listed as equivalent.
        device_only: how many were left out because nothing was tried on a second device.
        survivors: the mutants that passed and are not listed.
        problems: what is wrong, a sentence each.
        faults: where a check, or the grader, failed by itself: what is told of it, and the traceback. What was graded
            then counts for nothing; where it was the solution, nothing else was graded.
    """

    exercise: str
    right: int
    wrong: int
    killed: int
    equivalent: int
    device_only: int
    survivors: tuple[Mutant, ...]
    problems: tuple[str, ...]
    faults: tuple[str, ...] = ()

    @property
    def rate(self) -> float:
        """The share of the mutants that could be killed and were."""
        count = self.killed + len(self.survivors)
        return self.killed / count if count else 1.0


def audit_course(
    folder: Path | None,
    names: Sequence[str],
    seeds: int = 0,
    jobs: int = 1,
    devices: Sequence[str] = DEVICES,
    assignment: Path | None = None,
) -> Iterator[Audit]:
    """Audits exercises, several at a time, and yields the results in their order.

    Args:
        folder: the course's, as `load_course` takes it.
        seeds: how many further times to grade each solution, and each submission that is known to be right, with other
            inputs each time.
        devices: where to run, as `Machines` takes it.
        assignment: the file of one, whose checks are tried, those that are kept back as well.

    Raises:
        AssignmentError: if it cannot be used.
        CourseError: if a file of the course cannot be used.
        SandboxLost: if a sandbox cannot be started.
    """
    if jobs <= 1 or len(names) == 1:
        yield from (_audit_named(folder, name, seeds, devices, assignment) for name in names)
        return
    with ProcessPoolExecutor(min(jobs, len(names))) as pool:
        futures = [
            pool.submit(_audit_named, folder, name, seeds, devices, assignment) for name in names
        ]
        yield from (future.result() for future in futures)


def _audit_named(
    folder: Path | None, name: str, seeds: int, devices: Sequence[str], assignment: Path | None
) -> Audit:
    course = load_course(folder)
    assigned = read_assignment(assignment).on(course, instructor=True) if assignment else None
    with Machines(course, devices, limits=None if course.limits else QUICK) as machines:
        return audit(name, machines, seeds, assigned)


def audit(
    name: str, machines: Machines, seeds: int = 0, assigned: AssignedCourse | None = None
) -> Audit:
    """Audits one exercise of the machines' course.

    Args:
        seeds: how many further times to grade the solution, and the submissions that are known to be right, with other
            inputs each time.
        assigned: an assignment on that course, whose checks are tried.

    Raises:
        CourseError: if one of the exercise's files or `equivalent.toml` cannot be used.
        ReleaseError: if the solution's markers do not match.
    """
    course = machines.course
    exercise = course[name]
    faults: list[str] = []

    def run(text: str, seed: int | None = None, first_failure: bool = False) -> ExerciseResult:
        report = grade(
            Submission.of_text(name, text),
            assigned=assigned,
            machines=machines,
            seed=seed,
            first_failure=first_failure,
        )
        [result] = report.exercises
        told = f"{result.message}\n{result.traceback}"
        if result.is_fault and told not in faults and len(faults) < _MOST_FAULTS:
            faults.append(told)
        return result

    solution = text_of(exercise.solution)
    equivalents = [each for each in read_equivalents(course) if each.exercise == name]
    own = run(solution)
    problems = [] if own.is_fault else list(_problems_of_right("the solution", own))
    for seed in range(seeds):
        problems += _problems_of_right(f"the solution with seed {seed}", run(solution, seed))
    if own.is_fault:
        return Audit(name, 0, 0, 0, 0, 0, (), tuple(problems), tuple(faults))
    tried = {case.device for check in own.checks for case in check.cases}
    stub = run(stub_of(solution, str(exercise.solution)))
    if stub.score:
        problems.append(f"The stub earns {stub.score} points.")
    right = sorted((submissions_folder(course) / name / "right").glob("*.py"))
    wrong = sorted((submissions_folder(course) / name / "wrong").glob("*.py"))
    for path in right:
        text = text_of(path)
        problems += _problems_of_right(path.name, run(text))
        for seed in range(seeds):
            problems += _problems_of_right(f"{path.name} with seed {seed}", run(text, seed))
    for path in wrong:
        problems += _problems_of_wrong(path, run)
    outcome = _hunt(solution, equivalents, run, alone=tried <= {None, "cpu"})
    killed, equivalent, device_only, survivors, stale = outcome
    problems += [f"equivalent.toml: `{e.mutated}` is killed or no mutant." for e in stale]
    return Audit(
        exercise=name,
        right=len(right),
        wrong=len(wrong),
        killed=killed,
        equivalent=equivalent,
        device_only=device_only,
        survivors=tuple(survivors),
        problems=tuple(problems),
        faults=tuple(faults),
    )


def _problems_of_right(what: str, result: ExerciseResult) -> Iterator[str]:
    if result.is_fault:
        yield f"{what} cannot be graded: {result.message}"
    elif result.score < result.max_score or not result.max_score:
        lost = [f"{check.name}: {check.message}" for check in result.checks if not check.score]
        reasons = "; ".join([*filter(None, [result.message]), *lost])
        yield f"{what} earns {result.score} of {result.max_score} points: {reasons}"


def _problems_of_wrong(path: Path, run: Callable[[str], ExerciseResult]) -> Iterator[str]:
    text = text_of(path)
    result = run(text)
    first, second = [*text.splitlines(), "", ""][:2]
    if not first.startswith("# wrong: ") or not second.startswith("# fails: "):
        yield f"{path.name} does not say `# wrong: …` and `# fails: …` on its first two lines."
        return
    if result.is_fault:
        return
    checks = {check.name: check for check in result.checks}
    for name in second.removeprefix("# fails: ").split(", "):
        check = checks.get(name)
        if check is None:
            yield f"{path.name} names a check {name!r} that does not exist."
        elif check.score == check.points or check.status == "not_reached":
            yield f"{path.name} loses no points in {name}."


def _hunt(
    solution: str,
    equivalents: Sequence[Equivalent],
    run: Callable[..., ExerciseResult],
    alone: bool,
) -> tuple[int, int, int, list[Mutant], list[Equivalent]]:
    """Grades the mutants.

    Args:
        equivalents: those that are listed for this exercise.
        alone: whether everything ran on the CPU alone, so that mutants which show only on a second device are left out.

    Returns:
        How many were killed, are equivalent, and were left out; the survivors; the entries of `equivalents` that fit
        no mutant that passed.
    """
    known = {(each.original, each.mutated): each for each in equivalents}
    used: set[tuple[str, str]] = set()
    killed = equivalent = device_only = 0
    survivors = []
    for mutant in mutants_of(solution):
        if mutant.device_only and alone:
            device_only += 1
            continue
        result = run(mutant.text, first_failure=True)
        if result.is_fault:
            continue
        if result.status != "passed":
            killed += 1
        elif (mutant.original, mutant.mutated) in known:
            used.add((mutant.original, mutant.mutated))
            equivalent += 1
        else:
            survivors.append(mutant)
    stale = [entry for key, entry in known.items() if key not in used]
    return killed, equivalent, device_only, survivors, stale

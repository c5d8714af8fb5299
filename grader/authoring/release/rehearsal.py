"""Before an assignment goes out, it is tried: with its solution, its stubs, and answers that are known to be wrong.

What goes wrong then would go wrong for everybody: a solution that loses points, a stub that earns some, a wrong answer
that loses none. Each is told with the check that it is about.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...course.assignment import AssignedCourse
from ...course.catalog import Exercise
from ...course.python_files import text_of
from ...grading import grade
from ...machines import Machines
from ...report import ExerciseResult
from ...submission import Source, Submission, read_submission
from .shared import give, write_stub

_MOST_NAMED = 5  # of the files that are passed over
_MOST_SAID = 300  # characters of what a check says of the solution


@dataclass(frozen=True)
class Rehearsal:
    """What came of it.

    Attributes:
        problems: why the assignment is not to be released as it is, a sentence each.
        untried: what could not be tried, and why, a sentence each.
        solutions, wrong: how many solutions and wrong answers were tried.
    """

    problems: tuple[str, ...]
    untried: tuple[str, ...] = ()
    solutions: int = 0
    wrong: int = 0


def rehearse(assigned: AssignedCourse, machines: Machines) -> Rehearsal:
    """Grades the assignment's solutions, stubs and wrong answers.

    Args:
        assigned: with the checks that are kept back.
        machines: where to grade; of the same course.

    Raises:
        InputError: if a file of the course or of the assignment cannot be used.
        SandboxLost: if a sandbox cannot be started.
    """
    on = machines.on(assigned.course)
    exercises = assigned.course.exercises
    at_hand = [each for each in exercises if each.solution.is_file()]
    absent = [each for each in exercises if each not in at_hand]
    untried = [*_without_solution(absent), *_passed_over(assigned)]
    problems: list[str] = []
    at_fault: set[str] = set()
    for exercise in at_hand:
        source = Source.of_text(f"{exercise.name}.py", text_of(exercise.solution))
        result = _graded(exercise.name, source, assigned, on)
        problems += _of_solution(result)
        if result.is_fault:  # whatever else is graded would say the same
            at_fault.add(exercise.name)
    for name, source in _stubs(assigned).items():
        if name not in at_fault:
            problems += _of_stub(_graded(name, source, assigned, on))
    wrong = [each for each in _wrong_answers(assigned) if each[1] not in at_fault]
    for path, name in wrong:
        text = text_of(path)
        result = _graded(name, Source.of_text(f"{name}.py", text), assigned, on)
        problems += _of_wrong(path, text, result)
    return Rehearsal(tuple(problems), tuple(untried), len(at_hand), len(wrong))


def _without_solution(absent: Sequence[Exercise]) -> Iterator[str]:
    if absent:
        names = ", ".join(each.name for each in absent)
        yield (
            f"{names}: no solution is in {absent[0].solution.parent}, so it is not known whether the checks can be "
            "passed. A grader that was installed has no solutions; a checkout does."
        )


def _graded(
    name: str, source: Source, assigned: AssignedCourse, machines: Machines
) -> ExerciseResult:
    submission = Submission("rehearsal", {name: source}, (name,))
    [result] = grade(submission, [name], assigned=assigned, machines=machines).exercises
    return result


def _of_solution(result: ExerciseResult) -> Iterator[str]:
    what = f"The solution of {result.name}"
    if result.is_fault or result.status == "error":
        yield f"{what} cannot be graded: {result.message}"
        return
    for check in result.checks:
        if not check.is_earned:
            said = " ".join(check.message.split())[:_MOST_SAID]
            yield f"{what} loses {check.points - check.score} of {check.points} points in {check.name}: {said}"
    if not result.checks and result.status != "not_attempted":
        yield f"{what} is checked by nothing."


def _stubs(assigned: AssignedCourse) -> dict[str, Source]:
    """The stubs as students get them, read as a student's folder is."""
    with tempfile.TemporaryDirectory(prefix="grader-") as place:
        for exercise in assigned.course.exercises:
            write_stub(exercise, Path(place), assigned.assignment.notebooks)
            give(exercise, Path(place))
        return read_submission(Path(place), assigned.course, assigned.names).sources


def _of_stub(result: ExerciseResult) -> Iterator[str]:
    what = f"The stub of {result.name}"
    if result.is_fault or result.status == "error":
        yield f"{what} cannot be graded: {result.message}"
        return
    for check in result.checks:
        if check.score:
            yield f"{what} earns {check.score} points in {check.name}, and nothing is written in it yet."
    if result.status != "not_attempted" and not result.score:
        yield (
            f'{what} counts as {result.status}, and not as "not started": its text is not what '
            f"`grader release {result.name}` makes of the solution."
        )


def _wrong_answers(assigned: AssignedCourse) -> Iterator[tuple[Path, str]]:
    """The files of the folder that the assignment names, each with its exercise."""
    folder = assigned.assignment.wrong_answers
    if folder is None:
        return
    for name in assigned.names:
        for path in sorted((folder / name).rglob("*.py")):
            yield path, name


def _passed_over(assigned: AssignedCourse) -> Iterator[str]:
    """What lies among the wrong answers and is for none of the assignment's exercises: a slip in a name looks so."""
    folder = assigned.assignment.wrong_answers
    if folder is None:
        return
    others = [path for path in sorted(folder.iterdir()) if path.name not in assigned.names]
    others = [path for path in others if path.suffix == ".py" or any(path.rglob("*.py"))]
    if others:
        names = ", ".join(path.name for path in others[:_MOST_NAMED])
        more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
        yield (
            f"{folder} has {names}{more}: for no exercise of this assignment, so not tried. "
            f"A wrong answer lies in a folder that is called as its exercise, such as {folder / assigned.names[0]}."
        )


def _of_wrong(path: Path, text: str, result: ExerciseResult) -> Iterator[str]:
    """What is amiss with a wrong answer: it has to lose points, in the checks that its line `# fails: …` names."""
    if result.is_fault:
        yield f"{path} cannot be graded: {result.message}"
        return
    if result.score == result.max_score:
        yield f"{path} is a wrong answer, and loses no point."
        return
    lines = [line for line in text.splitlines()[:3] if line.startswith("# fails: ")]
    checks = {check.name: check for check in result.checks}
    for name in lines[0].removeprefix("# fails: ").split(",") if lines else ():
        name = name.strip()
        if name not in checks:
            yield f"{path} names a check {name!r}, and {result.name} has none of that name here."
        elif checks[name].is_earned:
            yield f"{path} loses no points in {name}."

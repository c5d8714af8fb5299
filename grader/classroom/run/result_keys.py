"""What a result follows from, exercise by exercise: where that is equal, the result is.

What a check is worth is left out. Points are counted anew from how each check ended, without running anything.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ... import language
from ...course.assignment import AssignedCourse
from ...course.catalog import Course, Exercise
from ...course.python_files import checks_in, points_decorator, points_in, text_of
from ...errors import CourseError
from ...language import _
from ...report import ExerciseResult, Report
from ...submission import Source
from ..handin.read import digest_of, plain_sources


def exercise_digests(
    course: Course, exercises: Iterable[str], assigned: AssignedCourse | None = None
) -> dict[str, str]:
    """Exercise → SHA-256 of what of the course its results follow from.

    These are its checks, without their points; the stub, which tells who has not begun; the solution, which tells whose
    fault an error is; what students get beside the stub; and which checks of them run.

    Args:
        exercises: names; all of them must be in the course.
        assigned: the assignment, if there is one; `course` is its course then.

    Raises:
        OSError: if a file is there and cannot be read.
    """
    return {
        name: _digest(course[name], assigned.checks(name) if assigned else None)
        for name in exercises
    }


def _digest(exercise: Exercise, run: frozenset[str] | None) -> str:
    digest = hashlib.sha256(exercise.name.encode())
    checks = exercise.checks, *exercise.more_checks
    texts = [*map(_without_points, checks), *map(_bytes_of, (exercise.stub, exercise.solution))]
    for data in texts:
        digest.update(f"\n{len(data)}\n".encode() + data)
    for name, path in sorted(exercise.given.items()):
        data = _bytes_of(path)
        digest.update(f"\n{name} {len(data)}\n".encode() + data)
    known = own_points(exercise)
    if run is not None and (known is None or run != set(known)):
        digest.update("\n".join(["", *sorted(run)]).encode())
    return digest.hexdigest()


def _bytes_of(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _without_points(path: Path) -> bytes:
    """A file of checks with the number of each `@points(n)` left out; as it is where they cannot be told."""
    try:
        points_in(path)
        decorators = [points_decorator(check) for check in checks_in(path)]
        lines = text_of(path).encode().split(b"\n")
    except CourseError:
        return _bytes_of(path)
    for decorator in decorators:
        if isinstance(decorator, ast.Call):
            number = decorator.args[0]
            line = lines[number.lineno - 1]
            lines[number.lineno - 1] = line[: number.col_offset] + line[number.end_col_offset :]
    return b"\n".join(lines)


def own_points(exercise: Exercise) -> dict[str, int] | None:
    """What the checks of an exercise are worth by their own files; `None` where that cannot be told without running."""
    points: dict[str, int] = {}
    try:
        for path in (exercise.checks, *exercise.more_checks):
            points |= points_in(path)
    except CourseError:
        return None
    return points


def with_own_points(result: ExerciseResult, points: Mapping[str, int] | None) -> ExerciseResult:
    """A result as it would have been with these points in the files of its checks.

    A check gives all of its points or none, so how it ended is all that has to be known.

    Args:
        points: of each check; `None` leaves the result as it is.
    """
    if (
        points is None
        or result.is_fault
        or not {each.name for each in result.checks} <= set(points)
    ):
        return result
    checks = tuple(
        replace(each, points=points[each.name], score=points[each.name] * (each.status == "passed"))
        for each in result.checks
    )
    status, message, score = result.status, result.message, sum(each.score for each in checks)
    if status in ("partial", "failed") and (status == "partial") != bool(score):
        status, message = ("partial" if score else "failed"), ""
        if result.violations and not score:
            message = _("No points: {reason}").format(reason=result.violations[0].message)
    return replace(
        result,
        checks=checks,
        score=score,
        max_score=sum(each.points for each in checks),
        status=status,
        message=message,
    )


def result_key(
    exercise: str, source: Source | None, checks: str, conditions: Mapping[str, Any]
) -> str:
    """A digest of all that one exercise's result of one submission follows from.

    Args:
        source: `None` where the exercise is missing.
        checks: as `exercise_digests` has it.
        conditions: versions, options and limits, as plain data.
    """
    handed_in = None
    if source is not None:
        plain = plain_sources({exercise: source})[exercise]
        handed_in = plain | {"notes": list(source.notes), "session": source.session}
    return digest_of([exercise, handed_in, checks, dict(conditions)])


def without_assignment(report: Report, points: Mapping[str, Mapping[str, int] | None]) -> Report:
    """A report with the points of the checks' own files; `points` has them by exercise, as `own_points` does."""
    results = tuple(with_own_points(each, points[each.name]) for each in report.exercises)
    return replace(report, exercises=results)


def report_of(
    submission: str,
    results: Mapping[str, Report],
    points: Mapping[str, Mapping[str, int] | None],
    assigned: AssignedCourse | None,
) -> Report:
    """The report of a submission from the results of its exercises, with the points that hold now.

    Args:
        submission: its name.
        results: exercise → a report of that exercise alone; all of one environment, and one of them at least.
        points: as `own_points` has it, for each exercise.
        assigned: the instructor's assignment, if there is one.
    """
    first = next(iter(results.values()))
    exercises = tuple(each.exercises[0] for each in results.values())
    report = Report(submission, exercises, first.environment, language=first.language)
    with language.speaking(first.language):
        report = without_assignment(report, points)
    return assigned.apply(report) if assigned else report

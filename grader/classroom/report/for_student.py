"""A result as its student may see it: of the checks that the assignment keeps back, the points and nothing else.

Whatever a student gets goes through here: feedback, comments on a learning platform, an issue in a repository.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from ...outputs.wording import without
from ...report import ExerciseResult
from ..records import Comment, Record


@dataclass(frozen=True)
class ShownExercise:
    """An exercise without its checks that are kept back; their points are in its score all the same.

    Attributes:
        hidden_score: what the checks that are kept back gave, in points; `hidden_points`: what they are worth.
    """

    result: ExerciseResult
    hidden_score: int = 0
    hidden_points: int = 0


def shown_exercises(record: Record) -> list[ShownExercise]:
    """The exercises of a record's report as the student may see them; none where there is no report."""
    exercises = record.report.exercises if record.report else ()
    return [_shown(each, record.kept_back.get(each.name, frozenset())) for each in exercises]


def shown_comments(record: Record, exercise: str = "") -> list[Comment]:
    """What was written about an exercise, or about the whole; nothing that is for colleagues."""
    return [
        each
        for each in record.comments
        if each.exercise == exercise and not each.for_colleagues and each.answers is None
    ]


def with_kept_back(record: Record, more: Mapping[str, frozenset[str]]) -> Record:
    """The record with further checks that students are not to see: exercise → their names."""
    names = {*record.kept_back, *more}
    nothing: frozenset[str] = frozenset()
    both = {name: record.kept_back.get(name, nothing) | more.get(name, nothing) for name in names}
    return replace(record, kept_back=both)


def _shown(result: ExerciseResult, hidden: Collection[str]) -> ShownExercise:
    # what only an instructor is to look at goes anyway
    result = replace(result, remarks=(), traceback="")
    if not hidden:
        return ShownExercise(result)
    back = [check for check in result.checks if check.name in hidden]
    shown = without(result.checks, hidden)
    names = {check.name for check in shown}
    broken = (
        replace(each, checks=tuple(name for name in each.checks if name in names))
        for each in result.violations
    )
    return ShownExercise(
        replace(
            result,
            checks=tuple(shown),
            violations=tuple(each for each in broken if each.checks),
            # it may be such a check that failed itself
            message="" if result.is_fault else result.message,
        ),
        sum(check.score for check in back),
        sum(check.points for check in back),
    )

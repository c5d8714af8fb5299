"""The status of an exercise and the sentence about it, from how its checks ended."""

from __future__ import annotations

from collections.abc import Sequence

from ..course.catalog import Exercise
from ..course.translation import title_of
from ..language import _
from ..report import CheckResult, ExerciseResult, ExerciseStatus
from ..submission import Source
from ..submission.search import is_stub


def status_of(
    exercise: Exercise,
    source: Source | None,
    problem: str,
    checks: Sequence[CheckResult],
    *,
    is_begun: bool = False,
) -> tuple[ExerciseStatus, str]:
    """The exercise's status and a sentence about it.

    Args:
        source: what was handed in for it; `None` where there is nothing.
        problem: why the source could not be loaded; empty where it was.
        checks: how its checks ended.
        is_begun: whether there is code of the student's that no check could reach.
    """
    if source is None:
        sentence = _(
            "There is no {file} in this submission. `grader reset {name}` writes its stub."
        )
        return "missing", sentence.format(file=f"{exercise.name}.py", name=exercise.name)
    if problem:
        return "error", problem
    if {check.status for check in checks} == {"passed"}:
        return "passed", _("All points.")
    was_tried = is_begun or any(check.was_tried for check in checks)
    if is_stub(source, exercise) or not was_tried:
        return "not_attempted", _("Not started yet.")
    return ("partial" if any(check.score for check in checks) else "failed"), ""


def not_for_students(exercise: Exercise, source: Source | None) -> ExerciseResult:
    """An exercise all of whose checks are kept back: there is nothing to run."""
    status: ExerciseStatus = "not_attempted" if source else "missing"
    message = _("Only your instructor runs its checks.")
    return ExerciseResult(exercise.name, title_of(exercise), 0, 0, status, message)

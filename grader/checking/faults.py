"""What is told of an exercise that could not be judged: whose fault it is, and the traceback for who can mend it."""

from __future__ import annotations

import traceback

from ..course.catalog import Exercise
from ..course.translation import title_of
from ..errors import CourseFault, GraderError, PackageMissing
from ..language import _
from ..report import ExerciseResult
from ..text import clean

_REASON_LENGTH = 300
_TRACEBACK_LENGTH = 8000


def fault_result(
    exercise: Exercise, error: Exception, max_score: int = 0, seed: int = 0
) -> ExerciseResult:
    """The result of an exercise whose grading ended in `error`: no verdict, and no check."""
    return ExerciseResult(
        name=exercise.name,
        title=title_of(exercise),
        score=0,
        max_score=max_score,
        status="fault",
        message=_message(error),
        seed=seed,
        traceback=_shortened(traceback.format_exception(error)),
    )


def _message(error: Exception) -> str:
    reason = str(error) if isinstance(error, GraderError) else f"{type(error).__name__}: {error}"
    reason = clean(reason, _REASON_LENGTH)
    if isinstance(error, PackageMissing):
        return _("Not graded: {reason}").format(reason=reason)
    if not isinstance(error, CourseFault):
        sentence = _(
            "Not graded: the grader itself failed, not your code. Try again; if it fails again, "
            "tell your instructor. {reason}"
        )
        return sentence.format(reason=reason)
    if error.check:
        sentence = _(
            "Not graded: the check `{check}` is at fault, not your code. Please tell your instructor. {reason}"
        )
        return sentence.format(check=error.check, reason=reason)
    sentence = _(
        "Not graded: the checks of this exercise are at fault, not your code. Please tell your instructor. {reason}"
    )
    return sentence.format(reason=reason)


def _shortened(lines: list[str]) -> str:
    """The text of a traceback: its beginning and its end, where it is too long."""
    text = "".join(lines)
    half = _TRACEBACK_LENGTH // 2
    if len(text) > _TRACEBACK_LENGTH:
        text = f"{text[:half]}\n…\n{text[-half:]}"
    return clean(text, len(text))

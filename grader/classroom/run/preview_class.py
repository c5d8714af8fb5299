"""Grades a class without counting it, shows who changes, and makes it count once somebody has looked at it.

A preview is graded in a copy of the gradebook. Results of single exercises are kept in the gradebook itself, so a
preview that was interrupted goes on, and to accept one nothing runs: in one transaction the class is graded from what
is kept, and must come out as it was shown.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from datetime import UTC, datetime
from typing import NoReturn

from sqlalchemy.exc import SQLAlchemyError

from ...errors import GradebookError
from ...text import clean
from ..gradebook.previews import (
    Preview,
    waiting_preview,
    what_counts,
    what_would_count,
    write_accepted,
    write_preview,
)
from ..gradebook.reader import Gradebook
from ..gradebook.scratch import copied, in_one_transaction
from ..handin.read import digest_of
from ..score_changes import ClassChanges, ScoreStanding, changes_between
from .grade_class import RunSummary
from .pool import Workers

Grade = Callable[..., RunSummary]  # `grade_class` with all its arguments but the gradebook
_AGAIN = "Nothing was changed. Make a new one with `--preview`."


def preview_class(
    gradebook: Gradebook, grade: Grade, *, who: str
) -> tuple[RunSummary, ClassChanges]:
    """Grades a class without counting it: nothing that counts changes, and a preview waits to be accepted.

    Args:
        grade: `grade_class` with its arguments but `gradebook` and `kept_in`, such as `partial(grade_class, "lab-1")`;
            what it would change is shown, and so may be another one than the gradebook was made with.
        who: makes the preview.

    Raises:
        GraderError: as `grade_class`; a preview that was made before goes on waiting then.
    """
    with copied(gradebook) as copy:
        counts = what_counts(copy)
        before = {record.student.id: ScoreStanding.of(record) for record in copy.records()}
        summary = grade(gradebook=copy, kept_in=gradebook, change=True)
        changes = changes_between(before, copy.records())
        would_count = what_would_count(copy)
    scores = {
        each.id: (
            each.before.score if each.before else None,
            each.after.score if each.after else None,
        )
        for each in changes.students
        if each.changes_score
    }
    preview = Preview(
        made=datetime.now(UTC),
        made_by=clean(who.strip()),
        fingerprint=digest_of([counts, would_count]),
        changes=scores,
        not_graded=tuple(summary.faults),
    )
    write_preview(gradebook, preview)
    return summary, changes


def accept_preview(gradebook: Gradebook, grade: Grade, *, who: str) -> tuple[RunSummary, Preview]:
    """Makes the preview that waits count, all of it at once; nothing is run.

    Args:
        grade: as for `preview_class`, with the same arguments.
        who: accepts it.

    Raises:
        GradebookError: if there is no preview, it is not complete, or sources, checks, settings or what counts are
            others than when it was made. Nothing has changed then.
    """
    preview = waiting_preview(gradebook)
    if preview is None:
        raise GradebookError(
            "There is no preview to accept. `--preview` instead of `--accept` makes one and shows who changes."
        )
    if preview.not_graded:
        students = ", ".join(preview.not_graded[:5]) + (" …" if len(preview.not_graded) > 5 else "")
        raise GradebookError(
            f"In the preview, the work of {len(preview.not_graded)} could not be graded ({students}), through no fault "
            f"of theirs. {_AGAIN}"
        )
    try:
        with in_one_transaction(gradebook) as trial:
            counted = what_counts(trial)
            summary = grade(gradebook=trial, kept_in=trial, workers=_NOBODY, change=True)
            if digest_of([counted, what_would_count(trial)]) != preview.fingerprint:
                _outdated()
            write_accepted(trial, clean(who.strip()))
    except SQLAlchemyError as error:
        reason = " ".join(str(error).split("\n", 1)[0].split())
        raise GradebookError(
            f"The preview could not be accepted: {reason}. Nothing was changed; run the same command again."
        ) from error
    return summary, preview


def _outdated() -> NoReturn:
    raise GradebookError(
        "The preview is outdated: submissions, checks, settings or what counts are others than when it was made. "
        + _AGAIN
    )


def _start() -> Executor:
    """Whatever has to run now did not have to run for the preview, or does so by other checks."""
    _outdated()


_NOBODY = Workers(_start, lambda executor: None, lambda: 1)

"""How a score comes about, for those who read no page: in the sentences of the feedback page."""

from __future__ import annotations

from collections.abc import Iterator

from ...language import _
from ..records import Record


def score_of(record: Record) -> str:
    """The score in words, in the language in use."""
    return _("{score} of {most} points").format(score=record.score, most=record.max_score)


def sums_of(record: Record) -> Iterator[str]:
    """How the score that counts comes from what grading gave; nothing where they are the same."""
    if not (record.adjustments or record.penalty):
        return
    yield _("graded: {points} points").format(points=record.graded or 0)
    if record.penalty:
        template = _("{days} days late: −{points} points")
        yield template.format(days=record.late_days, points=record.penalty)
    for given in record.adjustments:
        template = _("by hand: {points} points: {why}")
        if given.exercise:
            template = _("by hand in {exercise}: {points} points: {why}")
        yield template.format(exercise=given.exercise, points=f"{given.points:+}", why=given.why)

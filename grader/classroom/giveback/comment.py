"""Feedback as plain text, for a service that shows a comment as it is typed: what is wrong, and the points."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

from ...language import _, speaking
from ...outputs.wording import told_in
from ...report import CheckResult
from ..records import Record
from ..report.feedback import WORDS
from ..report.for_student import ShownExercise, shown_exercises
from .sums import score_of, sums_of

MOST = 12_000  # characters: more is read by nobody, and services take no book


def comment_of(record: Record, title: str) -> str:
    """The comment, in the report's language; a mistake is told once, its cause first."""
    with speaking(record.report.language) if record.report else nullcontext():
        lines: list[str] = []
        size = 0
        for line in _lines(record, " ".join(title.split())):
            size += len(line) + 1
            if size > MOST:
                lines.append(_("… The rest is left out here, as it is long."))
                break
            lines.append(line)
        return "\n".join(lines).strip()


def _lines(record: Record, title: str) -> Iterator[str]:
    yield f"{title}: {score_of(record)}"
    yield from sums_of(record)
    if record.report is None:
        yield record.problem or _("Nothing was handed in.")
    for shown in shown_exercises(record):
        yield ""
        yield from _exercise(shown)


def _exercise(shown: ShownExercise) -> Iterator[str]:
    result = shown.result
    yield f"{result.title or result.name}: {result.score} / {result.max_score} ({_(WORDS[result.status])})"
    if result.explanation:
        yield result.explanation
    if result.was_attempted:
        told = [(check, what) for check, what in told_in(result) if not check.is_earned]
        for check, what in told:
            yield f"✗ {check.description} ({_points(check)})"
            texts = (what.cause, what.message, what.place)
            yield from (f"  {line}" for text in texts if text for line in text.split("\n"))
    if shown.hidden_points:
        template = _("Checks that only your instructor runs: {score} of {points} points.")
        yield template.format(score=shown.hidden_score, points=shown.hidden_points)


def _points(check: CheckResult) -> str:
    template = _("{score} of {points}, {status}")
    return template.format(score=check.score, points=check.points, status=_(WORDS[check.status]))

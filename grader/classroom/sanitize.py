"""Records made fit to show: nothing in a text that a page or a terminal would obey."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..report import CheckResult, ExerciseResult, Report
from ..text import clean
from .records import Enrolled, Record

NAME_LENGTH, TEXT_LENGTH = 200, 4000
Rewrite = Callable[[str], str]


def plain(text: str, length: int = TEXT_LENGTH) -> str:
    """What `clean` gives, and quick for the usual text, in which there is nothing to clean."""
    if len(text) <= length and text.replace("\n", "").isprintable():
        return text
    return clean(text, length)


def name_of(text: str) -> str:
    """`text` on one line."""
    return plain(" ".join(text.split()), NAME_LENGTH)


def rewritten(record: Record, student: Enrolled, rewrite: Rewrite) -> Record:
    """The record of `student`, with every text in it that is not the course's passed through `rewrite`."""
    excuse = record.excused
    return replace(
        record,
        student=student,
        report=_report(record.report, student, rewrite) if record.report else None,
        problem=rewrite(record.problem),
        adjustments=tuple(
            replace(
                adjustment,
                exercise=rewrite(adjustment.exercise),
                who=rewrite(adjustment.who),
                why=rewrite(adjustment.why),
            )
            for adjustment in record.adjustments
        ),
        notes=tuple(rewrite(note) for note in record.notes),
        excused=excuse and replace(excuse, who=rewrite(excuse.who), why=rewrite(excuse.why)),
    )


def shown(record: Record) -> Record:
    """The record with every text in it that is not the course's made plain."""
    student = record.student
    return rewritten(
        record,
        replace(
            student,
            id=name_of(student.id),
            name=name_of(student.name),
            email=name_of(student.email),
            section=name_of(student.section),
            login=name_of(student.login),
            ids=tuple((name_of(column), name_of(text)) for column, text in student.ids),
        ),
        plain,
    )


def _report(report: Report, student: Enrolled, rewrite: Rewrite) -> Report:
    return replace(
        report,
        submission=student.id,
        exercises=tuple(_exercise(exercise, rewrite) for exercise in report.exercises),
    )


def _exercise(exercise: ExerciseResult, rewrite: Rewrite) -> ExerciseResult:
    message = rewrite(exercise.message)
    checks = tuple(_check(check, rewrite) for check in exercise.checks)
    # most texts stay what they are; making everything anew would take most of the time
    told = exercise.violations or exercise.remarks or exercise.notes
    if message is exercise.message and not told:
        if all(new is old for new, old in zip(checks, exercise.checks, strict=True)):
            return exercise
    violations = tuple(
        replace(violation, message=rewrite(violation.message)) for violation in exercise.violations
    )
    remarks = tuple(rewrite(remark) for remark in exercise.remarks)
    notes = tuple(rewrite(note) for note in exercise.notes)
    return replace(
        exercise,
        message=message,
        violations=violations,
        checks=checks,
        remarks=remarks,
        notes=notes,
    )


def _check(check: CheckResult, rewrite: Rewrite) -> CheckResult:
    renewed: dict[str, Any] = {}
    for name in ("message", "cause", "place"):
        text = getattr(check, name, "")
        new = rewrite(text) if text else text
        if new is not text:
            renewed[name] = new
    return replace(check, **renewed) if renewed else check

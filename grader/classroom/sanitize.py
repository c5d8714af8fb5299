"""Records made fit to show: nothing in a text that a page or a terminal would obey."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..report import CheckResult, ExerciseResult, Report
from ..text import clean
from .records import Enrolled, FileText, HandedIn, Record

NAME_LENGTH, TEXT_LENGTH, FILE_LENGTH = 200, 4000, 200_000
_LINE_ENDS = re.compile(r"\r\n|\r|\n")  # as Python counts the lines of a file
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
        hand_ins=tuple(_handed_in(each, rewrite) for each in record.hand_ins),
        comments=tuple(
            replace(
                comment,
                exercise=rewrite(comment.exercise),
                place=rewrite(comment.place),
                text=rewrite(comment.text),
                who=rewrite(comment.who),
            )
            for comment in record.comments
        ),
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


def lines_of(text: str) -> list[str]:
    """The lines of a file, as Python counts them; what follows the last line's end is no line."""
    lines = _LINE_ENDS.split(text)
    return lines if lines[-1] else lines[:-1]


def _handed_in(handed: HandedIn, rewrite: Rewrite) -> HandedIn:
    files = {name: _file(file, rewrite) for name, file in handed.files.items()}
    return replace(handed, files=files, problem=rewrite(handed.problem))


def _file(file: FileText, rewrite: Rewrite) -> FileText:
    return replace(
        file,
        filename=rewrite(file.filename),
        problem=rewrite(file.problem),
        cells=tuple((rewrite(place), _text(text, rewrite)) for place, text in file.cells),
    )


def _text(text: str, rewrite: Rewrite) -> str:
    """A file's text, line by line: its lines keep their numbers. What is far too long is left out, and says so."""
    kept = text[:FILE_LENGTH]
    lines = [rewrite(line) if line else line for line in lines_of(kept)]
    if len(text) > len(kept):
        lines.append(f"… ({len(text) - len(kept):,} more characters are not shown)")
    return "\n".join(lines)


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
    told = exercise.violations or exercise.remarks or exercise.notes or exercise.traceback
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
        traceback=rewrite(exercise.traceback),
    )


def _check(check: CheckResult, rewrite: Rewrite) -> CheckResult:
    renewed: dict[str, Any] = {}
    for name in ("message", "cause", "place", "detail", "printed"):
        text = getattr(check, name, "")
        new = rewrite(text) if text else text
        if new is not text:
            renewed[name] = new
    return replace(check, **renewed) if renewed else check

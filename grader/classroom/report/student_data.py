"""A student's page as data: what became of the work, and, in a file of its own, the code."""

from __future__ import annotations

from typing import Any

from ...report import CheckResult, ExerciseResult, Picture
from ..records import FileText, HandedIn, Record
from .class_summary import LETTERS, ClassSummary
from .exports import stamp
from .marked_code import ListedCell, changes, flat, is_at_a_line, listed_cells


def details(record: Record, summary: ClassSummary) -> dict[str, Any]:
    """What the page shows of a student, but for the code."""
    student, report = record.student, record.report
    return {
        "name": student.name or student.id,
        "facts": [
            [word, text]
            for word, text in (
                ("identifier", student.id if student.name else ""),
                ("login", student.login),
                ("mail", student.email),
                ("section", student.section),
                ("", "" if student.on_roster else "not on the roster"),
                ("handed in", stamp(record.submitted).replace("T", " ").replace("Z", " UTC")),
                ("days late", str(record.late_days) if record.late_days else ""),
                ("commit", record.commit[:12]),
            )
            if text
        ],
        "score": [record.score, record.max_score, record.graded, record.penalty],
        "state": record.state,
        "code": int(bool(record.hand_ins)),
        "problem": record.problem,
        "notes": list(record.notes),
        "comments": [
            [*(each.exercise, each.place, each.line, each.who, stamp(each.when)[:10]), each.text]
            for each in record.comments
            if not is_at_a_line(each, record.files.get(each.exercise))
        ],
        "adjustments": [
            [each.exercise, each.points, each.who, stamp(each.when)[:10], each.why]
            for each in record.adjustments
        ],
        "exercises": [
            _exercise(each, summary, record.kept_back.get(each.name, frozenset()))
            for each in (report.exercises if report else ())
        ],
    }


def _exercise(
    result: ExerciseResult, summary: ClassSummary, kept_back: frozenset[str]
) -> list[Any]:
    number = summary.exercise_number(result)
    return [
        *(number, LETTERS[result.status], result.score, result.max_score),
        result.explanation,
        [[each.line, each.message] for each in result.violations],
        [_check(number, check, summary) for check in result.checks],
        list(result.remarks),
        [check.name for check in result.checks if check.name in kept_back],
    ]


def _check(exercise: int, check: CheckResult, summary: ClassSummary) -> int | list[Any]:
    """A passed check is its number alone: most are. A mistake is told once: others name the check that tells it."""
    number = summary.check_number(exercise, check)
    if check.is_earned:
        return number
    cases = [
        " ".join(part for part in (case.device, case.dtype) if part)
        for case in check.cases
        if case.status not in ("passed", check.status)
    ]
    pictures = [drawn(picture) for picture in check.pictures]
    told = ["", "", ""] if check.same_as else [check.message, check.cause, check.place]
    entry = [number, LETTERS[check.status], check.score, *told, cases]
    entry += [[] if check.same_as else pictures, check.same_as]
    while entry[-1] in ("", []):
        entry.pop()
    return entry


def drawn(picture: Picture) -> list[Any]:
    """A picture in few characters: kind, title, shape, and numbers from −99 to 99, of the largest in size."""
    numbers = [value for row in picture.rows for value in row if value is not None]
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    if picture.kind == "error":
        low, high = 0.0, max(abs(low), abs(high))
    scale = 99 / (high - low or 1.0)
    rows = [
        [None if value is None else round((value - low) * scale) for value in row]
        for row in picture.rows
    ]
    return [picture.kind, picture.title, list(picture.shape), rows]


def code(record: Record, summary: ClassSummary) -> dict[str, Any] | None:
    """The files that count, with what is said of their lines, and how the hand-ins before differ from them.

    Returns:
        `None` where there is no text.
    """
    if not any(each.files or each.problem for each in record.hand_ins):
        return None
    report, files = record.report, record.files
    results = {each.name: each for each in report.exercises} if report else {}
    language = report.language if report else "en"
    return {
        "files": [
            [
                *(name, file.filename, file.problem),
                [
                    _cell(cell)
                    for cell in listed_cells(
                        file,
                        results.get(name),
                        language,
                        for_instructor=True,
                        comments=[each for each in record.comments if each.exercise == name],
                    )
                ],
            ]
            for name, file in files.items()
        ],
        "older": [_older(each, record) for each in record.hand_ins if not each.counts],
    }


def _cell(cell: ListedCell) -> list[Any]:
    marks = [
        [line, mark.kind, mark.checks, mark.text]
        for line, several in cell.marks.items()
        for mark in several
    ]
    return [cell.place, list(cell.lines), marks]


def _older(handed: HandedIn, record: Record) -> list[Any]:
    """A hand-in that does not count: of each file that differs, what makes the one that counts of it."""
    now = record.files
    differing = []
    for name in dict.fromkeys([*now, *handed.files]):
        old, new = flat(handed.files.get(name)), flat(now.get(name))
        if old != new:
            differing.append([name, _name_of(handed.files.get(name)), changes(old, new)])
    return [
        *(stamp(handed.when).replace("T", " ").replace("Z", " UTC"), handed.commit[:12]),
        *(handed.score, handed.max_score, handed.problem, differing),
    ]


def _name_of(file: FileText | None) -> str:
    return file.filename if file else ""

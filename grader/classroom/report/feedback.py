"""What a student gets back: every check and what it says, as Markdown and as a page, to send or to push.

The instructor's notes are not in it, nor who changed points, nor anybody else's results.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ...outputs.marks import MARKS
from ...report import CheckResult, ExerciseResult
from ..records import Record
from .file_names import slug
from .templating import asset, environment

WORDS = {
    "passed": "passed",
    "partial": "some points",
    "failed": "not right yet",
    "timeout": "not done within its time",
    "error": "cannot be loaded",
    "fault": "not graded",
    "missing": "no file",
    "not_started": "not started",
    "not_attempted": "not started",
    "not_reached": "not reached",
    "skipped": "skipped",
}
NOT_GRADED = (
    "Your work has been handed in and is not graded yet. This is not your fault, and it costs no points: "
    "your instructor knows and will have it graded."
)
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~&])")
_CODE = re.compile(r"(`[^`\n]+`)")


def write_feedback(record: Record, title: str, folder: Path) -> list[Path]:
    """Writes a student's two files into `folder`, named after the identifier; their paths.

    Raises:
        OSError: if one cannot be written.
    """
    name = slug(record.student.id)
    pages = {".md": markdown(record, title), ".html": html(record, title)}
    paths = []
    for ending, text in pages.items():
        path = folder / f"{name}{ending}"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def html(record: Record, title: str) -> str:
    """One page without scripts, which takes nothing from elsewhere."""
    return (
        environment()
        .get_template("feedback.html")
        .render(
            record=record,
            title=title,
            words=WORDS,
            marks=MARKS,
            style=asset("feedback.css"),
            **_sums(record),
        )
    )


def markdown(record: Record, title: str) -> str:
    """CommonMark. What the student's code said stands in fenced blocks, where nothing is obeyed."""
    return "\n".join(_lines(record, title)) + "\n"


def _sums(record: Record) -> dict[str, object]:
    return {
        "score": _score(record),
        "problem": _problem(record),
        "changed": record.score is not None and bool(record.adjustments or record.penalty),
    }


def _score(record: Record) -> str:
    return record.state if record.score is None else f"{record.score} of {record.max_score} points"


def _problem(record: Record) -> str:
    """Why there is no result. What failed on the grader's side is for the instructor alone."""
    if record.state == "not graded":
        return NOT_GRADED
    return record.problem or ("" if record.report else "Nothing was handed in.")


def _lines(record: Record, title: str) -> Iterator[str]:
    student = record.student
    yield f"# {escaped(title)}"
    yield ""
    yield f"For {escaped(student.name or student.id)}: **{_score(record)}**"
    if problem := _problem(record):
        yield ""
        yield from _fenced(problem)
    if record.score is not None and (record.adjustments or record.penalty):
        yield ""
        yield f"- graded: {record.graded} points"
        if record.penalty:
            yield f"- {record.late_days} days late: −{record.penalty} points"
        for each in record.adjustments:
            where = f" in {escaped(each.exercise)}" if each.exercise else ""
            yield f"- by hand{where}: {each.points:+d} points: {escaped(each.why)}"
    for exercise in record.report.exercises if record.report else ():
        yield from _exercise(exercise)


def _exercise(exercise: ExerciseResult) -> Iterator[str]:
    yield ""
    points = "" if exercise.is_fault else f": {exercise.score} of {exercise.max_score}"
    yield f"## {escaped(exercise.title or exercise.name)}{points}"
    yield ""
    yield f"`{exercise.name}`: {WORDS[exercise.status]}"
    if exercise.explanation:
        yield ""
        yield from _fenced(exercise.explanation)
    if not exercise.was_attempted:
        return
    yield ""
    for check in exercise.checks:
        yield from _check(check)


def _check(check: CheckResult) -> Iterator[str]:
    # why a check was not tried is in the words behind it
    mark = MARKS[check.status if check.was_tried else "skipped"].emoji
    yield (
        f"- {mark} {escaped(check.description)} "
        f"({check.score} of {check.points}, {WORDS[check.status]})"
    )
    if check.is_told:
        if check.message:
            yield ""
            yield from ("  " + line for line in _fenced(check.message))
            yield ""
        if check.cause:
            yield f"  → **{escaped(check.cause)}**"
        if check.place:
            yield f"  Look at {escaped(check.place)}."


def escaped(text: str) -> str:
    """`text` on one line of Markdown, where only what stands between backticks means something: it stays code."""
    pieces = _CODE.split(" ".join(text.split()))
    return "".join(
        piece if place % 2 else _MARKDOWN.sub(r"\\\1", piece) for place, piece in enumerate(pieces)
    )


def _fenced(text: str) -> Iterator[str]:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}text"
    yield from text.split("\n")
    yield fence

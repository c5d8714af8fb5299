"""The platform's own file, given back with scores: the same lines in the same order, so that it can be imported.

Of Canvas' gradebook the columns that identify a student are kept, and the assignment's; other assignments' columns are
left out, since the scores in them are as old as the file, and an import would set them back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from ...errors import ReportError
from ..records import RosterSheet
from ..sanitize import name_of
from .class_summary import ClassSummary, StudentSummary

Value = str | int | float | None
_CANVAS_OWN = ("student", "id", "sis user id", "sis login id", "integration id", "root account")
_ASSIGNMENT = re.compile(r"(?P<title>.*\S)\s+\((?P<number>\d+)\)")  # as Canvas writes it
# the platform's file → the kinds of roster that are its own
PLATFORM_OF = {
    "Canvas": "canvas",
    "Moodle": "moodle",
    "Moodle's grading worksheet": "moodle",
    "Blackboard": "blackboard",
}


def own_rows(
    sheet: RosterSheet, summary: ClassSummary, column: str = ""
) -> Iterator[Sequence[Value]]:
    """The lines of the file that `sheet` was read from, with the scores.

    Args:
        column: the header of Canvas' column for the scores; empty where the assignment's title is to tell.

    Raises:
        ReportError: if there is no such column, or the title fits several.
    """
    scores = {line.id: line for line in summary.lines}
    if sheet.kind == "Canvas":
        return _canvas(sheet, summary, scores, canvas_column(sheet, summary.title, column))
    return _with_scores(sheet, summary, scores)


def canvas_column(sheet: RosterSheet, title: str, named: str = "") -> int | None:
    """The place of the assignment's column in Canvas' gradebook; `None` where Canvas does not have it yet.

    It is the named one, else the one of this title, else the only one.

    Raises:
        ReportError: if there is no column of that name, or several of this title.
    """
    columns = _columns(sheet)
    shown = ", ".join(sheet.header[place] for place in columns) or "none"
    wanted = _same(named or title)
    fitting = [place for place in columns if _same(sheet.header[place]) == wanted]
    fitting = fitting or [place for place, text in columns.items() if _same(text) == wanted]
    if len(fitting) > 1:
        raise ReportError(
            f"Canvas' gradebook has several columns called {named or title!r}: {shown}. "
            "Name one of them with --canvas-column, with its number."
        )
    if named and not fitting:
        raise ReportError(
            f"Canvas' gradebook has no column {named!r}. The columns of assignments are: {shown}."
        )
    if fitting or len(columns) == 1:
        return (fitting or [*columns])[0]
    return None


def _columns(sheet: RosterSheet) -> dict[int, str]:
    """Canvas' columns of assignments: the place of each, and its title without the number."""
    return {
        place: match["title"]
        for place, text in enumerate(sheet.header)
        if (match := _ASSIGNMENT.fullmatch(text.strip()))
    }


def _guessed(
    sheet: RosterSheet, summary: ClassSummary, place: int | None, named: str
) -> Iterator[str]:
    """Where the scores go, if no column of Canvas' has the assignment's title and none was named."""
    columns, title = _columns(sheet), _title(summary)
    if place is None and columns:
        shown = ", ".join(sheet.header[at] for at in columns)
        yield (
            f"Canvas' gradebook has no column {title!r}: importing scores/canvas.csv makes a new assignment of that "
            f"name. If one of these is meant, name it with --canvas-column: {shown}."
        )
    elif place is not None and not named:
        column = sheet.header[place]
        if _same(title) not in (_same(column), _same(columns[place])):
            yield (
                f"The scores in scores/canvas.csv are in Canvas' column {column!r}, its only one, although this is "
                f"{title!r}. If that is another assignment, do not import them."
            )


def told_of(sheet: RosterSheet | None, summary: ClassSummary, column: str = "") -> list[str]:
    """What whoever imports the platform's own file should know."""
    if sheet is None or sheet.kind not in PLATFORM_OF:
        return []
    file = f"scores/{PLATFORM_OF[sheet.kind]}.csv"
    listed = {name_of(student) for student, _ in sheet.lines if student}
    told = []
    if strangers := [line.id for line in summary.lines if line.id not in listed]:
        some = ", ".join(strangers[:5]) + (" …" if len(strangers) > 5 else "")
        told.append(f"Not in {file}, since they are not on its roster ({len(strangers)}): {some}.")
    if sheet.kind == "Canvas":
        place = canvas_column(sheet, summary.title, column)
        told += _guessed(sheet, summary, place, column)
        told += _told_of_canvas(sheet, summary, place)
    else:
        place = _score_column(sheet, summary)
        told += _told_of_worksheet(sheet, summary)
    return [*told, *_told_of_what_goes(sheet, summary, place, file)]


def _told_of_canvas(sheet: RosterSheet, summary: ClassSummary, place: int | None) -> Iterator[str]:
    if place is None:
        return
    header = sheet.header[place]
    for student, cells in sheet.lines:
        if _is_possible(student, cells):
            possible = _number(_cell(cells, place))
            if possible not in (None, float(summary.max_score)):
                yield (
                    f"Canvas has {_cell(cells, place)} points possible for {header}, and this gradebook "
                    f"{summary.max_score}: scores are written as they are, and are not scaled."
                )


def _told_of_worksheet(sheet: RosterSheet, summary: ClassSummary) -> Iterator[str]:
    """Moodle's grading worksheet says in each line what can be reached."""
    place = next(
        (at for at, text in enumerate(sheet.header) if _same(text) == "maximum grade"), None
    )
    if place is None or "worksheet" not in sheet.kind:
        return
    said = dict.fromkeys(_cell(cells, place).strip() for _, cells in sheet.lines)
    for text in said:
        if _number(text.replace(",", ".")) not in (None, float(summary.max_score)):
            yield (
                f"Moodle has a maximum grade of {text}, and this gradebook {summary.max_score}: scores are written as "
                "they are, and are not scaled."
            )


def _told_of_what_goes(
    sheet: RosterSheet, summary: ClassSummary, place: int | None, file: str
) -> Iterator[str]:
    """Who has a grade or an excuse in the platform's file, and none here: an import may take it away."""
    scores = {line.id: line for line in summary.lines}
    gone = []
    for student, cells in sheet.lines:
        before = _cell(cells, place).strip() if student and place is not None else ""
        now = _score(scores.get(name_of(student)), "EX" if sheet.kind == "Canvas" else "")
        excused = before.casefold() == "ex"
        if before not in ("", "-") and (now != "EX" if excused else now in ("", None)):
            gone.append(f"{student} ({before} → {now if now not in ('', None) else 'nothing'})")
    if gone:
        some = ", ".join(gone[:5]) + (" …" if len(gone) > 5 else "")
        yield f"{file} would change what the platform has and this gradebook lacks ({len(gone)}): {some}."


def _canvas(
    sheet: RosterSheet,
    summary: ClassSummary,
    scores: Mapping[str, StudentSummary],
    place: int | None,
) -> Iterator[Sequence[Value]]:
    own = [at for at, text in enumerate(sheet.header) if _same(text) in (*_CANVAS_OWN, "section")]
    title = sheet.header[place] if place is not None else _title(summary)
    yield [*(sheet.header[at] for at in own), title]
    if not any(_is_possible(student, cells) for student, cells in sheet.lines):
        yield ["Points Possible", *([""] * (len(own) - 1)), summary.max_score]
    for student, cells in sheet.lines:
        kept = [_cell(cells, at) for at in own]
        if student:
            yield [*kept, _score(scores.get(name_of(student)), "EX")]
        elif place is not None:
            yield [*kept, _cell(cells, place)]
        else:
            yield [*kept, summary.max_score if _is_possible(student, cells) else ""]


def _with_scores(
    sheet: RosterSheet, summary: ClassSummary, scores: Mapping[str, StudentSummary]
) -> Iterator[Sequence[Value]]:
    """All columns, and the scores in Moodle's column `Grade`, in Blackboard's of this title, or in a new one."""
    title, width, place = _title(summary), len(sheet.header), _score_column(sheet, summary)
    yield [*sheet.header, title] if place == width else list(sheet.header)
    for student, cells in sheet.lines:
        row: list[Value] = [_cell(cells, at) for at in range(max(width, place + 1))]
        if student:
            row[place] = _score(scores.get(name_of(student)), "")
        yield row


def _score_column(sheet: RosterSheet, summary: ClassSummary) -> int:
    """The place of the column for the scores; behind the last one where there is none yet."""
    title = _title(summary)
    fits: Callable[[str], bool] = (
        (lambda text: _same(text) in ("grade", "성적"))
        if "worksheet" in sheet.kind
        else (lambda text: _same(text.split(" [", 1)[0]) == _same(title))
    )
    return next((at for at, text in enumerate(sheet.header) if fits(text)), len(sheet.header))


def _score(line: StudentSummary | None, excused: str) -> Value:
    if line is None:
        return ""
    return excused if line.state == "excused" else line.score


def _title(summary: ClassSummary) -> str:
    return " ".join(summary.title.split()) or "Score"


def _is_possible(student: str, cells: Sequence[str]) -> bool:
    """Whether this is Canvas' line of the points that are possible: it is no student's, and has a name."""
    return not student and bool(_cell(cells, 0).strip())


def _same(text: str) -> str:
    return " ".join(text.casefold().split())


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None

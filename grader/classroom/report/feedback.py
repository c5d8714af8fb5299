"""What a student gets back: every check and what it says, and the code with it, as Markdown and as a page.

The instructor's notes are not in it, nor who changed points, nor anybody else's results. Of checks that the assignment
keeps back, it has the points alone. It speaks the language that the report is in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from ...language import N_, _, current, speaking
from ...outputs.marks import MARKS
from ...outputs.wording import Told, printed_in, told_in
from ...report import CheckResult, ExerciseResult
from ..records import Adjustment, Comment, Record
from .file_names import slug
from .for_student import ShownExercise, shown_comments, shown_exercises
from .marked_code import ListedCell, is_at_a_line, listed_cells
from .templating import asset, environment

WORDS = {
    "passed": N_("passed"),
    "partial": N_("some points"),
    "failed": N_("not right yet"),
    "timeout": N_("not done within its time"),
    "error": N_("cannot be loaded"),
    "fault": N_("not graded"),
    "missing": N_("no file"),
    "not_started": N_("not started"),
    "not_attempted": N_("not started"),
    "not_reached": N_("not reached"),
    "skipped": N_("skipped"),
}
NOT_GRADED = N_(
    "Your work has been handed in and is not graded yet. This is not your fault, and it costs no points: "
    "your instructor knows and will have it graded."
)
AROUND = 2  # lines of code before and after a marked one, in Markdown
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~&])")
_CODE = re.compile(r"(`[^`\n]+`)")


@dataclass(frozen=True)
class _Part:
    """An exercise as it is written down, each of its texts in the student's language.

    Attributes:
        head: its title, with the points; `status`: what became of it, in words.
        checks: what is told of each; empty where there is nothing to say of them.
        kept_back: the points of the checks that are kept back, as a sentence; empty where there are none.
        comments: what somebody wrote about it, but for what stands at a line of the code.
        cells: the code.
    """

    name: str
    title: str
    points: str
    status: str
    explanation: str
    checks: list[tuple[CheckResult, Told, str]]
    printed: str
    kept_back: str
    comments: list[str]
    filename: str
    cells: list[ListedCell]


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
    with _language_of(record):
        return (
            environment()
            .get_template("feedback.html")
            .render(
                language=current(),
                title=title,
                name=record.student.name or record.student.id,
                score=_score(record),
                problem=_problem(record),
                sums=list(_sums(record)),
                comments=_of_the_whole(record),
                parts=_parts(record),
                marks=MARKS,
                style=asset("feedback.css"),
                your_code=_("Your code"),
                printed=_("Your code printed:"),
            )
        )


def markdown(record: Record, title: str) -> str:
    """CommonMark. What the student's code said stands in fenced blocks, where nothing is obeyed."""
    with _language_of(record):
        return "\n".join(_lines(record, title)) + "\n"


def _language_of(record: Record) -> AbstractContextManager[None]:
    language = record.report.language if record.report else current()
    return nullcontext() if language == current() else speaking(language)


def _score(record: Record) -> str:
    if record.score is None:
        return {"not graded": _("not graded"), "excused": _("excused")}.get(
            record.state, _("nothing handed in")
        )
    return _("{score} of {most} points").format(score=record.score, most=record.max_score)


def _problem(record: Record) -> str:
    """Why there is no result. What failed on the grader's side is for the instructor alone."""
    if record.state == "not graded":
        return _(NOT_GRADED)
    return record.problem or ("" if record.report else _("Nothing was handed in."))


def _sums(record: Record) -> Iterator[str]:
    """How the score that counts comes from what grading gave; nothing where they are the same."""
    if record.score is None or not (record.adjustments or record.penalty):
        return
    if record.graded is not None:  # points by hand count without a hand-in, too
        yield _("graded: {points} points").format(points=record.graded)
    if record.penalty:
        template = _("{days} days late: −{points} points")
        yield template.format(days=record.late_days, points=record.penalty)
    yield from map(_by_hand, record.adjustments)


def _by_hand(given: Adjustment) -> str:
    points = f"{given.points:+}"
    if given.exercise:
        template = _("by hand in {exercise}: {points} points: {why}")
        return template.format(exercise=given.exercise, points=points, why=given.why)
    return _("by hand: {points} points: {why}").format(points=points, why=given.why)


def _of_the_whole(record: Record) -> list[str]:
    """The comments on the whole, and those on an exercise that has no part of its own."""
    exercises = record.report.exercises if record.report else ()
    others = {each.exercise for each in record.comments} - {each.name for each in exercises}
    return [_said(each) for name in sorted(others) for each in shown_comments(record, name)]


def _parts(record: Record) -> list[_Part]:
    return [_part(record, shown) for shown in shown_exercises(record)]


def _part(record: Record, shown: ShownExercise) -> _Part:
    result = shown.result
    file = record.files.get(result.name)
    told = list(told_in(result)) if result.was_attempted else []
    return _Part(
        name=result.name,
        title=result.title or result.name,
        points="" if result.is_fault else f"{result.score} / {result.max_score}",
        status=_(WORDS[result.status]),
        explanation=result.explanation,
        checks=[(check, what, _points(check)) for check, what in told],
        printed=printed_in(result) if result.was_attempted else "",
        kept_back=_kept_back(shown),
        comments=[
            _said(each)
            for each in shown_comments(record, result.name)
            if not is_at_a_line(each, file)
        ],
        filename=file.filename if file else "",
        cells=_cells(record, result),
    )


def _cells(record: Record, result: ExerciseResult) -> list[ListedCell]:
    file = record.files.get(result.name)
    if file is None or record.report is None:
        return []
    comments = shown_comments(record, result.name)
    return listed_cells(file, result, record.report.language, comments=comments)


def _said(comment: Comment) -> str:
    """A comment in a line of its own; one at a line that is not shown names it."""
    if comment.line is None:
        return comment.text
    template = _("{file}, line {line}")
    return f"{template.format(file=comment.place, line=comment.line)}: {comment.text}"


def _points(check: CheckResult) -> str:
    template = _("{score} of {points}, {status}")
    return template.format(score=check.score, points=check.points, status=_(WORDS[check.status]))


def _kept_back(shown: ShownExercise) -> str:
    if not shown.hidden_points or shown.result.is_fault:
        return ""
    template = _("Checks that only your instructor runs: {score} of {points} points.")
    return template.format(score=shown.hidden_score, points=shown.hidden_points)


def _lines(record: Record, title: str) -> Iterator[str]:
    name = escaped(record.student.name or record.student.id)
    yield f"# {escaped(title)}"
    yield ""
    yield f"{name}: **{_score(record)}**"
    if problem := _problem(record):
        yield ""
        yield from _fenced(problem)
    if sums := [f"- {escaped(each)}" for each in _sums(record)]:
        yield ""
        yield from sums
    yield from _comments(_of_the_whole(record))
    for part in _parts(record):
        yield from _exercise(part)


def _exercise(part: _Part) -> Iterator[str]:
    yield ""
    yield f"## {escaped(part.title)}" + (f": {part.points}" if part.points else "")
    yield ""
    yield f"`{part.name}`: {part.status}"
    if part.explanation:
        yield ""
        yield from _fenced(part.explanation)
    if part.checks:
        yield ""
    for check, what, points in part.checks:
        yield from _check(check, what, points)
    if part.printed:
        yield ""
        yield _("Your code printed:")
        yield from _fenced(part.printed)
    if part.kept_back:
        yield ""
        yield part.kept_back
    yield from _comments(part.comments)
    if excerpt := _excerpt(part.cells):
        yield ""
        yield from _fenced("\n".join(excerpt))


def _check(check: CheckResult, what: Told, points: str) -> Iterator[str]:
    # why a check was not tried is in the words behind it
    mark = MARKS[check.status if check.was_tried else "skipped"].emoji
    yield f"- {mark} {escaped(check.description)} ({points})"
    if what.cause:
        yield f"  **{escaped(what.cause)}**"
    if what.message and check.same_as:
        yield f"  {escaped(what.message)}"
    elif what.message:
        yield ""
        yield from ("  " + line for line in _fenced(what.message))
        yield ""
    if what.place:
        yield f"  {escaped(what.place)}"
    if what.printed:
        yield ""
        yield f"  {_('Your code printed:')}"
        yield from ("  " + line for line in _fenced(what.printed))
        yield ""


def _comments(texts: list[str]) -> Iterator[str]:
    for text in texts:
        yield ""
        yield f"> {escaped(text)}"


def _excerpt(cells: list[ListedCell]) -> list[str]:
    """The lines that are marked, with some around them and what is said of them; nothing where none is."""
    found = []
    for cell in cells:
        shown = {at for line in cell.marks for at in range(line - AROUND, line + AROUND + 1)}
        wanted = sorted(at for at in shown if 0 < at <= len(cell.lines))
        if wanted:
            found.append(f"{cell.place}:")
        for at, before in zip(wanted, [wanted[:1], *([each] for each in wanted)], strict=False):
            if at > before[0] + 1:
                found.append("    …")
            found.append(f"{at:4}  {cell.lines[at - 1]}".rstrip())
            found += [f"   ↑  {mark.text}" for mark in cell.marks.get(at, ())]
    return found


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

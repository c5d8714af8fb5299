"""The report for a step of GitHub Actions: job summary, annotations, the points, and a log without commands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from io import StringIO

from ..language import _, speaking
from ..report import CheckResult, ExerciseResult, Report
from ..text import clean
from . import escape, terminal
from .classroom_reporter import table_note
from .marks import MARKS
from .wording import again_command, checks_passed, failures, told, total, verdict, worth

# GitHub takes 1 MiB a step and drops all of a summary that is larger
MAX_SUMMARY = 900_000
# it shows ten errors a step, and drops the others without a word
MAX_ANNOTATIONS = 10
_ANNOTATION_LENGTH = 400


def summary(report: Report, title: str = "") -> str:
    """The job summary in Markdown, of less than 1 MiB: a table, then each failure folded; in the report's language."""
    with speaking(report.language):
        return _summary(escape.cleaned(report), title)


def _summary(report: Report, title: str) -> str:
    head = f"## {escape.markdown(title)}\n\n" if title else ""
    columns = _("| | exercise | points | checks passed |")
    score = _("Not graded") if report.faults else total(report.score, report.max_score)
    sentence = verdict(report)
    if report.is_untouched:
        score = _("Not started: {points}").format(points=score)
        sentence = _("Nothing is written yet. So the mark of this run is green, and says nothing.")
    parts = [
        f"{head}### {score}\n\n{escape.markdown(sentence, 400)}\n",
        f"{columns}\n|---|---|---:|---:|\n" + "".join(map(_row, report.exercises)),
    ]
    if note := table_note(report):
        parts.append(f"{escape.markdown(note, 400)}\n")
    parts += map(_fault, report.faults)
    parts += map(_problem, (each for each in report.exercises if each.status == "error"))
    parts += (_note(exercise, note) for exercise in report.exercises for note in exercise.notes)
    parts += (_failure(exercise, check) for exercise, check in failures(report))
    if not report.faults:
        feedback = _(
            "This mark is feedback. The score of record is what your instructor's own grading gives."
        )
        parts.append(f"{feedback}\n")
    return "\n".join(_fitting(parts))


def _fitting(parts: list[str]) -> Iterator[str]:
    """As many parts as fit, and how many did not."""
    room = MAX_SUMMARY
    for index, part in enumerate(parts):
        room -= len(part.encode("utf-8", "replace")) + 1
        if room < 0:
            template = _("{count} more parts are left out: a summary holds no more than 1 MiB.")
            yield f"{template.format(count=len(parts) - index)}\n"
            return
        yield part


def _row(exercise: ExerciseResult) -> str:
    passed = "–" if exercise.is_fault else f"{checks_passed(exercise)}/{len(exercise.checks)}"
    held = ""
    if exercise.held_back:
        held = " " + _("(+{points} kept back)").format(points=exercise.held_back)
    return (
        f"| {MARKS[exercise.status].overview} | {escape.markdown(exercise.name)} | "
        f"{worth(exercise)}{held} | {passed} |\n"
    )


def _fault(exercise: ExerciseResult) -> str:
    template = _("{name} was not graded, through no fault of the submission:")
    head = template.format(name=f"**{escape.markdown(exercise.name)}**")
    return f"{head}\n\n{escape.fenced(exercise.message)}\n"


def _problem(exercise: ExerciseResult) -> str:
    head = _("{name} cannot be graded:").format(name=f"**{escape.markdown(exercise.name)}**")
    return f"{head}\n\n{escape.fenced(exercise.message)}\n"


def _note(exercise: ExerciseResult, note: str) -> str:
    return f"**{escape.markdown(exercise.name)}**:\n\n{escape.fenced(note)}\n"


def _failure(exercise: ExerciseResult, check: CheckResult) -> str:
    name = f"<b>{escape.html(exercise.name)}</b>: {escape.html(check.description, 300)}"
    # not within the f-string: what looks for texts to translate does not look into one
    likely, repeat = _("Likely cause:"), _("To repeat it:")
    what = told(check)
    cause = f"{likely}\n\n{escape.fenced(check.cause)}\n\n" if what.cause else ""
    printed = ""
    if what.printed:
        printed = f"{_('Your code printed:')}\n\n{escape.fenced(what.printed)}\n\n"
    return (
        f"<details><summary>{name} ({check.score}/{check.points})</summary>\n\n"
        f"{cause}{escape.fenced(what.message)}\n\n{printed}"
        f"{repeat}\n\n{escape.fenced(again_command(exercise), 200)}\n\n</details>\n"
    )


def log(report: Report) -> str:
    """The report as a terminal shows it, without colours, for the step's log."""
    from rich.console import Console

    buffer = StringIO()
    terminal.render(report, Console(file=buffer, width=100, color_system=None))
    return "".join(
        f"{escape.log_line(line.rstrip())}\n" for line in buffer.getvalue().split("\n")[:-1]
    )


def points(report: Report) -> str:
    """The two notices that Classroom's reporter prints, and that those who count points look for.

    There are none without points, and none of a report with faults: what is not announced is counted by nobody.
    """
    if report.faults or not report.max_score:
        return ""
    totals = json.dumps({"totalPoints": report.score, "maxPoints": report.max_score})
    notices = (
        (f"Points {report.score}/{report.max_score}", "Autograding complete"),
        (totals.replace(" ", ""), "Autograding report"),
    )
    return "".join(f"{escape.command('notice', text, title=title)}\n" for text, title in notices)


def remarks(report: Report, files: Mapping[str, str]) -> str:
    """At most ten remarks at the student's file and line, the most useful first and every exercise before a second.

    Args:
        files: the path of each exercise's file in the repository.
    """
    found: list[tuple[int, int, str]] = []  # which of its exercise, how useful, the line
    for exercise, given in zip(escape.cleaned(report).exercises, report.exercises, strict=True):
        with speaking(report.language):
            own = sorted(_remarks_on(exercise, files.get(given.name, "")), key=lambda each: each[0])
        found += [(index, rank, text) for index, (rank, text) in enumerate(own)]
    found.sort(key=lambda each: each[:2])
    return "".join(f"{text}\n" for _index, _rank, text in found[:MAX_ANNOTATIONS])


def _remarks_on(exercise: ExerciseResult, file: str) -> Iterator[tuple[int, str]]:
    """What there is to say of an exercise, with a rank: what has a line comes first, then what has a cause."""

    def remark(line: int | None, title: str, message: str, level: str = "error") -> str:
        at: dict[str, str | int] = {"file": file} if file else {}
        # a line of a notebook's file is no line of its cell
        if file and line and not file.endswith(".ipynb"):
            at["line"] = line
        title = escape.log_line(escape.one_line(f"{exercise.name}: {title}"))
        text = escape.log_line(clean(message, _ANNOTATION_LENGTH))
        return escape.command(level, text, **at, title=title)

    if exercise.is_fault:
        file = ""  # nothing is known to be wrong with the student's
        yield -1, remark(None, worth(exercise), exercise.message)
    if exercise.status == "error":
        line = _line_in(exercise.message, exercise.name)
        yield 1, remark(line, _("cannot be graded"), exercise.message)
    for note in exercise.notes:
        yield 5, remark(_line_in(note, exercise.name), worth(exercise), note, "notice")
    if not exercise.could_be_graded or not exercise.was_attempted:
        return
    for check in exercise.checks:
        if check.went_wrong and not check.same_as:
            raised = _line_in(check.message, exercise.name)
            line = raised or _line_in(check.place, exercise.name)
            rank = 2 if raised else 3 if check.cause else 4
            message = f"{check.cause}\n{check.message}" if check.cause else check.message
            yield rank, remark(line, check.description, message)


def _line_in(message: str, name: str) -> int | None:
    """The line of the student's file that a message names; the innermost one where it names several."""
    pattern = re.escape(_("{file}, line {line}")).replace(r"\{line\}", r"(\d{1,7})(?!\d)")
    file = rf"\b{re.escape(name)}\.py"
    lines = re.findall(pattern.replace(r"\{file\}", file), message)
    return int(lines[-1]) if lines else None

"""Student text for each medium: shown as it was written, obeyed by no program, cut at a stated length.

`clean` (in `grader/text.py`) comes first everywhere: it writes out control characters, ANSI codes and bidirectional
marks. What is left is markup, and each medium has its own.
"""

from __future__ import annotations

import html as _html
import re
from dataclasses import replace
from typing import TypeVar

from ..report import CheckResult, ExerciseResult, Report
from ..text import clean

NAME_LENGTH = 120
DESCRIPTION_LENGTH = 300
MESSAGE_LENGTH = 2000
CELL_LENGTH = 32_000  # a spreadsheet's own limit is 32,767

_Value = TypeVar("_Value")

_MARKDOWN = re.compile(r"([\\`*_\[\]|~$])")
# what makes a heading, a list or a rule at a line's start
_MARKDOWN_START = re.compile(r"^(\d*)([#+\-=:.)])")
_MENTION = re.compile(r"@(?=\w)")
_COLONS = re.compile(r":(?=:)")
_BRACKET = re.compile(r"#(?=#\[)")
# what makes a spreadsheet read a cell as a formula (OWASP, "CSV Injection"), the full-width forms too
_FORMULA = tuple("=+-@|%＝＋－＠")
# no XML 1.0 document may hold these, not even written as a reference
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def cleaned(report: Report) -> Report:
    """The report with every text clean and cut, as outputs show it; what is already clean stays as it is."""
    absent = tuple(clean(each, MESSAGE_LENGTH) for each in report.environment.absent)
    return replace(
        report,
        submission=one_line(report.submission, DESCRIPTION_LENGTH),
        exercises=tuple(map(cleaned_exercise, report.exercises)),
        environment=replace(report.environment, absent=absent),
    )


def cleaned_exercise(exercise: ExerciseResult) -> ExerciseResult:
    """The same for one exercise."""
    return replace(
        exercise,
        name=one_line(exercise.name),
        title=one_line(exercise.title),
        message=clean(exercise.message, MESSAGE_LENGTH),
        notes=tuple(clean(note, MESSAGE_LENGTH) for note in exercise.notes),
        checks=tuple(map(_cleaned_check, exercise.checks)),
        violations=tuple(
            replace(each, message=clean(each.message, MESSAGE_LENGTH))
            for each in exercise.violations
        ),
    )


def _cleaned_check(check: CheckResult) -> CheckResult:
    return replace(
        check,
        description=one_line(check.description, DESCRIPTION_LENGTH),
        message=clean(check.message, MESSAGE_LENGTH),
        cause=clean(check.cause, MESSAGE_LENGTH),
        place=one_line(check.place),
        detail=clean(check.detail, MESSAGE_LENGTH),
        printed=clean(check.printed, MESSAGE_LENGTH),
        pictures=tuple(replace(each, title=one_line(each.title)) for each in check.pictures),
    )


def one_line(text: str, length: int = NAME_LENGTH) -> str:
    """`text` on a single line, its white space drawn together."""
    return clean(" ".join(text.split()), length)


def markdown(text: str, length: int = NAME_LENGTH) -> str:
    """Plain text for a line or a table's cell of GitHub's Markdown: no markup, no HTML, nobody mentioned."""
    plain = _MARKDOWN.sub(r"\\\1", one_line(text, length))
    safe = _html.escape(_MARKDOWN_START.sub(r"\1\\\2", plain), quote=False)
    # a name that does not stand in one piece with the @ is not told of it
    return _MENTION.sub("<span>@</span>", safe)


def html(text: str, length: int = NAME_LENGTH) -> str:
    """Plain text for a place inside a line of HTML, as between `<summary>` and `</summary>`."""
    return _MENTION.sub("<span>@</span>", _html.escape(one_line(text, length)))


def fenced(text: str, length: int = MESSAGE_LENGTH) -> str:
    """A code block of Markdown; its fence is longer than any in the text."""
    inner = clean(text, length)
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", inner))])
    return f"{fence}text\n{inner}\n{fence}"


def log_line(text: str) -> str:
    """A line for a log that GitHub's runner reads: `::` and `##[` are drawn apart, so that no command is left."""
    return _BRACKET.sub("# ", _COLONS.sub(": ", text))


def command(name: str, message: str, /, **properties: str | int) -> str:
    """A workflow command such as `::error file=a.py,line=3::message`, of text from anywhere."""
    given = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{name}{' ' if given else ''}{given}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def cell(value: _Value) -> _Value | str:
    """A cell of a CSV file; a text that a spreadsheet would take for a formula gets an apostrophe in front.

    Only a text can be somebody's: numbers stay numbers, a negative one too. Quoting is the CSV writer's.
    """
    if not isinstance(value, str):
        return value
    text = clean(value, CELL_LENGTH)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def xml(text: str, length: int = MESSAGE_LENGTH) -> str:
    """Text that an XML document may hold; `<` and `&` are the XML writer's."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", clean(text, length))

"""An exception of the student's code and lines of it, as a child told them: checked before a sentence has them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from ...language import _
from ...sandbox import Message
from ...submission import Source
from ...text import clean, line_of
from .raised_causes import Facts, facts_in

CALLERS = 2  # lines that are shown above the one that raised
SYNTAX_ERRORS = ("SyntaxError", "IndentationError", "TabError")
# what a child tells is as long as it likes: so many entries of it are looked at
_MOST_LINES = 100
_MOST_NAMES = 1000
_MOST_SEEN = 20
# functions of their own in the eyes of Python (of 3.11, or for good), and not in a student's
_COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
# a docstring, or a comment; and, to be left as they are, texts in which a # is none
_NO_CODE = re.compile(
    r"""(\"{3}|'{3}).*?\1|(?P<text>"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)|\#[^\n]*""", re.DOTALL
)
_COMMENT = re.compile(r"\s*#")
_STYLE = re.compile(r"\x1b\[[\d;]*m")  # of a terminal
# between these two torch advises to read files without `weights_only`, which is what an exercise forbids
_ADVICE = re.compile(r"(?<=Weights only load failed\.) .*?(?=WeightsUnpickler error)", re.DOTALL)
_CLAUSE = re.compile(r"\s*(?:else|elif|except|finally|case)\b")


@dataclass(frozen=True)
class StudentLine:
    """A line of the student's: where an exception went through, or where the code was when it was stopped."""

    file: str
    number: int
    function: str
    text: str
    cell: int = 0

    def __str__(self) -> str:
        return _("{file}, line {line}").format(file=self.file, line=self.number)


@dataclass(frozen=True)
class Raised:
    """An exception of the student's code, with the innermost lines that it went through, the outermost first."""

    kind: str
    message: str
    lines: tuple[StudentLine, ...]
    facts: Facts = field(default_factory=Facts)

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}" if self.message else self.kind

    @property
    def line(self) -> StudentLine | None:
        """The innermost one."""
        return self.lines[-1] if self.lines else None


def _told(message: str) -> str:
    """The text of an exception as it is shown."""
    return clean(_ADVICE.sub(" ", _STYLE.sub("", message))).strip().rstrip(".")


def is_line(entry: object) -> bool:
    """Whether what a child told is a line: the number of its cell, its own, and the function."""
    return isinstance(entry, list) and [type(part) for part in entry] == [int, int, str]


def _indent(line: str) -> int:
    expanded = line.expandtabs()
    return len(expanded) - len(expanded.lstrip())


class StudentsLines:
    """The lines of a submission's source, by the numbers that a child tells."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._split: tuple[int, list[str]] | None = None

    def read(self, error: Any) -> Raised:
        """What the child told of an exception; whatever is not of the right form is dropped."""
        if not isinstance(error, dict):
            return Raised("Exception", "", ())
        kind, message, entries = error.get("type"), error.get("message"), error.get("lines")
        lines: list[StudentLine] = []
        for entry in entries[: -1 - _MOST_LINES : -1] if isinstance(entries, list) else []:
            if is_line(entry) and (line := self.line(*entry)):
                if lines and lines[-1].function in _COMPREHENSIONS:
                    lines[-1] = replace(lines[-1], function=line.function)
                elif len(lines) > CALLERS:
                    break
                else:
                    lines.append(line)
        return Raised(
            clean(kind, 80) if isinstance(kind, str) else "Exception",
            _told(message) if isinstance(message, str) else "",
            tuple(reversed(lines)),
            facts_in(error.get("facts")),
        )

    def line(self, cell: int, number: int, function: str) -> StudentLine | None:
        if not 0 <= cell < len(self._source.cells) or not 0 < number < 10**7:
            return None
        source = self._source.cells[cell]
        text = line_of(self._lines_of(cell), number)
        return StudentLine(source.place, number, clean(function, 80), text, cell)

    def body_around(self, line: StudentLine) -> str:
        """The lines of a function up to the one that raised, as far as they are known to belong to it.

        Without its docstring and comments, which name what the code does not do.
        """
        lines = self._lines_of(line.cell)[: line.number]
        body: list[str] = []
        for text in reversed(lines[-_MOST_LINES:]):
            body.append(text)
            if re.match(rf"\s*(async )?def {re.escape(line.function)}\b", text):
                break
        return _NO_CODE.sub(lambda found: found["text"] or "", "\n".join(reversed(body)))

    def has_code_below(self, line: StudentLine) -> bool:
        """Whether a line that never goes on has code below it in its block."""
        lines = self._lines_of(line.cell)
        indent = _indent(lines[line.number - 1])
        below = (each for each in lines[line.number :] if each.strip() and not _COMMENT.match(each))
        found = next(below, "")
        return bool(found) and _indent(found) == indent > 0 and not _CLAUSE.match(found)

    def _lines_of(self, cell: int) -> list[str]:
        """A cell's lines; the last one's are kept, since one exception goes through several lines of it."""
        if self._split is None or self._split[0] != cell:
            self._split = cell, self._source.cells[cell].text.splitlines()
        return self._split[1]


def tags_of(name: str, source: Source) -> list[str]:
    """What a child calls each piece of an exercise's source.

    Plain names, whatever its path is: they travel through C code that knows ASCII alone.
    """
    if source.notebook:
        return [f"{name}.ipynb:{number}" for number in range(len(source.cells))]
    return [f"{name}.py"]


def strings(values: Any) -> list[str]:
    """The strings among the first values that came from a child, made safe to show."""
    if not isinstance(values, list):
        return []
    return [clean(value, 80) for value in values[:_MOST_NAMES] if isinstance(value, str)]


def seen_in(answer: Message) -> list[tuple[str, str]]:
    """What an answer says was seen to break a rule: the rule, and what ran. Other forms are dropped."""
    entries = answer.header.get("seen")
    pairs = map(strings, entries[:_MOST_SEEN] if isinstance(entries, list) else ())
    return [(pair[0], pair[1]) for pair in pairs if len(pair) == 2]

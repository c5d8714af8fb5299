"""A notebook cell's Python: magics and shell lines are the notebook's, not the program's.

The rules read what comes out of here, and the sandbox compiles the very same text.
"""

from __future__ import annotations

import re

from ..text import tree_of
from .bounded import is_plain

# cell magics whose body is Python; the body of any other (%%bash, %%html, %%writefile) is not
_PYTHON_MAGICS = {"time", "timeit", "capture", "check", "prun", "debug", "python", "python3"}
_COMMAND = re.compile(r"[%!?]|[\w.]+\?{1,2}\s*$")
_HELP_LINE = re.compile(r"^[ \t]*[\w.]+\?{1,2}[ \t\r]*$", re.MULTILINE)
_BEFORE_COMMAND = re.compile(r"\s*(?:\w+\s*=\s*)?")
_TARGETS = re.compile(r"[\w.,\s]+")
_CAPTURED = re.compile(r"\s*[%!]\s*\w")
_MARK = re.compile(r"#|'{3}|\"{3}|['\"()\[\]{}]")
_END = {quote: re.compile(rf"(?:[^\\]|\\.)*?{quote}") for quote in ("'", '"', "'" * 3, '"' * 3)}


def python_of(cell: str) -> str:
    """The cell's Python, line for line: magics and shell lines become `pass` or `None`. Linear in the cell's text."""
    lines = cell.splitlines()
    first = next((index for index, line in enumerate(lines) if line.strip()), None)
    if first is not None and lines[first].startswith("%%"):
        magic = re.match(r"%%(\w+)", lines[first])
        if not magic or magic[1] not in _PYTHON_MAGICS:
            return ""
        lines[first] = ""
    text = "\n".join(lines) + "\n"
    if is_plain([text]) and _parses(text):  # a `%` may be a remainder, a `?` may stand in a string
        return text
    quote, depth, goes_on = "", 0, False
    for index, line in enumerate(lines):
        if not (quote or depth or goes_on) and (instead := _instead_of(line)):
            lines[index] = instead
            continue
        quote, depth = _open_after(line, quote, depth)
        goes_on = line.endswith("\\")
    return "\n".join(lines) + "\n"


def without_commands(text: str) -> tuple[str, list[int]]:
    """A Python file's text without the commands of a notebook that it was exported from; the numbers of their lines.

    They are passed over where the text is no Python with them, and is with `pass` in their place.
    """
    if not _may_have_commands(text) or not is_plain([text]) or _parses(text):
        return text, []
    lines = text.splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith("%%")]
    given = "\n".join("pass" if number in heads else line for number, line in enumerate(lines))
    made = python_of(given)
    changed = [
        n
        for n, (old, new) in enumerate(zip(lines, made.splitlines(), strict=False), 1)
        if old != new
    ]
    return (made, changed) if _parses(made) else (text, [])


def _may_have_commands(text: str) -> bool:
    """Whether a line begins as a magic or a shell line does."""
    for sign in "%!":
        line = 0
        while line >= 0 and (at := text.find(sign, line)) >= 0:
            if _BEFORE_COMMAND.fullmatch(text, text.rfind("\n", 0, at) + 1, at):
                return True
            line = text.find("\n", at)  # what comes before another sign in this line has one in it
    return "?" in text and _HELP_LINE.search(text) is not None


def _instead_of(line: str) -> str:
    """The Python that stands for a magic or a shell line; empty for any other line."""
    code = line.lstrip()
    indent = line[: len(line) - len(code)]
    if _COMMAND.match(code):
        return f"{indent}pass"
    targets, equals, value = code.partition("=")
    if equals and targets and _TARGETS.fullmatch(targets) and _CAPTURED.match(value):
        return f"{indent}{targets.rstrip()} = None"
    return ""


def _open_after(line: str, quote: str, depth: int) -> tuple[str, int]:
    """What is open where a line ends: the quote of a string that goes on, and how many brackets.

    Args:
        quote, depth: what is open where the line begins.
    """
    at = 0
    while True:
        if quote:
            end = _END[quote].match(line, at)
            if end is None:
                # a string in single marks ends with its line, or the line is no Python
                return (quote if len(quote) == 3 or line.endswith("\\") else ""), depth
            at, quote = end.end(), ""
        mark = _MARK.search(line, at)
        if mark is None or mark[0] == "#":
            return "", depth
        at = mark.end()
        if mark[0] in "([{":
            depth += 1
        elif mark[0] in ")]}":
            depth = max(0, depth - 1)
        else:
            quote = mark[0]


def _parses(source: str) -> bool:
    try:
        return tree_of(source) is not None
    except (RecursionError, MemoryError):
        return False

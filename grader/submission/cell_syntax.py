"""A notebook cell's Python: magics and shell lines are the notebook's, not the program's.

The rules read what comes out of here, and the sandbox compiles the very same text.
"""

from __future__ import annotations

import io
import re
import tokenize

from ..text import tree_of

# cell magics whose body is Python; the body of any other (%%bash, %%html, %%writefile) is not
_PYTHON_MAGICS = {"time", "timeit", "capture", "check", "prun", "debug", "python", "python3"}
_COMMAND = re.compile(r"^(?P<indent>\s*)(?:[%!?]|[\w.]+\?{1,2}\s*$)")
_ASSIGNED = re.compile(r"^(?P<indent>\s*)(?P<target>[\w.,\s]+?)\s*=\s*[%!]\s*\w")
# of lines looked at to find out where statements begin: linear for any cell that a person wrote
_MOST_LINES = 100_000


def python_of(cell: str) -> str:
    """The cell's Python, line for line: magics and shell lines become `pass` or `None`."""
    lines = cell.splitlines()
    first = next((index for index, line in enumerate(lines) if line.strip()), None)
    if first is not None and lines[first].startswith("%%"):
        magic = re.match(r"%%(\w+)", lines[first])
        if not magic or magic[1] not in _PYTHON_MAGICS:
            return ""
        lines[first] = ""
    if _parses("\n".join(lines)):  # a `%` may be a remainder, a `?` may stand in a string
        return "\n".join(lines) + "\n"
    begin = looked_at = 0
    for index, line in enumerate(lines):
        assigned = _ASSIGNED.match(line)
        command = _COMMAND.match(line)
        if not (assigned or command) or looked_at > _MOST_LINES:
            continue
        looked_at += index - begin
        if not _complete(lines[begin:index]):
            continue
        begin = index + 1
        if assigned:
            lines[index] = f"{assigned['indent']}{assigned['target']} = None"
        elif command:
            lines[index] = f"{command['indent']}pass"
    return "\n".join(lines) + "\n"


def _parses(source: str) -> bool:
    try:
        return tree_of(source) is not None
    except (RecursionError, MemoryError):
        return False


def _complete(lines: list[str]) -> bool:
    """Whether a statement may begin after `lines`: no bracket and no string is open."""
    if lines and lines[-1].endswith("\\"):
        return False
    try:
        for _ in tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline):
            pass
    except tokenize.TokenError:
        return False
    except (SyntaxError, IndentationError):
        return True
    return True

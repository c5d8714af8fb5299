"""Lines that only a newer Python reads are told with its version; other mistakes are not."""

from __future__ import annotations

import sys

import pytest

from grader.checking.source.newer_python import needs_newer

NEWER = [
    ("type Size = int", "3.12"),
    ("type Pair[T] = tuple[T, T]", "3.12"),
    ("def first[T](x: list[T]) -> T: return x[0]", "3.12"),
    ("class Box[T]: pass", "3.12"),
    ("class Box[T = int]: pass", "3.13"),
    ("x = f'{a['b']}'", "3.12"),
    ('print(f"{", ".join(x)}")', "3.12"),
    ("x = f'{\"\\n\".join(x)}'", "3.12"),
    ("x = t'{a}'", "3.14"),
]
MISTAKES = [
    "x = = 1",
    "def f[T",
    "print(f'{a')",
    "class C(nn.Module)",
    "type = 3 3",
    "return x +",
    "x = 'don't'",
    "x[0] y",
]


def said(line: str) -> str:
    """What this Python says of a line; empty where it reads it."""
    try:
        compile(line + "\n", "a.py", "exec")
    except SyntaxError as error:
        return str(error.msg)
    return ""


@pytest.mark.parametrize(("line", "version"), NEWER)
def test_the_version_that_reads_it_is_told(line: str, version: str) -> None:
    if message := said(line):  # else it is this one
        told = needs_newer(line, message)
        assert told.startswith(f"Python {version} reads such a line")
        assert f"Python {sys.version_info[0]}.{sys.version_info[1]} here" in told
    assert needs_newer(line, "f-string: expecting '}'", (3, 14)) == ""


def test_exceptions_without_parentheses() -> None:
    message = "multiple exception types must be parenthesized"
    assert needs_newer("except ValueError, TypeError:", message, (3, 13)).startswith("Python 3.14")
    assert needs_newer("except ValueError, TypeError:", message, (3, 14)) == ""


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_of_any_version_is_not(line: str) -> None:
    message = said(line)
    assert message or line == "type = 3 3"
    assert needs_newer(line, message, (3, 11)) == ""

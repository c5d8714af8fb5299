"""The line of the student's file that a check's sentence is about."""

from __future__ import annotations

from collections.abc import Sequence

import nbformat
import pytest

from grader.checking.telling import look_at
from grader.checking.telling.look_at import definitions_in, place_of
from grader.submission import Source, Submission
from grader.submission.bounded import PLAIN_LENGTH
from grader.submission.decode import notebook_of_bytes
from tests.steps import growth

TEXT = """def other():
    pass


class A:
    def go(self): ...


if True:
    def inner(): ...
else:
    class B:
        async def go(self): ...


def other(): ...
"""


def source(text: str) -> Source:
    return Submission.of_text("x", text).sources["x"]


@pytest.mark.parametrize(
    ("description", "line"),
    [
        ("`A.go` is right", 6),
        ("`A.go(x)` is right", 6),
        ("`A` is right", 5),
        ("`A.other` is right", 5),  # the class, where it has no such method
        ("`nothing` and then `inner(x)` is right", 10),
        ("`go` is right", 13),  # the last definition counts
        ("`B.go` is right", 13),
        ("`other` is right", 16),
        ("`other` and `A` are right", 16),
        ("`nothing` at all", 0),
        ("A.go without marks", 0),
        ("`nothing.go` is right", 0),
        ("", 0),
    ],
)
def test_where_to_look(description: str, line: int) -> None:
    told = place_of(source(TEXT), description)
    assert told == (f"x.py, line {line}" if line else "")


@pytest.mark.parametrize("text", ["def (", "", "go = 1", "(" * 100_000, "x = " + "-" * 5000 + "1"])
def test_what_cannot_be_read_or_defines_nothing_is_nowhere(text: str) -> None:
    assert place_of(source(text), "`go`") == ""


def test_a_name_within_a_function_is_not_what_is_meant() -> None:
    assert place_of(source("def outer():\n    def go(): ...\n"), "`go`") == ""


def test_in_a_notebook_the_cell_is_told() -> None:
    cells = ["%matplotlib inline\nx = 1", "def broken(", "\ndef go(): ...", "y = 2"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    read = notebook_of_bytes(nbformat.writes(book).encode(), "x.ipynb")
    told = place_of(read, "`go`")
    assert told.endswith(", line 2")
    assert told == f"{read.cells[2].place}, line 2"


def test_a_chain_of_conditions_is_no_depth() -> None:
    text = "if a: pass\n" + "elif a: pass\n" * 900 + "else:\n    def go(): ...\n"
    assert place_of(source(text), "`go`") == "x.py, line 903"


def test_a_source_is_read_once_for_all_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = look_at.definitions_in

    def counted(texts: Sequence[str]) -> list[tuple[str, int, int]]:
        read.extend(texts)
        return real(texts)

    monkeypatch.setattr(look_at, "definitions_in", counted)
    work = source("def go_once(): ...\n")
    for _ in range(5):
        assert place_of(work, "`go_once`") == "x.py, line 1"
    assert len(read) == 1


def test_a_large_source_is_read_within_bounds() -> None:
    text = "class A:\n    def go(self): ...\n" + "x = 1\n" * (PLAIN_LENGTH // 5)
    assert place_of(source(text), "`A.go`") == "x.py, line 2"


def test_no_two_sizes_are_multiplied() -> None:
    def text(size: int) -> str:
        return f"class {'A' * size}:\n" + "    def go(self): ...\n" * size

    assert growth(lambda made: definitions_in([made]), text, 50) < 5
    long = f"class {'A' * 1000}:\n" + "".join(f"    def go{n}(self): ...\n" for n in range(100))
    assert sum(len(name) for name, _text, _line in definitions_in([long])) < 1000

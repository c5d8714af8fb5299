"""A cell's Python: its lines stay where they are, whatever is in them, and commands become what is Python."""

from __future__ import annotations

import ast
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.submission import cell_syntax
from grader.submission.cell_syntax import python_of, without_commands

LINES = st.sampled_from(
    [
        "x = 1",
        "%time x",
        "!ls",
        "x = !ls",
        "x?",
        "if x:",
        "    !ls",
        "(",
        ")",
        '"""',
        "",
        "% 4",
        "\\",
    ]
)
PROGRAM = "def f(x):\n    return x % 3\n\n\ny = '?'\n"


@settings(max_examples=200)
@given(st.lists(LINES, max_size=8).map("\n".join) | st.text())
def test_any_cell_keeps_its_lines(cell: str) -> None:
    python = python_of(cell)
    if python:
        assert len(python.splitlines()) == max(1, len(cell.splitlines()))


@given(st.lists(st.sampled_from(["%matplotlib inline", "!ls", "torch.add?", "x = %time 1"])))
def test_a_cell_of_commands_alone_is_a_program(lines: list[str]) -> None:
    ast.parse(python_of("\n".join(lines)))


def test_plain_python_is_left_alone() -> None:
    assert python_of(PROGRAM) == PROGRAM
    assert python_of(PROGRAM.replace("\n", "\r\n")) == PROGRAM


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("", "\n"),
        ("x = 1", "x = 1\n"),
        ("%matplotlib inline\nx = 1", "pass\nx = 1\n"),
        ("if x:\n    !ls\ny = 2", "if x:\n    pass\ny = 2\n"),
        ("files = !ls\nt = %timeit f()", "files = None\nt = None\n"),
        ("%%check my_linear\nx = 1", "\nx = 1\n"),
        ("%%bash\nls", ""),
        ("y = (7\n% 4)\n!ls", "y = (7\n% 4)\npass\n"),
        ('s = """\n%time\n"""\n!ls', 's = """\n%time\n"""\npass\n'),
        ("x = 7 \\\n% 4\n!ls", "x = 7 \\\n% 4\npass\n"),
        ("torch.add?", "pass\n"),
        ("%%time\nx = 1", "\nx = 1\n"),
        ("\n\n%%bash\nrm -r /", ""),
        ("%%", ""),
        ("a, b = !ls", "a, b = None\n"),
        ("x.y = %time f()", "x.y = None\n"),
        ("  !ls", "  pass\n"),
        ("z = 7 % 4\n!ls", "z = 7 % 4\npass\n"),
        ("x??", "pass\n"),
        ("?x", "pass\n"),
    ],
)
def test_commands(cell: str, python: str) -> None:
    assert python_of(cell) == python


def test_what_is_nested_too_deeply_is_left_as_it_is() -> None:
    deep = "(" * 5000 + "\n!ls"
    assert python_of(deep) == deep + "\n"


def test_each_line_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a command could stand on every line, and a string is open all the while."""
    looked_at: list[str] = []
    real = cell_syntax._open_after

    def counted(line: str, quote: str, depth: int) -> tuple[str, int]:
        looked_at.append(line)
        return real(line, quote, depth)

    monkeypatch.setattr(cell_syntax, "_open_after", counted)
    lines = ['s = """' + "x" * 3000, *["!ls"] * 2000, '"""', "!ls", "(" * 3000, "!ls"]
    python = python_of("\n".join(lines))
    assert python.splitlines() == [*lines[:-3], "pass", *lines[-2:]]
    assert looked_at == [*lines[:-3], *lines[-2:]]


PIECES = st.sampled_from([*"\"'\\()[]{}#x \n", '"""', "'''", "\n!ls\n", "\nx = !ls\n", "f'"])


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_where_strings_and_brackets_end_is_seen_as_python_sees_it(cell: str) -> None:
    """What is Python stays as it is, also where it is too large for Python to be asked."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(cell)
    except (SyntaxError, ValueError):
        return
    large = "\n".join(cell.splitlines()) + "\n" + "#" * 40_000 + "\n"
    assert python_of(large) == large


@pytest.mark.parametrize(
    "magic", ["time", "timeit", "capture out", "check losses", "prun", "debug", "python", "python3"]
)
def test_the_body_of_some_commands_is_python(magic: str) -> None:
    assert python_of(f"%%{magic}\nx = 1") == "\nx = 1\n"


@pytest.mark.parametrize("magic", ["html", "writefile a.py", "script python", "pythons"])
def test_the_body_of_any_other_is_not(magic: str) -> None:
    assert python_of(f"%%{magic}\nx = 1") == ""


@pytest.mark.parametrize(
    ("text", "python", "lines"),
    [
        ("x = 1\n!pip install torch\ny = 2\n", "x = 1\npass\ny = 2\n", [2]),
        ("%%writefile a.py\nx = 1\n%matplotlib inline\n", "pass\nx = 1\npass\n", [1, 3]),
        ("files = !ls\n", "files = None\n", [1]),
        ("torch.tensor?\r\nx = 1\nx??\n", "pass\nx = 1\npass\n", [1, 3]),
        ("x = 1  # why?\n", "x = 1  # why?\n", []),
        ("a != b\nx = 5 % 3\n\n%time y = 2\n", "a != b\nx = 5 % 3\n\npass\n", [4]),
        ("x = (5\n% 3)\n", "x = (5\n% 3)\n", []),
        ("!ls\nx = = 1\n", "!ls\nx = = 1\n", []),
        ("x = 1\n", "x = 1\n", []),
    ],
)
def test_the_commands_of_an_exported_notebook(text: str, python: str, lines: list[int]) -> None:
    assert without_commands(text) == (python, lines)

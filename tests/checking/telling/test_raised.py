"""What a child tells of an exception: lines of the student's, and texts, checked before they get into a sentence."""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError

import pytest
import torch
from torch import nn

from grader.checking.telling.raised import Raised, StudentsLines, strings
from grader.submission.submission import Cell, Source


@pytest.fixture
def lines() -> StudentsLines:
    cells = Cell("a.ipynb, cell 1", "one\n  two"), Cell("a.ipynb, cell 3", "three")
    return StudentsLines(Source("a.ipynb", cells, notebook=True))


def test_a_line_is_told_by_its_cell(lines: StudentsLines) -> None:
    line = lines.line(0, 2, "f")
    assert line
    assert (str(line), line.text, line.function) == ("a.ipynb, cell 1, line 2", "two", "f")
    assert [lines.line(*place, "f") for place in ((2, 1), (-1, 1), (0, 0), (0, 10**7))] == [
        None
    ] * 4


def test_the_innermost_lines_are_kept(lines: StudentsLines) -> None:
    told = [[0, 1, "a"], [0, 2, "b"], [5, 1, "of another file"], [1, 1, "c"], [0, 1, "d"]]
    raised = lines.read({"type": "E", "message": " no. ", "lines": told})
    assert (str(raised), [each.function for each in raised.lines]) == ("E: no", ["b", "c", "d"])
    assert raised.line == raised.lines[-1]


def test_a_comprehension_is_part_of_the_function_that_it_stands_in(lines: StudentsLines) -> None:
    told = [[1, 1, "a"], [0, 1, "b"], [0, 1, "<listcomp>"], [0, 2, "<genexpr>"]]
    raised = lines.read({"type": "E", "message": "no", "lines": told})
    assert [(each.function, each.number) for each in raised.lines] == [("a", 1), ("b", 2)]


def test_what_a_docstring_and_comments_say_is_no_code() -> None:
    text = """def f(x):
    '''It doesn't do a.'''
    y = x  # nor "b"
    print("c # d", 'e', "\\"# g")
    return y  # h"""
    lines = StudentsLines(Source("a.py", (Cell("a.py", text),)))
    line = lines.line(0, 5, "f")
    assert line
    names = {word for word in lines.body_around(line).replace('"', " ").split() if len(word) == 1}
    assert names >= {"y", "d", "#"}
    assert not names & {"a", "b", "h"}
    assert "g" in lines.body_around(line)


def test_what_torch_says_of_a_file_is_told_without_its_advice_to_read_it_all_the_same(
    lines: StudentsLines, tmp_path: Path
) -> None:
    torch.save(nn.Linear(1, 1), tmp_path / "whole.pt")
    with pytest.raises(UnpicklingError) as caught:
        torch.load(tmp_path / "whole.pt", weights_only=True)
    told = lines.read({"type": "UnpicklingError", "message": str(caught.value), "lines": []})
    assert told.message.startswith("Weights only load failed. WeightsUnpickler error: Unsupported ")
    assert "False" not in told.message.partition("WeightsUnpickler")[0]
    assert "x1b" not in told.message


def test_what_is_of_another_form_is_dropped(lines: StudentsLines) -> None:
    nothing = Raised("Exception", "", ())
    assert lines.read(None) == nothing
    assert lines.read({"type": 1, "message": [], "lines": [[0, "1", "f"], 3]}) == nothing
    assert strings(["a", 1, "b" * 100]) == ["a", "b" * 80 + "… (100 characters)"]
    assert strings("abc") == []


BELOW = """def f(x):
    # YOUR CODE HERE
    raise NotImplementedError("f")
    # below

    return x
def g(x):
    if x:
        raise NotImplementedError("g")
    else:
        raise NotImplementedError(
    # the end
    return x
raise NotImplementedError
x = 1
"""


def test_code_below_a_line_that_never_goes_on() -> None:
    lines = StudentsLines(Source.of_text("a.py", BELOW))
    found = [number for number in range(1, 16) if "raise" in BELOW.split("\n")[number - 1]]
    with_code = []
    for number in found:
        line = lines.line(0, number, "f")
        assert line
        if lines.has_code_below(line):
            with_code.append(number)
    assert with_code == [3]

"""Stubs come from solutions, and those in the repository are what the solutions give."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest

from grader.authoring.stub import release, stub_of
from grader.course.catalog import Course, load_course
from grader.errors import CourseError, ReleaseError

NAMES = load_course().names


@pytest.mark.parametrize("name", NAMES)
def test_the_stubs_are_what_the_solutions_give(course: Course, name: str, tmp_path: Path) -> None:
    made = release(course[name], tmp_path).read_bytes()
    assert made == course[name].stub.read_bytes(), "run `grader release` and commit the stubs"
    assert b"SOLUTION" not in made


def test_a_region_becomes_a_raise() -> None:
    solution = (
        "class A:\n"
        "    def f(self):\n"
        '        """Do it."""\n'
        "        ### BEGIN SOLUTION\n"
        "        return 1\n"
        "        ### END SOLUTION\n"
    )
    assert stub_of(solution, "a.py") == (
        "class A:\n"
        "    def f(self):\n"
        '        """Do it."""\n'
        "        # YOUR CODE HERE\n"
        '        raise NotImplementedError("A.f is not written yet")\n'
    )


def test_a_region_may_bring_its_own_stub() -> None:
    solution = (
        "def f(x):\n"
        "    ### BEGIN SOLUTION\n"
        "    return x + 1\n"
        "    ### BEGIN STUB\n"
        "    # if x:\n"
        "    #     return x - 1\n"
        "    ### END STUB\n"
        "    ### END SOLUTION\n"
    )
    assert stub_of(solution, "a.py") == "def f(x):\n    if x:\n        return x - 1\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("### BEGIN SOLUTION\n", "line 1: `### BEGIN SOLUTION` is never ended"),
        ("x = 1\n### END SOLUTION\n", "line 2: `### END SOLUTION` has no partner"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n", "line 2"),
        ("### BEGIN STUB\n", "line 1"),
        ("### BEGIN SOLUTION\n### BEGIN STUB\n### END SOLUTION\n", "line 3"),
    ],
)
def test_markers_must_match(text: str, told: str) -> None:
    with pytest.raises(ReleaseError) as caught:
        stub_of(text, "a.py")
    assert told in str(caught.value)


def test_a_solution_must_be_python() -> None:
    with pytest.raises(CourseError, match=r"^a\.py, line 2: "):
        stub_of("x = 1\ndef f(:\n", "a.py")


def test_code_outside_of_the_regions_stays_to_the_letter() -> None:
    text = "import os  # kept\n\n\nX = '### BEGIN SOLUTION'\n\n\ndef f():\n    return 1\n"
    assert stub_of(text, "a.py") == text


def test_each_region_names_the_function_around_it() -> None:
    region = "{0}### BEGIN SOLUTION\n{0}x = 1\n{0}### END SOLUTION\n"
    text = (
        "def f():\n" + region.format("    ")
        + "class A:\n    def g(self):\n" + region.format("        ")
        + "    def h(self):\n" + region.format("        ")
    )  # fmt: skip
    stub = stub_of(text, "a.py")
    assert re.findall(r'"(.*) is not written yet', stub) == ["f", "A.g", "A.h"]
    ast.parse(stub)


def test_a_stub_is_written_as_a_file_or_as_a_notebook(course: Course, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    python, notebook = (
        release(course["derivative"], folder, notebook=notebook) for notebook in (False, True)
    )
    assert (python, notebook) == (folder / "derivative.py", folder / "derivative.ipynb")
    assert "YOUR CODE HERE" in notebook.read_text(encoding="utf-8")


def test_without_a_solution_there_is_no_stub(course: Course, tmp_path: Path) -> None:
    exercise = replace(course["derivative"], solution=tmp_path / "derivative.py")
    with pytest.raises(ReleaseError, match=r"derivative\.py does not exist"):
        release(exercise, tmp_path)
    exercise.solution.write_bytes(b'"""x"""\n# \xff\n')
    with pytest.raises(CourseError, match=r"derivative\.py, line 2: not UTF-8 text"):
        release(exercise, tmp_path)

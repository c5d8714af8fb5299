"""Stubs come from solutions, and those in the repository are what the solutions give."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.authoring.stub import release, stub_of
from grader.course.catalog import Course, load_course
from grader.errors import ReleaseError

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
        ("def f(:\n", "a.py, line 1: "),
    ],
)
def test_markers_must_match(text: str, told: str) -> None:
    with pytest.raises(ReleaseError) as caught:
        stub_of(text, "a.py")
    assert told in str(caught.value)

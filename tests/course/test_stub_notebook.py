"""The notebooks that students get, made from the stubs: the same to the byte each time."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from grader.authoring.stub import release
from grader.course.catalog import Course, load_course
from grader.course.stub_notebook import notebook_of

NAMES = load_course().names


@pytest.mark.parametrize("name", ["선형_회귀", "x" * 200, "week.1", "week_1"])
def test_whatever_an_exercise_is_called(name: str) -> None:
    """The format takes 64 letters and digits of ASCII for a cell's name."""
    made = nbformat.reads(notebook_of(name, '"""Title"""\n'), as_version=4)
    nbformat.validate(made)
    assert f"%%check {name}\n" in made.cells[-1].source
    assert len({cell.id for cell in made.cells}) == len(made.cells) == 3


@pytest.mark.parametrize("name", NAMES)
def test_released_notebooks_are_what_the_solutions_give(
    course: Course, name: str, tmp_path: Path
) -> None:
    made = release(course[name], tmp_path, notebook=True).read_bytes()
    assert made == course[name].stub.with_suffix(".ipynb").read_bytes(), (
        "run `grader release --notebooks` and commit the notebooks"
    )
    assert made == release(course[name], tmp_path, notebook=True).read_bytes()
    nbformat.validate(nbformat.reads(made.decode(), as_version=4))

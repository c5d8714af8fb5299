"""The lint tells what an author forgot."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.authoring.lint import lint
from grader.course.catalog import Course, load_course
from grader.errors import CourseError


def test_the_course_is_clean(course: Course) -> None:
    assert lint(course) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("checks/scaled.py", "@points(10)", "@points(9)", "add up to 9, not to 10"),
        ("checks/scaled.py", "@points(10)\n", "", "has no `@points(n)`"),
        ("checks/scaled.py", '    """`scaled', '    x = """`scaled', "has no docstring"),
        ("checks/scaled.py", "@probe", 'HINTS = ("a", " ")\n\n\n@probe', "hint 2 is empty"),
        ("checks/scaled.py", "@probe", 'HINTS = ("a", "b")\n\n\n@probe', "needs 3 hints, or none; it has 2"),
        ("checks/scaled.py", "@probe", 'FORBIDDEN = {"by hand": {"except": ["f"]}}\n\n\n@probe',
         "excepts f from 'by hand', and the stub has none"),
        ("checks/scaled.py", "    x = draw", "    pytest.skip('later')\n    x = draw", "skips itself"),
        ("solutions/scaled.py", "\n\nA tensor, times a factor, plus one.\n\nSee: https://docs.pytorch.org/docs/stable/"
         "generated/torch.mul.html\n", "", "has a title, and no statement below it"),
        ("solutions/scaled.py", "See: https", "see https", "has no `See: https"),
        ("solutions/scaled.py", '"""Scaling\n', 'x = """Scaling\n', "has no statement"),
        ("solutions/scaled.py", "### BEGIN SOLUTION", "", "has no partner"),
        ("exercises/scaled.py", "YOUR CODE", "your code", "is not what the solution gives"),
    ],
)  # fmt: skip
def test_the_lint_tells(folder: Path, file: str, old: str, new: str, told: str) -> None:
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert any(told in problem for problem in lint(load_course(folder)))


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("checks/scaled.py", "@points(10)", "@points(2.5)", "line 11: `@points` needs a whole number"),
        ("checks/scaled.py", "@points(10)", "@points(TEN)", "line 11: `@points` needs a whole number"),
        ("checks/scaled.py", "@probe", 'HINTS = "a"\n\n\n@probe', "line 6: `HINTS` has to be a list"),
        ("checks/scaled.py", "@probe", "FORBIDDEN = 3\n\n\n@probe", "line 6: `FORBIDDEN` has to be"),
        ("checks/scaled.py", "import", "import import", "scaled.py, line 3: "),
        ("solutions/scaled.py", "import", "import import", "scaled.py, line 8: "),
        ("exercises/scaled.py", "import", "import \udcff", "scaled.py, line 8: not UTF-8 text"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(
    folder: Path, file: str, old: str, new: str, told: str
) -> None:
    path = folder / file
    path.write_bytes(path.read_text().replace(old, new, 1).encode(errors="surrogateescape"))
    with pytest.raises(CourseError) as caught:
        lint(load_course(folder))
    assert told in str(caught.value)


def test_too_few_submissions_are_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the built-in course; how many others have is their authors' business."""
    assert lint(load_course(folder)) == []
    monkeypatch.setattr("grader.course.catalog.built_in_folder", lambda: folder)
    assert "right needs at least 6 submissions; it has 0" in " ".join(lint(load_course(folder)))


def test_a_region_is_missing(folder: Path) -> None:
    path = folder / "solutions" / "scaled.py"
    text = path.read_text().replace("    ### BEGIN SOLUTION\n", "")
    path.write_text(text.replace("    ### END SOLUTION\n", ""))
    assert any("its stub is the solution" in problem for problem in lint(load_course(folder)))


def test_a_missing_solution_does_not_hide_the_rest(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.course.catalog.built_in_folder", lambda: folder)
    (folder / "solutions" / "scaled.py").unlink()
    told = lint(load_course(folder))
    assert any(problem.endswith("solutions/scaled.py does not exist.") for problem in told)
    assert any("scaled/right needs at least 6 submissions" in problem for problem in told)

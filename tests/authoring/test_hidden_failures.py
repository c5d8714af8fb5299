"""Checks that catch their own failure, or skip themselves, are told; what is caught in a probe is not."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from grader.authoring.hidden_failures import hidden_failures
from grader.course.catalog import Course

HEAD = "from contextlib import suppress\nimport pytest\nfrom grader import *\n\n"


def told(folder: Path, text: str) -> list[str]:
    path = folder / "it.py"
    path.write_text(HEAD + textwrap.dedent(text))
    return list(hidden_failures(path))


def check(body: str, decorators: str = "@points(10)") -> str:
    return f"{decorators}\ndef test_it(student):\n" + textwrap.indent(textwrap.dedent(body), "    ")


@pytest.mark.parametrize(
    "body",
    [
        "try:\n    expect(student.run(f) == 2, 'two')\nexcept Exception:\n    pass",
        "try:\n    assert student.run(f) == 2\nexcept AssertionError:\n    print('no')",
        "try:\n    student.run(f)\nexcept:\n    return",
        "for x in range(3):\n    try:\n        student.run(f)\n    except (ValueError, Exception):\n        continue",
        "with suppress(BaseException):\n    expect_close(student.run(f), 2)",
        "with pytest.raises(Exception):\n    expect_close(student.run(f), 2)",
    ],
)
def test_a_check_that_catches_its_own_failure(tmp_path: Path, body: str) -> None:
    [problem] = told(tmp_path, check(body))
    assert "test_it catches its own failure" in problem
    assert "it.py, line " in problem


@pytest.mark.parametrize(
    "body",
    [
        "expect(student.run(f) == 2, 'two')",
        "try:\n    x = student.run(f)\nexcept ValueError:\n    x = 1\nexpect(x == 2, 'two')",
        "try:\n    student.run(f)\nexcept Exception as error:\n    raise ValueError from error",
        "try:\n    x = 1\nexcept Exception:\n    pass",
        "with suppress(KeyError):\n    student.run(f)",
    ],
)
def test_a_check_that_fails_as_it_should(tmp_path: Path, body: str) -> None:
    assert told(tmp_path, check(body)) == []


def test_a_probe_may_catch_what_the_students_code_raises(tmp_path: Path) -> None:
    text = "def f(student):\n    try:\n        student.f()\n    except Exception:\n        return True\n"
    assert told(tmp_path, f"@probe\n{text}") == []
    assert told(tmp_path, f"@probe(once='it writes')\n{text}") == []
    assert len(told(tmp_path, text)) == 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (check("pytest.skip('later')"), "pytest.skip"),
        (check("x = pytest.importorskip('pandas')"), "pytest.importorskip"),
        (check("pass", "@pytest.mark.skipif(True, reason='x')\n@points(1)"), "pytest.mark.skipif"),
        (check("pass", "@pytest.mark.xfail"), "pytest.mark.xfail"),
    ],
)
def test_a_check_that_is_not_run(tmp_path: Path, text: str, name: str) -> None:
    [problem] = told(tmp_path, text)
    assert f"`{name}`" in problem


def test_the_built_in_course_has_none(course: Course) -> None:
    assert [each for one in course.exercises for each in hidden_failures(one.checks)] == []

"""A fault is never a verdict: what the course or the grader did wrong costs nobody a point, and stops nobody else."""

from __future__ import annotations

import gc
import os
import random
import signal
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from grader import grade
from grader.checking.session import Session
from grader.course.assignment import AssignedCourse
from grader.course.assignment_file import read_assignment
from grader.course.catalog import Course, load_course
from grader.errors import CourseError, SandboxLost, UnsupportedVersion
from grader.machines import Machines
from grader.report import ExerciseResult, Report
from grader.sandbox import Sandbox, start_zygote_server
from grader.submission import Source, Submission
from tests.reports import without_times
from tests.synthetic_course import SOLUTION, make_course

HEAD = '''
from typing import Any
import pytest
from grader import Draw, Student, expect, expect_close, needs, points, probe

@probe
def run(student: Any, x: Any) -> Any:
    return student.f(x)

'''
RIGHT = "def f(x):\n    return x\n"
WRONG = "def f(x):\n    return 2 * x\n"
ODD = "def f(x):\n    return {'a': 'dict'}\n"


@pytest.fixture
def course_of(tmp_path: Path) -> Callable[[str], Course]:
    """A course with the exercise `double`, and the exercise `odd` with these checks."""
    folder = make_course(tmp_path / "course")
    (folder / "solutions" / "odd.py").write_text(RIGHT, encoding="utf-8")

    def made(checks: str) -> Course:
        (folder / "checks" / "odd.py").write_text(HEAD + checks, encoding="utf-8")
        return load_course(folder)

    return made


def graded(course: Course, machines: Machines, odd: str, **more: Any) -> ExerciseResult:
    """The result of `odd`; `double`, which is right and comes next, has all points whatever that is."""
    sources = {"odd": odd, "double": SOLUTION}
    submission = Submission(
        "ada", {name: Source.of_text(f"{name}.py", text) for name, text in sources.items()}
    )
    report = grade(submission, ["odd", "double"], course=course, machines=machines, **more)
    first, second = report.exercises
    assert (second.score, second.status) == (10, "passed")
    assert bool(report.faults) == first.is_fault
    if first.is_fault:
        assert (first.score, first.checks, first.violations) == (0, (), ())
        assert "not your code" in first.message
        assert first.traceback.startswith("Traceback")
    else:
        assert first.traceback == ""
    return first


# slips in a check


SLIPS = {
    "a name": "    got = student.run(run, x=1)\n    no_such_name\n",
    "a name for wrong answers alone": "    expect(student.run(run, x=1) == 1, f'{no_such_name}')\n",
    "an import": "    student.run(run, x=1)\n    import no_such_module\n",
    "a name of a module": "    import torch\n    got = student.run(run, x=1)\n    torch.no_such(1)\n",
    "an assertion of the reference": (
        "    def reference(x):\n        assert x.dim() == 2, 'a matrix'\n        return x\n"
        "    x = draw.normal(3)\n    expect_close(student.run(run, x=x), reference(x))\n"
    ),
    "an error before the student's code runs": "    x = [][0]\n    student.run(run, x=x)\n",
    "what cannot be sent": "    student.run(lambda student: 1)\n",
    "no memory": "    student.run(run, x=1)\n    raise MemoryError\n",
    "no end": "    def f(): f()\n    student.run(run, x=1)\n    f()\n",
    "the end of the program": "    student.run(run, x=1)\n    raise SystemExit(0)\n",
    "a device": "    draw.normal(3).to('no_such_device')\n",
    "inputs of another time": "    import torch\n    student.run(run, x=torch.randn(3))\n",
}


@pytest.mark.parametrize("body", SLIPS.values(), ids=SLIPS)
def test_a_slip_in_a_check_is_nobodys_zero(
    course_of: Callable[[str], Course], machines: Machines, body: str
) -> None:
    course = course_of(
        f"@points(7)\ndef test_fine(student): ...\n@points(3)\ndef test_it(student, draw):\n{body}"
    )
    for _ in range(2):
        for text in (WRONG, ODD, RIGHT):
            result = graded(course, machines, text, seed=3)
            if text == RIGHT and "wrong answers alone" in next(k for k in SLIPS if SLIPS[k] == body):
                assert (result.score, result.status) == (10, "passed")
                continue
            assert (result.status, result.max_score) == ("fault", 10)
            assert "the check `it` is at fault" in result.message


@pytest.mark.parametrize(
    ("checks", "told"),
    [
        ("import no_such_module\ndef test_a(student): ...\n", "odd.py cannot be used: .*no_such_mod"),
        ("def test_a(student): ...\ndef test_a(draw): ...\n", "test_a is defined twice"),
        ("@pytest.mark.parametrize('n', [])\ndef test_a(student, n): ...\n", "Empty parameter set"),
        ("@points(2)\ndef test_a(student, weights): ...\n", "asks for 'weights'"),
    ],
)
def test_checks_that_cannot_be_collected(
    course_of: Callable[[str], Course], machines: Machines, checks: str, told: str
) -> None:
    course = course_of(checks)
    with pytest.warns(None) if False else _nothing():
        result = graded(course, machines, RIGHT)
    assert (result.status, result.max_score) == ("fault", 0)
    assert pytest.importorskip("re").search(told, result.message)
    assert "the checks of this exercise are at fault" in result.message

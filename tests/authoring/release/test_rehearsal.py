"""Before an assignment goes out: its solution earns all, its stub nothing, and what is known to be wrong not all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader import load_course
from grader.authoring.release.rehearsal import Rehearsal, rehearse
from grader.course.assignment_file import read_assignment
from grader.machines import Machines
from tests.synthetic_course import CHECKS, make_course

HIDDEN = CHECKS.replace("test_double", "test_twice").replace("points(10)", "points(5)")
HIDDEN = HIDDEN.replace("FORBIDDEN = {}\n", "").replace('HINTS = ("a", "b", "c")\n', "")
EXERCISE = '[[exercise]]\nname = "double"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a course, and a file of hidden checks."""
    make_course(tmp_path / "course")
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "double.py").write_text(HIDDEN)
    return tmp_path


def tried(folder: Path, machines: Machines, text: str = EXERCISE) -> Rehearsal:
    (folder / "assignment.toml").write_text(text)
    assignment = read_assignment(folder / "assignment.toml")
    return rehearse(assignment.on(load_course(folder / "course"), instructor=True), machines)


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    "text",
    [
        EXERCISE,
        f"notebooks = true\n{EXERCISE}points = 7\n",
        f'{EXERCISE}instructor_checks = "hidden/double.py"\n',
        f'{EXERCISE}visibility = "instructor"\n',
    ],
)
def test_what_is_right_goes_out(folder: Path, machines: Machines, text: str) -> None:
    assert tried(folder, machines, text) == Rehearsal((), solutions=1)


def test_the_solution_fails_a_hidden_check(folder: Path, machines: Machines) -> None:
    change(folder / "hidden" / "double.py", ", 2 * x", ", 2 * x + 1")
    text = f'{EXERCISE}instructor_checks = "hidden/double.py"\n'
    [problem, *_stub] = tried(folder, machines, text).problems
    assert problem.startswith("The solution of double ")
    assert "twice" in problem


def test_a_check_that_fails_itself_is_told_once(folder: Path, machines: Machines) -> None:
    (folder / "hidden" / "double.py").write_text(
        "from grader import points\n\n\n@points(5)\ndef test_boom(student):\n    1 / 0\n"
    )
    place = folder / "wrong" / "double"
    place.mkdir(parents=True)
    (place / "a.py").write_text("def double(x):\n    return x\n")
    text = f'wrong_answers = "wrong"\n{EXERCISE}instructor_checks = "hidden/double.py"\n'
    [problem] = tried(folder, machines, text).problems
    assert problem.startswith("The solution of double cannot be graded")
    assert "boom" in problem


def test_the_stub_earns_points(folder: Path, machines: Machines) -> None:
    (folder / "hidden" / "double.py").write_text(
        "from grader import points\n\n\n@points(5)\ndef test_free(student):\n    pass\n"
    )
    text = f'{EXERCISE}instructor_checks = "hidden/double.py"\n'
    [problem] = tried(folder, machines, text).problems
    assert problem == "The stub of double earns 5 points in free, and nothing is written in it yet."


def test_the_stub_is_taken_for_an_answer(folder: Path, machines: Machines) -> None:
    """A student who has done nothing would find a red mark."""
    change(folder / "course" / "solutions" / "double.py", "Twice a tensor", "Double of a tensor")
    change(
        folder / "course" / "solutions" / "double.py",
        "    ### END SOLUTION",
        "    ### BEGIN STUB\n    # return x\n    ### END STUB\n    ### END SOLUTION",
    )
    [problem] = tried(folder, machines).problems
    assert "The stub of double counts as failed" in problem
    assert "`grader release double`" in problem


def test_wrong_answers(folder: Path, machines: Machines) -> None:
    place = folder / "wrong" / "double"
    place.mkdir(parents=True)
    (place / "a.py").write_text("# wrong: same\n# fails: double\n\ndef double(x):\n    return x\n")
    (place / "b.py").write_text("def double(x):\n    return x + x\n")
    (place / "c.py").write_text("# fails: double,none\ndef double(x):\n    return x\n")
    (folder / "wrong" / "duoble").mkdir()
    (folder / "wrong" / "duoble" / "d.py").write_text("def double(x):\n    return x\n")
    result = tried(folder, machines, f'wrong_answers = "wrong"\n{EXERCISE}')
    assert result.wrong == 3
    right, misnamed = result.problems
    assert right == f"{place / 'b.py'} is a wrong answer, and loses no point."
    assert "names a check 'none'" in misnamed
    assert result.solutions == 1
    [passed_over] = result.untried
    assert f"{folder / 'wrong'} has duoble: for no exercise of this assignment" in passed_over


def test_a_wrong_answer_loses_its_points_elsewhere(folder: Path, machines: Machines) -> None:
    place = folder / "wrong" / "double"
    place.mkdir(parents=True)
    (place / "a.py").write_text("# fails: rank\ndef double(x):\n    return x\n")
    change(
        folder / "course" / "checks" / "double.py",
        "@points(10)",
        '@points(1)\ndef test_rank(student: Student, draw: Draw) -> None:\n    """It has a rank."""\n'
        "    expect_close(student.run(apply, x=draw.normal(3)).tensor.ndim, 1)\n\n\n@points(9)",
    )
    [problem] = tried(folder, machines, f'wrong_answers = "wrong"\n{EXERCISE}').problems
    assert problem == f"{place / 'a.py'} loses no points in rank."


def test_without_a_solution_that_is_said(folder: Path, machines: Machines) -> None:
    shutil.rmtree(folder / "course" / "solutions")
    result = tried(folder, machines)
    assert result.problems == ()
    [untried] = result.untried
    assert untried.startswith(
        f"double: no solution is in {folder / 'course' / 'solutions'}, so it is not known"
    )
    assert result.solutions == 0

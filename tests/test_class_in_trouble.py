"""A class meets a broken check of the instructor's own: nobody's zero, told once, mended by the same command."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.classroom.gradebook.reader import open_gradebook
from grader.cli import main
from grader.machines import Machines
from tests.classes import EXERCISE, RIGHT, WRONG, Here, on_warm_machines, run, scores

pytestmark = pytest.mark.timeout(300)
HIDDEN = '''
from grader import Draw, Student, expect, points, probe


@probe
def nothing(student):
    return 1


@points(5)
def test_mine(student: Student, draw: Draw) -> None:
    """The instructor's own."""
    expect(student.run(nothing) == 1, "It is 1.")
    {line}
'''
SLIP = "undefined_name"
STUDENTS = {"ada": RIGHT[0], "bob": RIGHT[1], "eve": WRONG[0]}


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A folder with three submissions, an assignment, and a check of the instructor's own that is broken."""
    for student, path in STUDENTS.items():
        (tmp_path / "lab" / student).mkdir(parents=True)
        (tmp_path / "lab" / student / f"{EXERCISE}.py").write_bytes(path.read_bytes())
    (tmp_path / "a.toml").write_text(
        f'title = "t"\n[[exercise]]\nname = "{EXERCISE}"\ninstructor_checks = "mine/{EXERCISE}.py"\n'
    )
    (tmp_path / "mine").mkdir()
    write_check(tmp_path, SLIP)
    return tmp_path


def write_check(lab: Path, line: str) -> None:
    (lab / "mine" / f"{EXERCISE}.py").write_text(HIDDEN.format(line=line))


def arguments(lab: Path) -> list[str | Path]:
    options: list[str | Path] = ["--assignment", lab / "a.toml", "--jobs", "1", "--seed", "1"]
    return ["grade", lab / "lab", "--gradebook", lab / "g.db", *options]


def run_here(*arguments: str | Path, status: int = 0) -> str:
    """What a command prints in this process; it must end with `status`."""
    result = CliRunner().invoke(main, [*map(str, arguments)])
    assert "Traceback" not in result.output
    assert result.exit_code == status, (result.output, result.exception)
    return result.output


@pytest.fixture
def graded_here(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Has a class graded in this process, with the sandbox that is warm."""
    monkeypatch.setattr("grader.classroom.run.pool.workers_of", lambda *_: Here().workers)
    with on_warm_machines(machines):
        yield


def column(path: Path, name: str) -> dict[str, str]:
    with path.open(newline="", encoding="utf-8") as file:
        return {row["username"]: row[name] for row in csv.DictReader(file)}


@pytest.mark.usefixtures("graded_here")
def test_a_broken_check_is_nobodys_zero_and_is_mended_by_the_same_command(lab: Path) -> None:
    # the first time, what went wrong comes from a worker; the second time, the same command tries again
    for command in (run, run_here):
        printed = command(*arguments(lab), status=1)
        assert "3 handed in: 0 graded now, 0 graded before." in printed
        told = f"The check test_mine of {EXERCISE} failed for all 3 students: NameError: "
        assert printed.count(told) == 1
        assert f'mine/{EXERCISE}.py", line 14, in test_mine' in printed
        assert "They are (3): ada, bob, eve" in printed
        assert "mean" not in printed
    assert scores(lab / "g.db") == dict.fromkeys(STUDENTS)
    with open_gradebook(lab / "g.db") as gradebook:
        for student in STUDENTS:
            assert [event.kind for event in gradebook.history(student)] == ["handed in"]
            assert told.partition(" for all")[0] in gradebook.record(student).problem

    printed = run_here("report", lab / "g.db", "--output", lab / "out")
    assert "Not graded, through no fault of theirs: 3 students" in printed
    assert column(lab / "out" / "scores" / "classroom50.csv", "score") == dict.fromkeys(
        STUDENTS, ""
    )
    page = (lab / "out" / "index.html").read_text(encoding="utf-8")
    assert "Not graded, through no fault of theirs" in page
    assert "NameError" in page
    for feedback in (lab / "out" / "feedback").iterdir():
        text = feedback.read_text(encoding="utf-8")
        assert "not graded" in text
        assert "NameError" not in text
        assert "test_mine" not in text

    write_check(lab, "")
    printed = run_here(*arguments(lab))
    assert "3 handed in: 3 graded now, 0 graded before." in printed
    found = scores(lab / "g.db")
    assert (found["ada"], found["bob"]) == (15, 15)
    assert 5 <= (found["eve"] or 0) < 15


@pytest.mark.usefixtures("graded_here")
def test_a_check_file_that_cannot_be_read_by_pytest_ends_the_run_and_is_named(lab: Path) -> None:
    (lab / "mine" / f"{EXERCISE}.py").write_text("import no_such_module\n")
    printed = run_here(*arguments(lab), status=2)
    assert "Nothing can be graded." in printed
    assert EXERCISE in printed
    assert "no_such_module" in printed

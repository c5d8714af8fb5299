"""After any change, a class has the reports that it has when all is graded again; and only what was touched has run."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.classroom.gradebook.reader import Gradebook, open_gradebook
from grader.classroom.run import worker
from grader.classroom.run.conditions import GradingConditions
from grader.classroom.run.grade_class import RunSummary, grade_class
from grader.classroom.run.worker import normalized_devices
from grader.course.assignment_file import read_assignment
from grader.course.catalog import load_course
from grader.machines import Machines, limits_of
from tests.classes import Here
from tests.conftest import told
from tests.synthetic_course import SOLUTION, make_course

EXERCISES = ("double", "triple")
SECOND = '''

@points(4)
def test_none(student: Student, draw: Draw) -> None:
    """`double` of nothing is nothing."""
    x = draw.normal(0)
    expect_close(student.run(apply, x=x), 2 * x, "double of nothing")
'''
ANSWERS = (
    "return 2 * x",
    "return x + x",
    "return 3 * x",
    "print('half')\n    return x / 2",
    "return 1 / 0",
    "raise NotImplementedError",
)


class Class:
    """A course of two exercises, and submissions that can be changed in one way or another."""

    def __init__(self, folder: Path) -> None:
        self.course = make_course(folder / "course")
        for kind in ("exercises", "solutions", "checks"):
            first = self.course / kind / "double.py"
            text = first.read_text(encoding="utf-8") + (SECOND if kind == "checks" else "")
            first.write_text(text, encoding="utf-8")
            other = text.replace("double", "triple").replace("2 * x", "3 * x")
            (self.course / kind / "triple.py").write_text(other, encoding="utf-8")
        self.lab = folder / "lab"
        self.assignment = folder / "assignment.toml"
        self.worth(10, 10)
        for student in ("ada", "bob"):
            for name in EXERCISES:
                self.answer(student, name, "return 2 * x")

    def worth(self, *points: int) -> None:
        parts = zip(EXERCISES, points, strict=True)
        tables = (f'[[exercise]]\nname = "{name}"\npoints = {n}\n' for name, n in parts)
        self.assignment.write_text('title = "t"\n' + "".join(tables))

    def answer(self, student: str, name: str, body: str) -> None:
        text = SOLUTION.replace("double", name).replace("return 2 * x", body)
        (self.lab / student).mkdir(parents=True, exist_ok=True)
        (self.lab / student / f"{name}.py").write_text(text, encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        path = self.course / "checks" / f"{name}.py"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def grade(self, gradebook: Gradebook, *, force: bool = False) -> tuple[RunSummary, Here]:
        here = Here()
        summary = grade_class(
            self.lab,
            gradebook,
            conditions=GradingConditions(seed=1),
            assigned=read_assignment(self.assignment).on(load_course(self.course), instructor=True),
            workers=here.workers,
            force=force,
            change=True,
        )
        assert gradebook.check() == []
        return summary, here


def reports(gradebook: Gradebook) -> dict[str, Any]:
    """Student → all that is told, but for how long it took."""
    return {each.student.id: each.report and told(each.report) for each in gradebook.records()}


@pytest.fixture
def made(tmp_path: Path, machines: Machines, monkeypatch: pytest.MonkeyPatch) -> Class:
    made = Class(tmp_path)
    course = load_course(made.course)
    key = str(course.folder.resolve()), limits_of(course), normalized_devices(())
    monkeypatch.setattr(worker, "_machines", {key: machines})
    return made


def test_each_change_runs_what_it_touches(made: Class, tmp_path: Path) -> None:
    with open_gradebook(tmp_path / "g.db", create=True) as gradebook:

        def ran() -> list[tuple[str, str]]:
            summary, here = made.grade(gradebook)
            assert summary.exercises_run == len(here.ran)
            assert summary.exercises_run + summary.exercises_kept == 2 * summary.handed_in
            return here.ran

        # both have handed in the same, so each exercise runs once
        assert ran() == [("ada", "double"), ("ada", "triple")]
        assert ran() == []
        made.answer("bob", "triple", "return 3 * x")
        assert ran() == [("bob", "triple")]
        made.change("triple", "3 * x", "3.0 * x")
        assert ran() == [("ada", "triple"), ("bob", "triple")]
        made.worth(10, 30)
        assert ran() == []
        assert [each.score for each in gradebook.records()] == [19, 40]
        made.change("double", "@points(4)", "@points(0)")
        assert ran() == []
        made.answer("eve", "double", "return 2 * x")
        assert ran() == []
        assert [each.score for each in gradebook.records()] == [19, 40, 10]
        made.answer("bob", "triple", "return 2 * x")  # as it was before
        assert ran() == []


def test_a_fault_is_tried_again_alone_and_shared_with_nobody(made: Class, tmp_path: Path) -> None:
    line = "    x = draw.normal(0)\n"
    made.change("triple", line, line + "    if student.run(apply, x=x + 1) is not None: oops\n")
    with open_gradebook(tmp_path / "g.db", create=True) as gradebook:
        summary, here = made.grade(gradebook)
        assert set(summary.faults) == {"ada", "bob"}
        assert here.ran == [("ada", "double"), ("ada", "triple"), ("bob", "triple")]
        _, here = made.grade(gradebook)
        assert here.ran == [("ada", "triple"), ("bob", "triple")]
        made.change("triple", ": oops", ": pass")
        summary, here = made.grade(gradebook)
        assert (summary.faults, summary.graded, here.ran) == ({}, 2, [("ada", "triple")])


@pytest.mark.parametrize("seed", [1])
def test_what_is_kept_changes_no_report(made: Class, tmp_path: Path, seed: int) -> None:
    luck = random.Random(seed)

    def mend() -> None:
        with (made.course / "checks" / f"{luck.choice(EXERCISES)}.py").open("a") as file:
            file.write(f"# mended: {luck.random()}\n")

    def repoint() -> None:
        path = made.course / "checks" / f"{luck.choice(EXERCISES)}.py"
        text = path.read_text(encoding="utf-8")
        new = re.sub(r"@points\(\d+\)", lambda _: f"@points({luck.randrange(1, 9)})", text)
        path.write_text(new, encoding="utf-8")

    changes: list[Callable[[], None]] = [
        lambda: made.worth(luck.randrange(9), luck.randrange(1, 9)),
        lambda: made.answer(
            luck.choice(["ada", "bob", "eve"]), luck.choice(EXERCISES), luck.choice(ANSWERS)
        ),
        mend,
        repoint,
    ]
    with open_gradebook(tmp_path / "g.db", create=True) as gradebook:
        for step in range(4):
            for _ in range(2):
                luck.choice(changes)()
            made.grade(gradebook)
            with open_gradebook(tmp_path / f"{step}.db", create=True) as anew:
                made.grade(anew, force=True)
                assert reports(gradebook) == reports(anew)
                assert [each.score for each in gradebook.records()] == [
                    each.score for each in anew.records()
                ]

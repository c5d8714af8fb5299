"""What a student's folder remembers: results and hints, and what damage of it costs."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from grader import load_course
from grader.course.catalog import Course
from grader.practice.workspace import Workspace, state_of, upcoming
from grader.report import ExerciseResult
from tests.conftest import ROOT
from tests.workspaces import Run


class TestWhatIsRemembered:
    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\xff\xfe",
            b"[]",
            b"{",
            b"[" * 100_000,
            b'{"hints": 3, "results": []}',
            b'{"hints": {"my_linear": "two", "nothing": 1, "derivative": -1}}',
            b'{"hints": {"my_linear": true}, "results": {"derivative": {"status": "passed"}}}',
            b'{"results": {"derivative": {"fingerprint": "x", "status": "passed", "score": 1e9}}}',
            b'{"results": {"derivative": {"fingerprint": "x", "status": [], "score": 1}}}',
        ],
        ids=lambda data: data[:40].decode("ascii", "replace"),
    )
    def test_damage_costs_what_was_remembered_and_no_more(
        self, run: Run, folder: Path, data: bytes
    ) -> None:
        (folder / ".grader").mkdir()
        (folder / ".grader" / "state.json").write_bytes(data)
        assert "0 of 2 exercises" in run("list").stdout
        assert "my_linear: hint 1 of 3" in run("hint", "my_linear").stdout
        assert "my_linear: hint 2 of 3" in run("hint", "my_linear").stdout

    def test_a_folder_in_the_place_of_the_file(self, run: Run, folder: Path) -> None:
        (folder / ".grader" / "state.json").mkdir(parents=True)
        for _ in range(2):
            result = run("hint", "my_linear")
            assert "hint 1 of 3" in result.stdout
            assert "could not be kept" in result.stderr

    def test_a_pipe_is_not_waited_for(self, run: Run, folder: Path) -> None:
        (folder / ".grader").mkdir(exist_ok=True)
        os.mkfifo(folder / ".grader" / "state.json")
        assert run("list").exit_code == 0

    def test_a_link_is_not_followed(self, run: Run, folder: Path, tmp_path: Path) -> None:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (folder / ".grader").symlink_to(elsewhere)
        assert "could not be kept" in run("hint", "my_linear").stderr
        assert list(elsewhere.iterdir()) == []

    def test_a_link_to_a_file_is_replaced(self, run: Run, folder: Path) -> None:
        (folder / ".grader").mkdir()
        (folder / "precious.json").write_text("{}")
        (folder / ".grader" / "state.json").symlink_to(folder / "precious.json")
        run("hint", "my_linear")
        assert (folder / "precious.json").read_text() == "{}"
        assert json.loads((folder / ".grader" / "state.json").read_text())["hints"]

    def test_git_does_not_see_it(self, run: Run, folder: Path) -> None:
        run("hint", "my_linear")
        assert (folder / ".grader" / ".gitignore").read_text() == "*\n"

    def test_the_next_one(self, folder: Path, course: Course) -> None:
        standings = Workspace(folder, course).standings()
        names = [
            one.exercise.name
            for one in (upcoming(standings), upcoming(standings, "derivative"))
            if one
        ]
        assert names == ["derivative", "my_linear"]
        last = upcoming(standings, "my_linear")
        assert last is not None
        assert last.exercise.name == "derivative"

    def test_other_checks_make_a_result_old(
        self, folder: Path, keep: Callable[[str], None], course: Course, tmp_path: Path
    ) -> None:
        shutil.copy(ROOT / "solutions" / "derivative.py", folder)
        keep("derivative")
        workspace = Workspace(folder, course)
        assert workspace.standing(course["derivative"]).state == "passed"
        mine = tmp_path / "course"
        for part in ("exercises", "solutions"):
            shutil.copytree(ROOT / part, mine / part)
        shutil.copytree(ROOT / "grader" / "checks", mine / "grader" / "checks")
        shutil.copy(ROOT / "course.toml", mine)
        with (mine / "grader" / "checks" / "derivative.py").open("a") as file:
            file.write("# another check\n")
        other = load_course(mine)
        assert Workspace(folder, other).standing(other["derivative"]).state == "changed"


def test_what_is_no_verdict_changes_nothing(folder: Path, course: Course) -> None:
    workspace = Workspace(folder, course)
    exercise = course["derivative"]
    (folder / "derivative.py").write_text("x = 1\n", encoding="utf-8")
    source = workspace.source(exercise)
    assert source is not None
    failed = ExerciseResult("derivative", "Title", 3, 10, "partial")
    fault = replace(failed, score=0, status="fault")
    assert (state_of(failed), state_of(fault)) == ("partial", "unknown")
    workspace.remember([fault], {"derivative": source})
    assert workspace.standing(exercise).state == "unknown"
    workspace.remember([failed], {"derivative": source})
    workspace.remember([fault], {"derivative": source})
    standing = workspace.standing(exercise)
    assert (standing.state, standing.score, standing.needs_grading) == ("partial", 3, False)

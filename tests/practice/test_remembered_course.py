"""Which course a student's folder is for: kept by `init`, found by every command, and never taken from a stranger."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from IPython.core.error import UsageError

from grader import load_course
from grader.cli import main
from grader.course.catalog import Course
from grader.errors import WorkspaceError
from grader.machines import Machines
from grader.practice.magics import load_ipython_extension
from grader.practice.remembered_course import remember_course, remembered_course
from tests.synthetic_course import make_course


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds a course and an empty workspace, which is the current folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    make_course(tmp_path / "my course")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


@pytest.fixture
def own(place: Path) -> Course:
    return load_course(place / "my course")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_it_is_remembered_wherever_the_folder_goes(place: Path, own: Course) -> None:
    assert remembered_course(Path()) is None
    remember_course(Path(), own)
    assert remembered_course(Path()) == place / "my course"
    (place / "work").rename(place / "moved")
    assert remembered_course(place / "moved") == place / "my course"


def test_the_last_one_counts_and_the_built_in_one_needs_no_memory(
    place: Path, own: Course, course: Course
) -> None:
    other = load_course(make_course(place / "other"))
    for each in (own, other, own):
        remember_course(Path(), each)
        assert remembered_course(Path()) == each.folder
    remember_course(Path(), course)
    assert remembered_course(Path()) is None
    assert not Path(".grader/course.json").exists()


def test_a_course_that_has_gone(place: Path, own: Course) -> None:
    remember_course(Path(), own)
    (place / "my course").rename(place / "elsewhere")
    with pytest.raises(WorkspaceError, match=r"no course any more.*`grader init \. --course DIR`"):
        remembered_course(Path())
    remember_course(Path(), load_course(place / "elsewhere"))
    assert remembered_course(Path()) == place / "elsewhere"


def test_a_strangers_course_is_not_run(place: Path, own: Course) -> None:
    """A folder that was handed in names a course of its own, whose checks would run as the instructor's programs."""
    remember_course(Path(), own)
    evil = make_course(place / "work" / "evil")
    Path(".grader/course.json").write_text(json.dumps({"course": str(evil.resolve())}))
    with pytest.raises(WorkspaceError, match="have not used yet"):
        remembered_course(Path())
    for command in ("list", "show", "hint", "reset", "check", "try", "watch"):
        told = run(command)
        assert told.exit_code == 2
        assert "have not used yet" in told.stderr


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"course": 3}', '{"course": "../x"}', '{"course": "/a\\u0000b"}']
)
def test_a_damaged_memory_is_told(place: Path, text: str) -> None:
    """Grading by another course without a word would be worse."""
    Path(".grader").mkdir()
    Path(".grader/course.json").write_text(text)
    with pytest.raises(WorkspaceError, match="does not name a course"):
        remembered_course(Path())


def test_a_link_is_not_followed(place: Path, own: Course) -> None:
    (place / "theirs").mkdir()
    remember_course(place / "theirs", own)
    os.symlink(place / "theirs" / ".grader", ".grader")
    assert remembered_course(Path()) is None


def test_a_pipe_is_not_waited_for(place: Path) -> None:
    """Nobody ever writes to it: a folder that was handed in may hold one."""
    Path(".grader").mkdir()
    os.mkfifo(".grader/course.json")
    with pytest.raises(WorkspaceError, match="does not name a course"):
        remembered_course(Path())


def test_every_command_finds_it(place: Path, own: Course, shared_machines: Machines) -> None:
    assert "cd work2 && grader watch\n" in run("init", "work2", "--course", "../my course").stdout
    os.chdir("work2")
    assert "double" in run("list").stdout
    assert "Doubling" in run("show").stdout
    assert "double: hint 1 of 3" in run("hint").stdout
    Path("double.py").write_text("def double(x):\n    return x\n")
    assert "0/10" in run("check").stdout
    assert "double" in run("try").stdout
    shutil.copy(own["double"].solution, "double.py")
    assert "10/10" in run("check", "double").stdout
    assert "double.py is the stub again" in run("reset", "double").stdout
    # what is missing comes from the same course
    Path("double.py").unlink()
    assert "Exercises made" in run("init", ".").stdout
    assert Path("double.py").exists()
    assert not Path("my_linear.py").exists()


def test_an_instructor_is_not_told_by_a_folder(place: Path, own: Course) -> None:
    """What counts is the course that the instructor names, whatever a student's folder says."""
    remember_course(Path(), own)
    (place / "a.toml").write_text('[[exercise]]\nname = "double"\n')
    told = run("check", "--assignment", "../a.toml", "--instructor")
    assert told.exit_code == 2
    assert "names the exercise 'double', which this course does not have" in told.stderr


def test_where_nothing_can_be_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(place / "file"))
    made = run("init", ".", "--course", "../my course")
    assert made.exit_code == 0
    assert "name it with each command" in made.stderr
    assert "grader watch --course '" in made.stdout


def test_a_notebook_finds_it(place: Path, own: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Course | None] = []

    class Shell:
        def register_magics(self, magics: object) -> None:
            pass

    monkeypatch.setattr(
        "grader.practice.magics.GraderMagics", lambda shell, course: opened.append(course)
    )
    load_ipython_extension(Shell())
    remember_course(Path(), own)
    load_ipython_extension(Shell())
    assert opened == [None, own]
    (place / "my course").rename(place / "elsewhere")
    with pytest.raises(UsageError, match="no course any more"):
        load_ipython_extension(Shell())

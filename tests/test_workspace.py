"""A student's folder: hints one at a time, how far each exercise is, a stub anew, and damaged files of ours."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader import grade, load_course
from grader.cli import main
from grader.course.catalog import Course
from grader.machines import Machines
from grader.practice.workspace import Workspace, upcoming
from grader.submission import read_submission

from .conftest import ROOT

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands run: a workspace with two stubs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("derivative", "my_linear"):
        shutil.copy(ROOT / "exercises" / f"{name}.py", tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    def call(*arguments: str, status: int = 0) -> Result:
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == status, result.output
        return result

    return call


@pytest.fixture
def graded(folder: Path, course: Course, machines: Machines) -> Callable[[str], None]:
    """Grades an exercise in the folder and keeps the result, as `check` and `watch` do."""

    def call(name: str) -> None:
        submission = read_submission(folder, course, [name])
        report = grade(submission, course=course, machines=machines)
        Workspace(folder, course).remember(report.exercises, submission.sources)

    return call


class TestHints:
    def test_one_at_a_time(self, run: Run) -> None:
        told = (
            "wrapped in",
            "has to do without it",
            "self.weights = nn.Parameter",
            "self.weights =",
        )
        for number, words in zip((1, 2, 3, 3), told, strict=True):
            shown = run("hint", "my_linear").stdout
            assert f"my_linear: hint {number} of 3" in shown
            assert shown.count(" of 3") == 1
            assert words in " ".join(shown.split())
        assert "That was the last hint" in shown
        assert "derivative: hint 1 of 3" in run("hint").stdout  # the first that is not done

    def test_again_and_all(self, run: Run) -> None:
        assert (
            "No hint for my_linear was shown yet"
            in run("hint", "my_linear", "--again", status=2).stderr
        )
        run("hint", "my_linear")
        again = run("hint", "my_linear", "--again").stdout
        assert "hint 1 of 3" in again
        assert "hint 2 of 3" not in again
        everything = run("hint", "my_linear", "--all").stdout
        assert [f"hint {number} of 3" in everything for number in (1, 2, 3)] == [True] * 3
        assert "hint 3 of 3" in run("hint", "my_linear").stdout

    def test_an_instructor_can_switch_them_off(self, run: Run, folder: Path) -> None:
        (folder / "assignment.toml").write_text("hints = false\n")
        assert "switched off" in run("hint", "my_linear", status=2).stderr
        (folder / "assignment.toml").write_text("hints = true\n")
        run("hint", "my_linear")
        (folder / "assignment.toml").write_bytes(b"hints = \xff\n")
        assert "assignment.toml cannot be read" in run("hint", "my_linear", status=2).stderr

    def test_every_exercise_of_the_course_has_three(self, course: Course) -> None:
        for exercise in course.exercises:
            assert len(exercise.hints) == 3, exercise.name
            assert len(set(exercise.hints)) == 3
            for hint in exercise.hints:
                assert hint.count("`") % 2 == 0, hint
                assert not hint.startswith(" ")

    def test_a_wrong_name(self, run: Run) -> None:
        assert "no exercise 'nothing'" in run("hint", "nothing", status=2).stderr


class TestList:
    def test_states(self, run: Run, folder: Path, graded: Callable[[str], None]) -> None:
        assert "0 of 2 exercises · 0/20 points" in run("list").stdout
        shutil.copy(ROOT / "solutions" / "derivative.py", folder)
        (folder / "my_linear.py").write_text("x = 1\n")
        shown = run("list").stdout
        assert shown.count("not checked") == 2
        assert shown.count("no file") == 16
        assert "Next: derivative." in shown
        graded("derivative")
        graded("my_linear")
        shown = run("list").stdout
        assert "✓ derivative" in shown
        assert "1 of 2 exercises · 10/20 points" in shown
        assert "▸ ✗ my_linear" in shown
        assert "Next: my_linear." in shown
        with (folder / "derivative.py").open("a") as file:
            file.write("# one more line\n")
        assert "◌ derivative" in run("list").stdout

    def test_all_done(self, run: Run, folder: Path, graded: Callable[[str], None]) -> None:
        for name in ("derivative", "my_linear"):
            shutil.copy(ROOT / "solutions" / f"{name}.py", folder)
            graded(name)
        assert "All exercises here are done." in run("list").stdout

    def test_nowhere_in_particular(self, run: Run, folder: Path) -> None:
        for path in folder.glob("*.py"):
            path.unlink()
        shown = run("list").stdout
        assert "grader init DIR" in shown
        assert "no file" not in shown

    def test_other_checks_make_a_result_old(
        self, folder: Path, graded: Callable[[str], None], course: Course, tmp_path: Path
    ) -> None:
        shutil.copy(ROOT / "solutions" / "derivative.py", folder)
        graded("derivative")
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


class TestReset:
    def test_nothing_is_lost(self, run: Run, folder: Path) -> None:
        stub = (ROOT / "exercises" / "my_linear.py").read_bytes()
        path = folder / "my_linear.py"
        assert "is the stub already" in run("reset", "my_linear").stdout
        assert sorted(folder.glob("my_linear*")) == [path]
        for number in (1, 2, 3):
            path.write_text(f"mine = {number}\n")
            assert f"my_linear.old-{number}.py" in run("reset", "my_linear").stdout
            assert path.read_bytes() == stub
        for number in (1, 2, 3):
            kept = folder / f"my_linear.old-{number}.py"
            assert kept.read_text() == f"mine = {number}\n"

    def test_a_file_that_is_gone(self, run: Run, folder: Path) -> None:
        (folder / "my_linear.py").unlink()
        run("reset", "my_linear")
        assert (folder / "my_linear.py").is_file()

    def test_a_notebook(self, run: Run, folder: Path) -> None:
        (folder / "my_linear.py").unlink()
        (folder / "my_linear.ipynb").write_text("mine")
        run("reset", "my_linear")
        stub = ROOT / "exercises" / "my_linear.ipynb"
        assert (folder / "my_linear.ipynb").read_bytes() == stub.read_bytes()
        assert (folder / "my_linear.old-1.ipynb").read_text() == "mine"
        assert not (folder / "my_linear.py").exists()

    def test_a_link_is_left_alone(self, run: Run, folder: Path) -> None:
        (folder / "my_linear.py").unlink()
        (folder / "elsewhere").write_text("precious")
        (folder / "my_linear.py").symlink_to(folder / "elsewhere")
        assert "not a regular file" in run("reset", "my_linear", status=2).stderr
        assert (folder / "elsewhere").read_text() == "precious"


class TestInit:
    @pytest.mark.parametrize("suffix", [".py", ".ipynb"])
    def test_a_workspace(self, run: Run, folder: Path, course: Course, suffix: str) -> None:
        options = ["--notebooks"] if suffix == ".ipynb" else []
        shown = run("init", "my work", *options).stdout
        assert "cd 'my work'" in shown
        made = {path.name for path in (folder / "my work").iterdir()}
        assert made == {f"{name}{suffix}" for name in course.names} | {"README.md", ".grader"}
        readme = (folder / "my work" / "README.md").read_text(encoding="utf-8")
        for command in ("list", "show", "watch", "check", "hint", "reset"):
            assert f"`grader {command}" in readme

    def test_what_is_there_stays(self, run: Run, folder: Path) -> None:
        (folder / "README.md").write_text("mine")
        (folder / "my_linear.py").write_text("mine")
        assert "16 exercises" in run("init", ".").stdout
        assert (folder / "README.md").read_text() == (folder / "my_linear.py").read_text() == "mine"

    def test_checking_is_remembered(self, run: Run, folder: Path) -> None:
        run("init", ".")
        shutil.copy(ROOT / "solutions" / "my_linear.py", folder)
        run("check", "my_linear")
        assert "✓ my_linear" in run("list").stdout


@pytest.mark.parametrize("name", load_course().names)
def test_show_fits_80_columns(run: Run, name: str, course: Course) -> None:
    shown = run("show", name).stdout
    lines = shown.splitlines()
    assert lines[0] == course[name].title
    assert [
        line for line in lines if len(line.rstrip()) > 80 and not line.startswith("See: ")
    ] == []
    [see] = [line for line in lines if line.startswith("See: ")]
    assert see.split()[1] in course[name].statement
    assert "$" not in shown
    assert "**" not in shown

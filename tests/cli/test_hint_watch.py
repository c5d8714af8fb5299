"""`grader hint`: one at a time, from a nudge to nearly the answer; and how `grader watch` is called."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.course.catalog import Course
from grader.errors import DeviceError
from grader.machines import DEVICES, Machines
from grader.sandbox import Sandbox
from tests.workspaces import Run


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


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["watch"], "holds no exercise to grade"),
        (["watch"], "`grader init work` makes a folder with all of them."),
        (["hint"], "There is no exercise in {folder}. `grader init work` makes a folder"),
        (["watch", "nothing"], "no exercise 'nothing'"),
        (["watch", "--from", "nowhere"], "nowhere does not exist"),
        (["watch", "--from", "a.py"], "a.py is a file"),
    ],
)
def test_called_wrongly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    (tmp_path / "a.py").touch()
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert told.format(folder=tmp_path) in result.stderr


@pytest.mark.parametrize("absent", ["", "cuda: there is no GPU"])
def test_watch_on_a_device_that_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, absent: str
) -> None:
    """It has to be there; without a name, nothing is waited for."""
    done: list[object] = []

    class Noted(Machines):
        def _started(self) -> dict[str, Sandbox]:
            done.append(self.devices)
            return {}

        def require_devices(self) -> None:
            done.append("required")
            if absent:
                raise DeviceError(absent)

    (tmp_path / "derivative.py").write_text("x = 1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("grader.machines.Machines", Noted)
    monkeypatch.setattr("grader.practice.watch.watch", lambda *_: done.append("watched"))
    before = signal.getsignal(signal.SIGINT)
    result = CliRunner().invoke(main, ["watch", "--device", "sim", "--device", "cuda"])
    assert result.exit_code == (2 if absent else 0)
    assert absent in result.stderr
    assert done == [("sim", "cuda"), "required", *([] if absent else ["watched"])]
    done.clear()
    assert CliRunner().invoke(main, ["watch"]).exit_code == 0
    assert done == [DEVICES, "watched"]
    signal.signal(signal.SIGINT, before)

"""`grader watch` as a student sees it: through a pseudo-terminal, with the files saved as editors save them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from rich.console import Console

from grader import grade, load_course
from grader.course.stub_notebook import notebook_of
from grader.errors import CourseError, SandboxLost, WorkspaceError
from grader.machines import Machines, preload_for
from grader.practice.events import Event, Events, Lost, Pressed
from grader.practice.keyboard import Keyboard
from grader.practice.painter import Painter
from grader.practice.watch import Watch
from grader.practice.workspace import Workspace
from grader.report import Report
from grader.submission import Source
from tests.conftest import ROOT
from tests.terminal import Terminal

pytestmark = pytest.mark.drawn

SOLUTIONS = ROOT / "solutions"
# one mistake that costs points and leaves some
MISTAKES = {
    "derivative": ("/ (2 * h)", "/ h"),
    "autograd_basics": ("3 * leaf**3", "4 * leaf**3"),
    "my_linear": ("output + self.bias", "output"),
}
NAMES = tuple(MISTAKES)


def right(name: str) -> str:
    return (SOLUTIONS / f"{name}.py").read_text(encoding="utf-8")


def wrong(name: str) -> str:
    old, new = MISTAKES[name]
    assert old in right(name)
    return right(name).replace(old, new)


def in_place(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def by_renaming(path: Path, text: str) -> None:
    """Writes beside and renames, as Vim and Visual Studio Code may."""
    beside = path.with_name(f".{path.name}.tmp")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def by_moving_aside(path: Path, text: str) -> None:
    """Moves the old file to a backup first, as Emacs and Vim do."""
    os.replace(path, path.with_name(path.name + "~"))
    path.write_text(text, encoding="utf-8")


def by_deleting(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder with three stubs, as `init` makes it."""
    for name in NAMES:
        shutil.copy(ROOT / "exercises" / f"{name}.py", tmp_path)
    return tmp_path


@pytest.fixture
def terminal(workspace: Path) -> Iterator[Terminal]:
    with Terminal(["watch"], workspace) as running:
        yield running
        assert b"Traceback" not in running.written


def test_a_session(workspace: Path, terminal: Terminal) -> None:
    before = terminal.modes
    terminal.until("derivative  Numerical differentiation", "open derivative.py", "q quit")
    assert not terminal.modes[3] & (termios.ECHO | termios.ICANON)
    assert "0 of 3 exercises · 0/30 points" in terminal.text

    by_renaming(workspace / "derivative.py", wrong("derivative"))
    screen = terminal.until("◐ derivative", "Change derivative.py")
    assert "✗ `central_difference" in screen
    # the first mistake in full, the others in a line
    assert "1 more below; `grader check derivative`" in screen

    terminal.press("h")
    terminal.until("Hint 1 of 3", "two points that lie close together")
    terminal.press("H")
    terminal.until("Hint 2 of 3", gone="Hint 1 of 3")
    terminal.press("l")
    terminal.until("▸ ◐ derivative", "Modules", "· my_linear", gone="Hint")
    terminal.press("l")
    terminal.until("Hint 2 of 3", gone="Modules")

    in_place(workspace / "derivative.py", right("derivative"))
    screen = terminal.until("✓ derivative: all 10 points.", "To compare with:", gone="Hint")
    assert "1 of 3 exercises · 10/30 points" in screen
    assert "Another right way: numerical_gradient without a loop" in screen

    # it waits for a key: on, back, and by choice from the list
    terminal.press("n")
    terminal.until("autograd_basics  What backward gives", gone="To compare with:")
    terminal.press("b")
    terminal.until("✓ derivative  10/10", "To compare with:")
    terminal.press("l")
    terminal.until("▸ ✓ derivative", "Enter go there")
    terminal.press("\x1b[B")
    terminal.until("▸ · autograd_basics")
    terminal.press("\r")
    terminal.until("open autograd_basics.py", gone="Modules")

    terminal.press("s")
    terminal.until("my_linear  A linear layer", gone="all 10 points")
    terminal.press("s")
    terminal.until("autograd_basics  What backward gives")

    by_deleting(workspace / "autograd_basics.py", wrong("autograd_basics"))
    terminal.until("◐ autograd_basics", "7/10")
    terminal.after(lambda: terminal.press("r"), "Grading autograd_basics")
    terminal.until("◐ autograd_basics", "7/10", gone="Grading")
    terminal.press("t")
    terminal.until("import autograd_basics", "torch.tensor(")
    by_moving_aside(workspace / "autograd_basics.py", right("autograd_basics"))
    terminal.until("✓ autograd_basics: all 10", "n next")
    terminal.press("\n")
    terminal.until("my_linear  A linear layer", gone="To compare with:")
    by_renaming(workspace / "my_linear.py", right("my_linear"))
    terminal.until("All 3 exercises are done: 30 of 30 points.", "3 of 3 exercises")

    # practised again: the stub is back, and the solution lies beside it
    terminal.press("b")
    terminal.until("✓ autograd_basics  10/10")
    terminal.press("p")
    terminal.until("autograd_basics.py is the stub again", "2 of 3 exercises")
    beside = workspace / "autograd_basics.old-1.py"
    assert beside.read_text() == right("autograd_basics")
    in_place(workspace / "autograd_basics.py", right("autograd_basics"))
    terminal.until("All 3 exercises are done")

    terminal.press("q")
    assert terminal.ended() == 0
    assert terminal.modes == before
    kept = json.loads((workspace / ".grader" / "state.json").read_text())
    assert kept["hints"] == {"derivative": 2}
    assert {name: one["status"] for name, one in kept["results"].items()} == dict.fromkeys(
        NAMES, "passed"
    )


def test_what_cannot_be_read_yet(workspace: Path, terminal: Terminal) -> None:
    (workspace / "assignment.toml").write_text("hints = false\n")
    terminal.until("open derivative.py")
    terminal.press("h")
    terminal.until("Hints are switched off")
    # stopped by Ctrl-Z and brought back: the screen is drawn anew
    os.kill(terminal.process.pid, signal.SIGSTOP)
    terminal.after(lambda: os.kill(terminal.process.pid, signal.SIGCONT), "\x1b[2J")
    path = workspace / "derivative.py"
    terminal.after(lambda: path.write_bytes(b""), "derivative.py is empty")
    terminal.until("derivative.py is empty", gone="Trying again")
    half = right("derivative").encode()[:-200] + b"\xff"
    terminal.after(lambda: path.write_bytes(half), "Trying again.")
    terminal.until("not UTF-8 text", gone="Trying again")
    path.unlink()
    terminal.until("derivative has no file any more", "0 of 2 exercises")
    in_place(path, wrong("derivative"))
    terminal.until("◐ derivative", "0 of 3 exercises")

    (workspace / "my_linear.py").unlink()
    terminal.until("of 2 exercises")
    path = workspace / "my_linear.ipynb"
    by_renaming(path, notebook_of("my_linear", wrong("my_linear")))
    terminal.until("◐ my_linear", "Change my_linear.ipynb")
    cut = notebook_of("my_linear", right("my_linear"))[:-40]
    terminal.after(lambda: by_renaming(path, cut), "my_linear.ipynb is not a Jupyter notebook")
    by_renaming(path, notebook_of("my_linear", right("my_linear")))
    terminal.until("✓ my_linear: all 10 points.")

    endless = right("derivative") + "\nwhile True:\n    pass\n"
    terminal.after(lambda: in_place(workspace / "derivative.py", endless), "Grading derivative")
    terminal.press("q")
    assert terminal.ended() == 0


def test_a_small_terminal_shows_the_end_and_ctrl_c_leaves_it_as_it_was(workspace: Path) -> None:
    in_place(workspace / "my_linear.py", right("my_linear"))  # graded without being asked
    with Terminal(["watch", "autograd_basics"], workspace, rows=12) as terminal:
        before = terminal.modes
        terminal.until("open autograd_basics.py", "1 of 3 exercises · 10/30 points")
        in_place(workspace / "autograd_basics.py", wrong("autograd_basics"))
        terminal.until("Change autograd_basics.py", "q quit")
        assert "PyTorch basics" not in terminal.text
        in_place(workspace / "autograd_basics.py", right("autograd_basics"))
        screen = terminal.until("✓ autograd_basics: all 10 points.", gone="Change")
        assert "6 of 6 checks passed." in screen
        terminal.press("\x03")
        assert terminal.ended() == 0
        assert terminal.modes == before
        assert b"Traceback" not in terminal.written


class NoKeys(Keyboard):
    """A keyboard that nobody sits at."""

    def __init__(self) -> None:
        super().__init__(SimpleQueue(), lambda: False)


def session(folder: Path, machines: Machines, *told: Event) -> tuple[StringIO, Watch, Events]:
    """What is printed, a session without a terminal, and events that come as soon as it runs."""
    out = StringIO()
    painter = Painter(Console(file=out, width=100))
    events: Events = SimpleQueue()
    for event in told:
        events.put(event)
    return out, Watch(Workspace(folder, load_course()), machines, painter), events


def test_what_is_lost_ends_it_with_a_sentence(workspace: Path, machines: Machines) -> None:
    _, running, events = session(workspace, machines, Lost("no more watches"))
    with pytest.raises(WorkspaceError, match="ended: no more watches") as caught:
        running.run(events, NoKeys())
    assert str(workspace) in str(caught.value)


def test_a_fault_is_told_and_it_goes_on(
    workspace: Path, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_place(workspace / "derivative.py", right("derivative"))
    troubles: list[Exception | None] = [
        SandboxLost("It does not start."),
        None,
        CourseError("derivative.py, line 1: invalid syntax."),
    ]

    def graded(*given: Any, **named: Any) -> Report:
        report = grade(*given, **named)
        if not troubles or "derivative" not in given[0].sources:
            return report
        trouble = troubles.pop(0)
        if trouble:
            raise trouble
        assert not (workspace / ".grader").exists()  # nothing is remembered of what is no verdict
        [result] = report.exercises
        odd = replace(result, status="fault", score=0, checks=(), message="Not graded: it is odd.")
        return replace(report, exercises=(odd,))

    monkeypatch.setattr("grader.practice.attempt.grade", graded)
    monkeypatch.setattr(Watch, "_warm_up", lambda _: None)
    events_to_come = (Pressed("r"), Pressed("r"), Pressed("r"), Pressed("q"))
    out, running, events = session(workspace, machines, *events_to_come)
    running.run(events, NoKeys())
    shown = out.getvalue()
    assert "failed, not your code: It does not start." in shown
    assert "Not graded: it is odd." in shown
    assert "derivative.py, line 1: invalid syntax." in shown
    assert "✓ derivative: all 10 points." in shown
    assert not running.busy


def test_children_start_for_the_exercise_that_is_worked_at(
    workspace: Path, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As often as it is another one; what is wrong with them, a grading tells."""
    prepared: list[tuple[str, ...]] = []

    def prepare(_: Machines, preload: tuple[str, ...]) -> None:
        prepared.append(preload)
        raise SandboxLost("It does not start.")

    in_place(workspace / "my_linear.py", "from torch.optim import SGD\n")
    monkeypatch.setattr(Machines, "prepare", prepare)
    monkeypatch.setattr(Watch, "_warm_up", lambda _: None)
    to_come = (Pressed("s"), Pressed("s"), Pressed("l"), Pressed("q"))
    out, running, events = session(workspace, machines, *to_come)
    running.run(events, NoKeys())
    assert "does not start" not in out.getvalue()
    wanted = [preload_for(load_course()[name], source_of(workspace, name)) for name in NAMES]
    assert prepared[-3:] == wanted


def source_of(workspace: Path, name: str) -> Source:
    return Source.of_text(f"{name}.py", (workspace / f"{name}.py").read_text(encoding="utf-8"))


def test_without_a_terminal_it_only_watches(workspace: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "watch"],
        cwd=workspace,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "")
    assert "open derivative.py" in next(lines)
    in_place(workspace / "derivative.py", wrong("derivative"))
    assert any("◐ derivative" in line for line in lines)
    process.send_signal(signal.SIGTERM)
    rest, error = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "\x1b" not in rest
    assert error == ""

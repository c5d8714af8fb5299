"""`%%check` in a session of IPython, and in a real kernel."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from IPython.core.error import UsageError
from nbclient import NotebookClient

from grader import language
from grader.checking.session import Request, Session
from grader.course.catalog import Course
from grader.course.online import Online
from grader.course.stub_notebook import notebook_of
from grader.errors import CourseError, SandboxLost
from grader.machines import Machines
from grader.practice.magics import GraderMagics, load_ipython_extension
from grader.sandbox import Message
from tests.synthetic_course import make_course

pytestmark = pytest.mark.drawn


def solved(course: Course, name: str) -> str:
    return notebook_of(name, course[name].solution.read_text(encoding="utf-8"))


def run_in_kernel(notebook: Any, folder: Path) -> list[str]:
    """All that is shown, in its order: what goes to standard error, and the reports as HTML."""
    place = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=120, resources=place, allow_errors=True).execute()
    shown = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            shown.append(output["data"]["text/html"] if "data" in output else output["text"])
    return shown


@pytest.mark.filterwarnings("ignore")  # the kernel's own
def test_in_a_real_kernel(course: Course, tmp_path: Path) -> None:
    """One session, since a kernel takes seconds to start: a mistake, a name that is none, and the mended cell."""
    notebook = nbformat.reads(solved(course, "my_linear"), as_version=4)
    *before, right, check = notebook.cells
    wrong = nbformat.v4.new_code_cell(right.source.replace("if bias else None", ""))
    text = check.source.replace("%%check my_linear", "%%check my_linear\nx = '<script>'")
    wrongly_checked = nbformat.v4.new_code_cell(text)
    misnamed = nbformat.v4.new_code_cell("%%check no_such\npass")
    notebook.cells = [*before, wrong, wrongly_checked, misnamed, right, check]
    first, refusal, last = run_in_kernel(notebook, tmp_path)
    assert "my_linear  9/10" in first
    assert "bias=False" in first
    assert "UsageError: There is no exercise 'no_such'." in refusal
    assert "my_linear  10/10" in last


@pytest.mark.filterwarnings("ignore")  # the kernel's own
def test_a_notebook_that_fetches_its_course(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As at Colab: an empty folder and one notebook, which brings the course there by itself."""
    served = make_course(tmp_path / "served")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    start = Online(
        setup=(f"!cp -R {shlex.quote(str(served))} course", "!grader init . --course course")
    )
    solution = (served / "solutions" / "double.py").read_text(encoding="utf-8")
    text = notebook_of("double", solution, start)
    (tmp_path / "content").mkdir()
    shown = run_in_kernel(nbformat.reads(text, as_version=4), tmp_path / "content")
    assert "double  10/10" in shown[-1]


# without a kernel


class Shell:
    """What `%%check` uses of IPython's: the history, and the run of a cell."""

    def __init__(self, *cells: str) -> None:
        self.history_manager = SimpleNamespace(input_hist_raw=["", *cells])
        self.works = True
        self.magics: list[object] = []

    def run_cell(self, cell: str) -> SimpleNamespace:
        return SimpleNamespace(success=self.works)

    def register_magics(self, magics: object) -> None:
        self.magics.append(magics)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, machines: Machines) -> list[str]:
    """What is displayed; the sandbox is the tests' own."""
    told: list[str] = []
    monkeypatch.setattr("grader.practice.magics.display", lambda html: told.append(html.data))
    monkeypatch.setattr("grader.practice.magics.Machines", lambda course: machines)
    return told


def checking(shell: Shell) -> Any:
    return GraderMagics(shell)


def text_of_solution(course: Course, name: str) -> str:
    return course[name].solution.read_text(encoding="utf-8")


def test_all_that_was_run_is_checked(course: Course, shown: list[str]) -> None:
    """In the order of the last runs: what was run again and changed is counted as it is now."""
    text = text_of_solution(course, "my_linear")
    head, _break, body = text.partition("class MyLinear")
    body = f"class MyLinear{body}"
    wrong = body.replace("output + self.bias", "output")
    checking(Shell(head, body, wrong, body)).check("my_linear", "pass")
    checking(Shell(head, body, wrong)).check("my_linear", "pass")
    assert "my_linear  10/10" in shown[0]
    assert "my_linear  10/10" not in shown[1]


def test_messages_name_the_cell_as_ipython_numbers_it(course: Course, shown: list[str]) -> None:
    text = text_of_solution(course, "my_linear").replace("output = x @", "1 / 0\n        x @")
    checking(Shell("x = 1", text)).check("my_linear", "pass")
    assert "cell [2], line" in shown[0]


def test_in_another_language(course: Course, shown: list[str]) -> None:
    checking(Shell(text_of_solution(course, "my_linear"))).check("my_linear --lang ko", "pass")
    assert 'lang="ko"' in shown[0]
    assert language.current() == "en"


def test_a_cell_that_fails_is_not_checked(shown: list[str]) -> None:
    shell = Shell()
    shell.works = False
    checking(shell).check("my_linear", "1 / 0")
    assert shown == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "needs the name of an exercise: .*my_linear"),
        ("no_such", "There is no exercise 'no_such'"),
        ("my_linear --lang xx", "knows the languages en, ko, and not 'xx'"),
    ],
)
def test_a_wrong_line(shown: list[str], line: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        checking(Shell()).check(line, "pass")
    assert shown == []


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (CourseError("course.toml is gone."), "^course.toml is gone.$"),
        (SandboxLost("It does not start."), "failed, not your code: It does not start"),
    ],
)
def test_what_cannot_be_graded_is_told(
    shown: list[str], monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("grader.practice.attempt.grade", fail)
    with pytest.raises(UsageError, match=told):
        checking(Shell("x = 1")).check("my_linear", "pass")
    assert shown == []


def test_a_fault_is_told_as_ours_and_the_session_goes_on(
    course: Course, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, left = Session.ask, [KeyError("status")]

    def asked(session: Session, request: Request) -> Message:
        if left:
            raise left.pop()
        return ask(session, request)

    monkeypatch.setattr(Session, "ask", asked)
    magics = checking(Shell(text_of_solution(course, "my_linear")))
    with pytest.raises(UsageError, match="the grader itself failed, not your code"):
        magics.check("my_linear", "pass")
    assert shown == []
    magics.check("my_linear", "pass")
    assert "my_linear  10/10" in shown[0]


def test_a_shell_without_a_history(shown: list[str]) -> None:
    shell = Shell()
    shell.history_manager = SimpleNamespace()
    with pytest.raises(UsageError, match=r"Use IPython 9\.18"):
        checking(shell).check("my_linear", "pass")


def test_loading_the_extension_registers_it(
    shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = Shell()
    load_ipython_extension(shell)
    [magics] = shell.magics
    assert isinstance(magics, GraderMagics)

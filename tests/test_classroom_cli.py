"""`grader grade`, `adjust`, `history` and `gradebook check`, from outside: what they say, and never a traceback."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from grader.classroom.gradebook.enrolment import enrol
from grader.classroom.gradebook.reader import open_gradebook
from grader.classroom.gradebook.settings import GradebookSettings, write_settings
from grader.classroom.records import Enrolled
from grader.classroom.run.pool import Workers
from grader.cli import main
from tests.classes import RIGHT, commit, run


def call(*arguments: str | Path, status: int = 0) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == status, result.output
    return " ".join(result.output.split())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Submissions that nobody gets to grade."""
    (tmp_path / "lab" / "ada").mkdir(parents=True)
    (tmp_path / "lab" / "ada" / "my_linear.py").write_text("x = 1\n")
    return tmp_path / "lab"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none", "--gradebook", "g.db"], "none does not exist"),
        (["lab", "--gradebook", "none/g.db"], "Make the folder first"),
        (["lab", "--gradebook", "lab"], "lab is a folder"),
        (["lab", "--gradebook", "mysql://x"], "SQLite or PostgreSQL"),
        (["lab", "--gradebook", "g.db", "--roster", "none.csv"], "roster none.csv cannot be read"),
        (["lab", "--gradebook", "g.db", "--exercise", "poetry"], "no exercise 'poetry'"),
        (["lab", "--gradebook", "g.db", "--deadline", "soon"], "is no time"),
        (["lab", "--gradebook", "g.db", "--late-penalty", "much"], "neither points"),
        (["lab", "--gradebook", "g.db", "--late-penalty", "-1"], "neither points"),
        (["lab", "--gradebook", "g.db", "--scheduler", "tcp://127.0.0.1:1"], "cannot be reached"),
        (["lab", "--gradebook", "g.db", "--scheduler", "what"], "cannot be reached"),
        (["lab", "--gradebook", "g.db", "--scheduler", "x.json"], "x.json does not exist"),
        (["lab", "--gradebook", "g.db", "--scheduler", "x", "--jobs", "2"], "for this machine"),
        (["lab", "--gradebook", "g.db", "--course", "none"], "course.toml cannot be read"),
        (["lab"], "Missing option '--gradebook'"),
    ],
)
def test_a_wrong_call_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(folder.parent)
    monkeypatch.setattr("grader.classroom.run.pool._CONNECT_SECONDS", 1)
    assert told in call("grade", *arguments, status=2)
    assert not list(folder.parent.glob("g.db*"))  # it leaves no gradebook in which nothing is


def test_submissions_without_an_exercise(folder: Path) -> None:
    (folder / "ada" / "my_linear.py").rename(folder / "ada" / "essay.txt")
    told = call("grade", folder, "--gradebook", folder.parent / "g.db", status=2)
    assert "None of the 1 submissions holds an exercise" in told
    assert not (folder.parent / "g.db").exists()


@pytest.mark.parametrize(
    ("module", "told"),
    [("sqlalchemy", "torch-grader[classroom]"), ("distributed", "torch-grader[dask]")],
)
def test_what_is_not_installed_is_told(folder: Path, module: str, told: str) -> None:
    """In a process of its own: what has been imported here may be at work still, and need what it would miss."""
    program = f"import sys; sys.modules[{module!r}] = None; from grader.cli import main; main()"
    command = ["grade", str(folder), "--gradebook", str(folder.parent / "g.db")]
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, *command, "--scheduler", "tcp://x:1"],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


needs_git = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed here")


@needs_git
def test_git_is_needed_only_for_repositories(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(folder / "ada")
    monkeypatch.setenv("PATH", str(folder))
    told = call("grade", folder, "--gradebook", folder.parent / "g.db", status=2)
    assert "git is not installed" in told


def test_a_check_that_is_at_fault_is_told_once(folder: Path, worker_here: None) -> None:
    course = folder.parent / "course"
    for name, text in {
        "course.toml": 'title = "x"\n',
        "checks/my_linear.py": "import nothing_of_this_name\n",
    }.items():
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).write_text(text)
    book = folder.parent / "g.db"
    told = call("grade", folder, "--gradebook", book, "--course", course, "--jobs", "1", status=2)
    assert "Nothing can be graded" in told
    assert "my_linear.py cannot be used" in told


@needs_git
def test_a_class_from_the_first_call_to_the_last(tmp_path: Path, worker_here: None) -> None:
    """One worker, each kind of trouble, and what is said of it; the first call is a process, with a worker process."""
    folder, book, roster = tmp_path / "lab-submissions", tmp_path / "g.db", tmp_path / "roster.csv"
    right = RIGHT[0].read_text(encoding="utf-8")
    for name in ("ada", "bob", "cy", "late", "stranger"):
        (folder / f"lab-{name}").mkdir(parents=True)
        (folder / f"lab-{name}" / "csv_dataset.py").write_text(
            right + f"# {name}\n", encoding="utf-8"
        )
    for name, when in {"bob": "2026-11-21T12:00:00Z", "late": "2026-11-23T12:00:00Z"}.items():
        commit(folder / f"lab-{name}", when)
    (folder / "lab-cy" / "csv_dataset.py").rename(folder / "lab-cy" / "csv_dataset.txt")
    (folder / "lab-eve.zip").write_bytes(b"PK")
    roster.write_text(
        "identifier,github_username,name,deadline\n1,ada,Ada,\n2,bob,Bob,2026-11-22T00:00Z\n3,cy,,\n"
        "4,late,,\n5,eve,,\n6,absent,Abe,\n"
    )
    command: list[str | Path] = [
        "grade",
        folder,
        "--gradebook",
        book,
        "--roster",
        roster,
        "--jobs",
        "1",
    ]
    late = ["--deadline", "2026-11-20T12:00Z", "--accept-days", "3", "--late-penalty", "10%"]
    told = " ".join(run(*command, *late).split())
    assert "6 handed in: 4 graded now, 0 graded before." in told
    assert "Handed in nothing (1): 6 (Abe)" in told
    assert "not on the roster (1): stranger" in told
    assert "Nothing to grade in it (2): 3: There is no exercise to grade: expected a file" in told
    assert "5: lab-eve.zip is not a zip file" in told
    assert "To look at (1): 4: Handed in 3 days after the deadline." in told
    with open_gradebook(book) as gradebook:
        scores = [record.score for record in gradebook.records()]
        assert scores == [10, 10, 0, 7, 0, None, 10]
        assert gradebook.exercises == ("csv_dataset",)
    # the policy is kept; with another, nothing is graded anew, and nobody's worker is started
    told = call(*command, "--free-days", "3", status=2)
    assert "1 student would have another score: 4 7 → 10. Nothing has been changed." in told
    told = call(*command, "--free-days", "3", "--change")
    assert "0 graded now, 4 graded before" in told
    assert "10 of 10" in call("history", book, "LATE")
    # of a folder with a single submission, the others keep what they have
    (tmp_path / "one" / "absent").mkdir(parents=True)
    (tmp_path / "one" / "absent" / "csv_dataset.py").write_text("def broken(:\n")
    told = call("grade", tmp_path / "one", "--gradebook", book, "--jobs", "1")
    assert "1 handed in: 1 graded now" in told
    assert "1: 10 of 10" in call("history", book, "ada").replace("1 (Ada)", "1")
    assert "6: +4, now 4 of 10" in call("adjust", book, "absent", "4", "--why", "kind")
    assert "7 students; everything fits together." in call("gradebook", "check", book)


def test_devices_are_part_of_what_a_result_depends_on(tmp_path: Path, worker_here: None) -> None:
    folder, book = tmp_path / "lab", tmp_path / "g.db"
    (folder / "ada").mkdir(parents=True)
    shutil.copy(RIGHT[0], folder / "ada" / "csv_dataset.py")
    command: list[str | Path] = ["grade", folder, "--gradebook", book, "--jobs", "1", "--seed", "1"]

    def devices() -> tuple[str, ...]:
        with open_gradebook(book) as gradebook:
            report = gradebook.record("ada").report
        assert report
        return report.environment.devices

    assert "1 graded now, 0 graded before" in call(*command, "--device", "cpu")
    assert devices() == ("cpu",)
    # those that it was made with are kept
    assert "0 graded now, 1 graded before" in call(*command)
    usual = ["--device", "sim", "--device", "cpu"]
    assert "Devices: they were cpu, and" in call(*command, *usual, status=2)
    assert "1 graded now, 0 graded before" in call(*command, *usual, "--change")
    assert devices() == ("cpu", "sim")
    # the usual ones by name are the usual ones
    assert "0 graded now, 1 graded before" in call(*command)
    assert "0 graded now, 1 graded before" in call(*command, "--device", "cpu", "--change")
    assert devices() == ("cpu",)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_device_that_the_workers_lack_is_told(folder: Path, worker_here: None) -> None:
    told = call(
        *("grade", folder, "--gradebook", folder.parent / "g.db"),
        *("--jobs", "1", "--device", "cuda"),
        status=2,
    )
    assert "lacks a device that was asked for: cuda" in " ".join(told.split())


def test_adjusting_and_looking(tmp_path: Path) -> None:
    book = tmp_path / "g.db"
    with open_gradebook(book, create=True) as opened:
        write_settings(opened, GradebookSettings("x", ("my_linear",)))
        enrol(opened, None, [Enrolled("ada", "[red]Ada\x1b[0m")])
    assert "no student is called 'bob'" in call("adjust", book, "bob", "1", "--why", "x", status=2)
    assert "Give the reason with --why" in call("adjust", book, "ada", "1", status=2)
    assert "no exercise 'x'" in call(
        "adjust", book, "ada", "1", "--why", "x", "--exercise", "x", status=2
    )
    call("adjust", book, "ada", "3", "--why", "[bold]why[/bold]\x1b[2J", "--who", "me")
    call("adjust", book, "ada", "--why", "less", "--who", "me", "--", "-1")
    told = call("history", book, "ada")
    assert "[bold]why[/bold]\\x1b[2J" in told
    assert "-1 by me: less" in told
    assert "ada" in told
    assert "2 of 0" in told
    assert "no gradebook" in call("history", tmp_path / "none.db", "ada", status=2)
    assert "no gradebook" in call("gradebook", "check", tmp_path / "none.db", status=2)
    with open_gradebook(book) as opened:
        opened.write(lambda session: session.connection().exec_driver_sql("DELETE FROM standing"))
    assert "ada has no row in the table `standing`" in call("gradebook", "check", book, status=1)


def test_stopped_by_hand(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends the command at once, with a sentence."""
    import os

    def ended(status: int) -> None:
        raise SystemExit(status)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Workers, "run", interrupted)
    monkeypatch.setattr(os, "_exit", ended)
    told = call("grade", folder, "--gradebook", folder.parent / "g.db", status=130)
    assert "The same command goes on from here" in told

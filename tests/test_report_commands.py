"""`grader report` and `grader similar` from outside: what they write, and what they say of wrong calls."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from grader.classroom.gradebook.database import damage_is_told
from grader.classroom.records import Enrolled, Record
from grader.cli import main
from grader.errors import GradebookError
from grader.report import CheckResult, ExerciseResult, Report
from tests.copies import Texts, disguised, honest
from tests.synthetic import HERE, made_class, not_graded


class Book:
    """What `grader report` asks of a gradebook."""

    title = "PyTorch basics"
    deadline = None

    def __enter__(self) -> Book:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def records(self, *, texts: bool = False) -> Iterator[Record]:
        return made_class(12)

    def students(self) -> list[Enrolled]:
        return [record.student for record in self.records()]

    def sources(self, student: str) -> dict[str, str]:
        return {}


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `grader ...` on a gradebook that is no database."""

    def open_gradebook(where: str, create: bool = False) -> Book:
        if where != "class.db":
            raise GradebookError(f"{where} is no gradebook. Make one with: grader grade")
        return Book()

    module = ModuleType("grader.classroom.gradebook.reader")
    vars(module).update(open_gradebook=open_gradebook, damage_is_told=damage_is_told)
    monkeypatch.setitem(sys.modules, "grader.classroom.gradebook.reader", module)
    enrolment = ModuleType("grader.classroom.gradebook.enrolment")
    vars(enrolment).update(roster_sheet=lambda book: None)  # it came without a roster
    monkeypatch.setitem(sys.modules, "grader.classroom.gradebook.enrolment", enrolment)
    return lambda *arguments: CliRunner().invoke(main, [str(one) for one in arguments])


def test_report_command(command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = command("report", "class.db", "--output", "out", "--only", "csv", "--only", "feedback")
    assert done.exit_code == 0, done.output
    assert "12 students" in done.output
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "README.txt",
        "feedback",
        "scores",
    ]
    done = command("report", "class.db", "--output", "out", "--only", "csv", "--pseudonyms")
    assert done.exit_code == 0, done.output
    text = Path("out/scores/moodle.csv").read_text(encoding="utf-8")
    assert "@" not in text
    again = command("report", "class.db", "--output", "again", "--only", "csv", "--pseudonyms")
    assert again.exit_code == 0
    assert Path("again/scores/moodle.csv").read_text(encoding="utf-8") == text
    assert Path("class.db.pseudonyms").is_file()


def test_feedback_tells_nothing_of_what_an_assignment_keeps_back(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = (
        CheckResult("forward", "SEEN", "passed", 2, 2),
        CheckResult("gradients", "SECRET", "failed", 3, 0, "SECRET"),
    )
    whole = ExerciseResult("my_linear", "Layer", 2, 5, "partial", checks=checks)
    record = Record(Enrolled("ada"), Report("ada", (whole,), HERE), 5)
    monkeypatch.setattr(Book, "records", lambda _, texts: iter([record]))
    assignment = tmp_path / "assignment.toml"
    assignment.write_text(
        'title = "Lab"\n[[exercise]]\nname = "my_linear"\nvisibility = { gradients = "instructor" }\n'
    )
    known = ("report", "class.db", "--output", tmp_path / "out", "--only", "feedback")
    assert command(*known).exit_code == 0
    assert "SECRET" in (tmp_path / "out" / "feedback" / "ada.md").read_text("utf-8")
    done = command(*known, "--assignment", assignment)
    assert done.exit_code == 0, done.output
    for ending in ("md", "html"):
        text = (tmp_path / "out" / "feedback" / f"ada.{ending}").read_text("utf-8")
        assert "SECRET" not in text
        assert "SEEN" in text
        assert "0 of 3 points" in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("report", "class.db", "--output", "full"), "something else than this command writes"),
        (("report", "class.db", "--output", "no/such/out"), "does not exist"),
        (("report", "other.db", "--output", "out"), "other.db is no gradebook"),
        (("similar", "other.db"), "other.db is no gradebook"),
    ],
)
def test_wrong_calls_are_told_in_a_sentence(
    command: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("full").mkdir()
    Path("full/thesis.tex").write_text("precious")
    done = command(*arguments)
    assert done.exit_code == 2
    assert told in done.output
    assert "Traceback" not in done.output
    assert sorted(path.name for path in Path().rglob("*")) == ["full", "thesis.tex"]


def test_similar_command(monkeypatch: pytest.MonkeyPatch) -> None:
    students = honest()
    students.append({name: disguised(text) for name, text in students[2].items()})
    students[0] = {**students[0], "losses": "def f(:"}

    class Copied:
        title = "class"

        def __enter__(self) -> Copied:
            return self

        def __exit__(self, *_: object) -> None:
            return None

        def students(self) -> list[Enrolled]:
            return [Enrolled(str(at), f"[red]Name {at}") for at in range(7)]

        def sources(self, student: str) -> Texts:
            return students[int(student)]

    module = ModuleType("grader.classroom.gradebook.reader")
    opened = {"open_gradebook": lambda where, create=False: Copied()}
    vars(module).update(opened, damage_is_told=damage_is_told)
    monkeypatch.setitem(sys.modules, "grader.classroom.gradebook.reader", module)
    enrolment = ModuleType("grader.classroom.gradebook.enrolment")
    vars(enrolment).update(roster_sheet=lambda book: None)  # it came without a roster
    monkeypatch.setitem(sys.modules, "grader.classroom.gradebook.enrolment", enrolment)
    done = CliRunner().invoke(main, ["similar", "class.db", "--format", "json"])
    assert done.exit_code == 0, done.output
    [pair] = json.loads(done.output)
    assert pair["students"] == ["[red]Name 2 (2)", "[red]Name 6 (6)"]
    assert "is usual" in pair["why"]
    assert len(pair["exercises"]) > 10
    done = CliRunner().invoke(main, ["similar", "class.db"])
    assert done.exit_code == 0, done.output
    assert "[red]Name 2" in done.output
    assert "7 students compared; pairs that stand out: 1." in done.output
    assert "A hint, not a verdict" in done.output
    assert "valid Python: 1 file." in done.output


def test_who_is_not_graded_is_told(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Book, "records", lambda _, texts: iter([*made_class(3), not_graded("eve")]))
    done = command("report", "class.db", "--output", tmp_path / "out", "--only", "csv")
    assert (
        "Not graded, through no fault of theirs: 1 student, without a score in all files."
        in done.output
    )

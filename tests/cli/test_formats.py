"""Where a report goes: the terminal, a file, or the places that a CI service names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader import grade
from grader.cli.formats import FORMATS, nothing_of, open_assigned, refuse_unready, write
from grader.course.catalog import Course
from grader.errors import AssignmentError, OutputError, ServiceError
from grader.machines import Machines
from grader.outputs import classroom50_result, github
from grader.report import Report
from grader.submission import Submission, read_submission
from tests.conftest import ROOT
from tests.contracts import ENVIRON, classroom50_problems


@pytest.fixture(scope="module")
def submission(course: Course) -> Submission:
    return read_submission(ROOT / "examples" / "partly", course, ["my_linear"])


@pytest.fixture(scope="module")
def report(submission: Submission, machines: Machines) -> Report:
    return grade(submission, machines=machines)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize("form", ["text", "json", "junit", "gradescope"])
def test_to_the_terminal_and_to_a_file(
    report: Report,
    submission: Submission,
    place: Path,
    capsys: pytest.CaptureFixture[str],
    form: str,
) -> None:
    write(report, form, None, submission, None)
    printed = capsys.readouterr().out
    write(report, form, place / "out", submission, None)
    kept = (place / "out").read_text(encoding="utf-8")
    assert "my_linear" in printed
    # a file is as wide as the file likes
    assert kept == printed or form == "text"
    shown = capsys.readouterr().out
    assert ("9/10" in shown) == (form == "gradescope")  # what the instructor sees beside the file


def test_json_is_the_report(report: Report, submission: Submission, place: Path) -> None:
    write(report, "json", place / "out", submission, None)
    assert Report.from_dict(json.loads((place / "out").read_text(encoding="utf-8"))) == report


def test_github_writes_where_the_runner_wants_it(
    report: Report,
    submission: Submission,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(report, "github", None, submission, None)
    assert "GITHUB_STEP_SUMMARY is not set, so that part is left out." in capsys.readouterr().err
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        (place / name).write_text("before\n")
        monkeypatch.setenv(name, str(place / name))
    write(report, "github", place / "report.json", submission, None)
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "::notice title=Autograding complete::Points 9/10" in printed.out
    assert printed.out.startswith(f"{github.log(report)}::")
    assert printed.out.endswith(f"\n{github.points(report)}")
    assert (place / "GITHUB_STEP_SUMMARY").read_text().startswith("before\n")
    assert "result=" in (place / "GITHUB_OUTPUT").read_text()
    assert json.loads((place / "report.json").read_text())["score"] == 9


def test_classroom50_gets_its_result_and_the_text_of_the_release(
    report: Report, submission: Submission, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    refuse_unready("classroom50", None)
    write(report, "classroom50", None, submission, None)
    data = json.loads((place / "result.json").read_text(encoding="utf-8"))
    assert classroom50_problems(data) == []
    assert data["score"] == 9
    body = (place / "release-body.md").read_text(encoding="utf-8")
    assert body == classroom50_result.body(report)


@pytest.mark.parametrize("name", ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"])
def test_a_place_of_the_runners_that_cannot_be_written(
    report: Report, submission: Submission, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "nowhere/file")
    with pytest.raises(OutputError, match="nowhere/file cannot be written"):
        write(report, "github", None, submission, None)


def test_what_could_not_be_written_is_refused_before_anything_is_graded(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for form in FORMATS:
        if form != "classroom50":
            refuse_unready(form, place / "out")
    with pytest.raises(SystemExit):
        refuse_unready("json", Path("nowhere/out"))
    assert "nowhere does not exist" in capsys.readouterr().err
    monkeypatch.delenv("CLASSROOM", raising=False)
    with pytest.raises(ServiceError, match="CLASSROOM"):
        refuse_unready("classroom50", None)


class TestAssignment:
    TEXT = '[[exercise]]\nname = "my_linear"\npoints = 20\n'

    def test_it_lies_beside_a_submission_in_the_current_folder(
        self, course: Course, place: Path
    ) -> None:
        assert open_assigned(None, Path(), course, instructor=False) is None
        (place / "assignment.toml").write_text(self.TEXT)
        assigned = open_assigned(None, Path(), course, instructor=False)
        assert assigned
        assert assigned.names == ("my_linear",)
        # of a folder elsewhere, a file in this one says nothing
        assert open_assigned(None, place / "work", course, instructor=False) is None

    def test_an_instructor_names_it(
        self, course: Course, place: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (place / "assignment.toml").write_text(self.TEXT)
        with pytest.raises(SystemExit):
            open_assigned(None, Path(), course, instructor=True)
        assert "--instructor needs --assignment FILE" in capsys.readouterr().err
        assert open_assigned(place / "assignment.toml", Path(), course, instructor=True)

    def test_one_that_is_named_has_to_be_there(self, course: Course) -> None:
        with pytest.raises(AssignmentError, match=r"none\.toml cannot be read"):
            open_assigned(Path("none.toml"), Path(), course, instructor=False)


def test_nothing_of_what_was_asked_for() -> None:
    nothing = nothing_of(Path("a\x1b[2J"), ["my_linear"])
    assert nothing.sources == {}
    assert nothing.wanted == ("my_linear",)
    assert "\x1b" not in nothing.name

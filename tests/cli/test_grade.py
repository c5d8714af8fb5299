"""`grader grade` and its neighbours: what is read off the command line, and what is said in the end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from grader.classroom.gradebook.late import LatePolicy
from grader.classroom.gradebook.reader import open_gradebook
from grader.cli import main
from grader.cli.grade import _policy, _progress, _time
from tests.classroom.run.test_grade_class import StandIn
from tests.hand_ins import write, zipped


@pytest.mark.parametrize(
    ("penalty", "free", "accepted", "policy"),
    [
        (None, None, None, None),
        ("2", None, None, LatePolicy(points=2)),
        ("10%", 1, None, LatePolicy(points=10, percent=True, free_days=1)),
        (" 3 ", None, 0, LatePolicy(points=3, accepted_days=0)),
        ("0", None, None, LatePolicy()),  # it was said, so no assignment goes before it
    ],
)
def test_a_policy_is_what_was_given_on_what_there_was(
    penalty: str | None, free: int | None, accepted: int | None, policy: LatePolicy | None
) -> None:
    assert _policy(LatePolicy(), penalty, free, accepted) == policy


@pytest.mark.parametrize("penalty", ["much", "-1", "1.5", "%", "10%%", "٣"])
def test_a_penalty_that_is_none(penalty: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _policy(LatePolicy(), penalty, None, None)
    assert "neither points (2) nor a percentage (10%)" in capsys.readouterr().err


def test_a_deadline(capsys: pytest.CaptureFixture[str]) -> None:
    assert _time(None) is None
    assert _time("2026-11-20T23:59Z") == datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
    with pytest.raises(SystemExit):
        _time("soon")
    assert "--deadline 'soon' is no time" in capsys.readouterr().err


def test_progress_without_a_terminal_is_a_line_for_each_tenth(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with _progress(Console(file=StringIO())) as progress:
        progress.total(40)
        for number in range(40):
            progress.done(str(number))
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"{count} of 40" for count in range(4, 41, 4)]


def test_progress_on_a_terminal_names_who_was_graded() -> None:
    out = StringIO()
    with _progress(Console(file=out, force_terminal=True, width=100)) as progress:
        progress.total(2)
        progress.done("ada [b]")
    assert "ada [b]" in out.getvalue()


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Workers that give each exercise the points that its text says."""
    workers = StandIn()
    monkeypatch.setattr("grader.classroom.run.pool.workers_of", lambda *_: workers.workers)
    return workers


def grade(submissions: Path, *options: object) -> Result:
    where = submissions.parent / "grades.db"
    arguments = [str(each) for each in (submissions, "--gradebook", where, *options)]
    return CliRunner().invoke(main, ["grade", *arguments])


def test_an_archive_as_it_comes_is_graded(tmp_path: Path, stand_in: StandIn) -> None:
    files = {
        "ada/losses.py": "# 7\n",
        "bob/losses.py": "# 4\n",
        "bob/../../x.py": "",
        "ada/link": "",
    }
    archive = zipped(tmp_path / "lab-1.zip", files)
    result = grade(archive, "--format", "json")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert (data["title"], data["handed_in"], data["scores"]["mean"]) == ("lab-1", 2, 5.5)
    assert stand_in.students == ["ada", "bob"]
    # the title stays, whatever the next archive is called
    archive.rename(tmp_path / "late.zip")
    assert json.loads(grade(tmp_path / "late.zip", "--format", "json").stdout)["title"] == "lab-1"


@pytest.mark.usefixtures("stand_in")
def test_what_has_to_be_said_ends_in_a_sentence_with_status_2(tmp_path: Path) -> None:
    write(
        tmp_path / "submitted",
        {f"ada/lab{n}/{name}": "# 7" for n in (1, 2) for name in ("losses.py", "timestamp.txt")},
    )
    result = grade(tmp_path / "submitted")
    assert result.exit_code == 2
    assert "Use `--collected lab1`." in result.stderr
    result = grade(tmp_path / "submitted", "--collected", "lab2")
    assert (result.exit_code, "1 handed in: 1 graded now" in result.stdout) == (0, True)
    (tmp_path / "roster.csv").write_text("id,name\n1,Eve\n")
    other = write(tmp_path / "others", {"Ada Lind_5000_assignsubmission_file_losses.py": "# 7"})
    result = grade(other, "--roster", tmp_path / "roster.csv")
    assert result.exit_code == 2
    assert "0 of the 1 who handed in are on the roster of 1" in result.stderr
    result = grade(tmp_path / "roster.csv")
    assert (result.exit_code, "is neither a folder nor an archive" in result.stderr) == (2, True)


@pytest.mark.usefixtures("stand_in")
def test_verbose_is_passed_on(tmp_path: Path) -> None:
    write(tmp_path / "lab", {f"s{number:02}/Losses.py": "# 7" for number in range(12)})
    assert "and 2 more" in grade(tmp_path / "lab").stdout
    assert "s11: losses: Losses.py was taken" in grade(tmp_path / "lab", "--verbose").stdout


@pytest.mark.parametrize(
    ("said", "options", "title"),
    [
        ('title = "Lab 1"\n', [], "Lab 1"),
        ('title = "Lab 1"\n', ["--title", "Mine"], "Mine"),
        (None, [], "submissions"),
    ],
)
def test_a_gradebook_is_called_as_its_assignment(
    tmp_path: Path, stand_in: StandIn, said: str | None, options: list[str], title: str
) -> None:
    write(tmp_path / "submissions", {"ada/line_fit.py": "# 5"})
    if said is not None:
        file = tmp_path / "assignment.toml"
        file.write_text(f'{said}[[exercise]]\nname = "line_fit"\n', encoding="utf-8")
        options = [*options, "--assignment", str(file)]
    book = tmp_path / "g.db"
    assert grade(tmp_path / "submissions", "--gradebook", book, *options).exit_code == 0
    with open_gradebook(book) as gradebook:
        assert gradebook.title == title

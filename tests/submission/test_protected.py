"""What an instructor is told of a repository whose protected files or announced points are not what they should be."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from grader.errors import ProtectedError
from grader.submission import protected
from grader.submission.protected import (
    Announced,
    announced_in,
    announced_in_table,
    announced_in_text,
    changed_files,
    digests,
    disagreement,
    read_digests,
    write_digests,
)
from tests.hand_ins import NOON, git
from tests.hostile import plain_report, with_fault

FILES = {
    "assignment.toml": "title = 'x'\n",
    ".github/workflows/classroom.yml": "name: Autograding Tests\non: push\n",
    ".github/grader/grader.whl": "PK\0\r\nbinary",
}


@pytest.fixture
def given(tmp_path: Path) -> Path:
    folder = tmp_path / "template"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    return folder


@pytest.fixture
def kept(given: Path) -> dict[str, str]:
    return digests(given, list(FILES))


@pytest.fixture
def student(given: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "student"
    shutil.copytree(given, folder)
    (folder / "my_linear.py").write_text("mine")
    return folder


def test_an_honest_repository(kept: dict[str, str], student: Path) -> None:
    assert changed_files(kept, student) == ()


def test_line_ends_of_text_are_no_change(kept: dict[str, str], student: Path) -> None:
    workflow = student / ".github/workflows/classroom.yml"
    workflow.write_bytes(workflow.read_bytes().replace(b"\n", b"\r\n"))
    assert changed_files(kept, student) == ()
    # those of a binary file are
    wheel = student / ".github/grader/grader.whl"
    wheel.write_bytes(wheel.read_bytes().replace(b"\r\n", b"\n"))
    assert changed_files(kept, student) == (
        "The protected file .github/grader/grader.whl was changed.",
    )


def test_every_way_to_change_them_is_told(kept: dict[str, str], student: Path, given: Path) -> None:
    (student / "assignment.toml").unlink()
    workflow = student / ".github/workflows/classroom.yml"
    workflow.write_text("name: Autograding Tests\non: push\n# 10/10\n")
    (student / ".github/workflows/\x1b[2Jmine.yml").write_text("name: x")
    # a link to the right content is not the file
    (student / ".github/grader/grader.whl").unlink()
    (student / ".github/grader/grader.whl").symlink_to(given / ".github/grader/grader.whl")
    assert changed_files(kept, student) == (
        "The protected file .github/grader/grader.whl was changed.",
        "The protected file .github/workflows/classroom.yml was changed.",
        "The protected file assignment.toml was deleted.",
        "The file .github/workflows/\\x1b[2Jmine.yml was added among the protected ones.",
    )


def test_the_commit_that_is_graded_is_looked_at(kept: dict[str, str], student: Path) -> None:
    """What lies beside it counts for nothing, be it better or worse."""
    workflow = student / ".github" / "workflows" / "classroom.yml"
    given = workflow.read_bytes()
    git(student, "init", "--quiet")
    git(student, "add", ".")
    git(student, "commit", "--quiet", "--message", "as given")
    workflow.write_text("on: never\n")
    assert changed_files(kept, student) == ()
    (student / ".github" / "more.yml").write_text("")
    (student / "assignment.toml").unlink()
    git(student, "add", "--all")
    git(student, "commit", "--quiet", "--message", "changed", when=NOON + timedelta(days=1))
    workflow.write_bytes(given)
    assert changed_files(kept, student) == (
        "The protected file .github/workflows/classroom.yml was changed.",
        "The protected file assignment.toml was deleted.",
        "The file .github/more.yml was added among the protected ones.",
    )
    assert changed_files(kept, student, NOON) == ()


def test_a_folder_that_leads_away(kept: dict[str, str], student: Path, given: Path) -> None:
    shutil.rmtree(student / ".github")
    (student / ".github").symlink_to(given / ".github")
    told = changed_files(kept, student)
    assert "The protected file .github/workflows/classroom.yml was changed." in told


def test_what_is_no_file_hangs_nothing(kept: dict[str, str], student: Path) -> None:
    (student / "assignment.toml").unlink()
    os.mkfifo(student / "assignment.toml")
    assert changed_files(kept, student) == ("The protected file assignment.toml was changed.",)


def test_digests_go_to_a_file_and_back(kept: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    write_digests(file, kept)
    assert read_digests(file) == kept
    for text, told in (
        ("{", "is not JSON"),
        ("[]", "holds no digests"),
        ("{}", "holds no digests"),
    ):
        file.write_text(text)
        with pytest.raises(ProtectedError, match=told):
            read_digests(file)
    with pytest.raises(ProtectedError, match="cannot be read"):
        read_digests(tmp_path / "none.json")


def test_points_that_ci_announced(tmp_path: Path) -> None:
    assert announced_in(tmp_path) is None
    (tmp_path / "report.json").write_text(json.dumps({"score": 7, "max_score": 10}))
    assert announced_in(tmp_path) == Announced(7, 10)
    (tmp_path / "result.json").write_text(json.dumps({"score": 9, "max-score": 10}))
    assert announced_in(tmp_path) == Announced(9, 10)


@pytest.mark.parametrize("text", ["", "[", "[]", '{"score": "9", "max-score": 10}', "[" * 100_000])
def test_announced_points_are_hostile_data(tmp_path: Path, text: str) -> None:
    (tmp_path / "result.json").write_text(text)
    assert announced_in(tmp_path) is None
    (tmp_path / "result.json").unlink()
    (tmp_path / "result.json").symlink_to("/dev/zero")
    assert announced_in(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "announced"),
    [
        ("Points 17/20", Announced(17, 20)),
        ("17/20", Announced(17, 20)),
        ("Points 3.5/4", None),
        ("Points -1/4", None),
        ("Points", None),
    ],
)
def test_points_in_a_line(text: str, announced: Announced | None) -> None:
    assert announced_in_text(text) == announced


def test_points_in_a_table(tmp_path: Path) -> None:
    file = tmp_path / "grades.csv"
    file.write_text(
        '"github_username","points_awarded","points_available","roster_identifier"\n'
        '"ada","9","10","=1+1"\n"bob","","10",""\n"eve","1e9","10",""\n'
    )
    assert announced_in_table(file) == {"ada": Announced(9, 10)}
    file.write_text("username,first_name,score,max_score\nada,Ada,8,10\n")
    assert announced_in_table(file) == {"ada": Announced(8, 10)}
    for text, told in (("a,b\n1,2\n", "no columns of points"), ("", "no columns of points")):
        file.write_text(text)
        with pytest.raises(ProtectedError, match=told):
            announced_in_table(file)
    file.write_bytes(b"username,score,max_score\n\xff,1,2\n")
    with pytest.raises(ProtectedError, match="not a CSV file"):
        announced_in_table(file)
    with pytest.raises(ProtectedError, match="cannot be read"):
        announced_in_table(tmp_path / "none.csv")


def test_points_that_are_not_those_of_the_rerun() -> None:
    report = plain_report([(3, 3), (0, 2)])
    assert disagreement(None, report) == ""
    assert disagreement(Announced(3, 5), report) == ""
    told = "CI announced 5/5 points; the re-run gives 3/5."
    assert disagreement(Announced(5, 5), report) == told
    # a re-run that ended in a fault says nothing of the points that CI announced
    assert disagreement(Announced(5, 5), with_fault(report)) == ""


def test_a_report_that_is_no_file_or_too_large_announces_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "result.json")
    (tmp_path / "report.json").write_text('{"score": 7, "max_score": 10}')
    assert announced_in(tmp_path) == Announced(7, 10)
    (tmp_path / "report.json").write_text('{"score": 7, "max_score": 10}' + " " * (16 << 20))
    assert announced_in(tmp_path) is None


@pytest.mark.parametrize(
    "data", [b"\xff", b"\0", b'{"score": ' + b"9" * 5000 + b"}", b"{}", b"null"]
)
def test_any_bytes_announce_nothing(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "result.json").write_bytes(data)
    assert announced_in(tmp_path) is None


def test_a_number_without_end_is_not_announced(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text(f'{{"score": {"9" * 4000}, "max-score": 10}}')
    assert announced_in(tmp_path) is None


def test_a_few_of_many_changes_are_told(kept: dict[str, str], student: Path) -> None:
    for number in range(300):
        (student / f".github/{number}" / "deep").mkdir(parents=True)
        (student / f".github/{number}.yml").write_text("x")
    *told, last = changed_files(kept, student)
    assert len(told) == 20
    assert last == "280 more of the protected files are not as they were given out."


def test_folders_without_a_file_are_counted(
    kept: dict[str, str], student: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked: list[str] = []
    real = os.walk

    def counted(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
        for each in real(folder):
            walked.append(each[0])
            yield each

    monkeypatch.setattr("os.walk", counted)
    monkeypatch.setattr(protected, "_MAX_FILES", 10)
    for number in range(50):
        (student / f".github/d{number}").mkdir()
    assert changed_files(kept, student) == ()
    assert len(walked) < 15

"""A script for GitHub: it says what it would do, sends when it is told to, and obeys nothing that a student wrote."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from grader.classroom.giveback.github_scripts import (
    MOST,
    NO_REPOSITORY,
    issue_text,
    repositories_by,
    write_github,
)
from grader.classroom.records import Enrolled, Record
from grader.errors import GiveBackError
from tests.given_back import ADA, BOB, COMMIT, SECRET, graded_record, nothing, unreadable
from tests.reports import Tags
from tests.synthetic import HOSTILE

GH = r"""#!/bin/bash
printf '%s\x1f' "$@" >>"$GH_LOG"
printf '\x1e' >>"$GH_LOG"
case "$1 $2" in
"repo view") [[ $3 == *public* ]] && echo PUBLIC || echo PRIVATE ;;
"issue list") echo "$GH_NUMBER" ;;
esac
[[ $* != *fails* ]]
"""


class Script:
    """The folder of a class, and a `gh` that puts down what it is asked."""

    def __init__(self, folder: Path, records: list[Record], title: str = "Lab 1") -> None:
        self.folder = folder / "out"
        self.folder.mkdir()
        self.log = folder / "log"
        (folder / "bin").mkdir()
        (folder / "bin" / "gh").write_text(GH)
        (folder / "bin" / "gh").chmod(0o755)
        self.path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        repositories = {
            each.student.id: f"course/lab1-{place}" for place, each in enumerate(records)
        }
        write_github(records, title, self.folder, repositories)

    def run(self, *arguments: str, number: str = "") -> subprocess.CompletedProcess[str]:
        environment = {"PATH": self.path, "GH_LOG": str(self.log), "GH_NUMBER": number}
        command = ["bash", str(self.folder / "send.sh"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    @property
    def calls(self) -> list[list[str]]:
        """What `gh` was asked, but for looks at repositories."""
        text = self.log.read_text() if self.log.exists() else ""
        calls = [call.split("\x1f")[:-1] for call in text.split("\x1e")[:-1]]
        return [call for call in calls if call[0] != "repo"]


def test_nothing_is_sent_before_it_is_asked_for(tmp_path: Path) -> None:
    script = Script(tmp_path, [graded_record()])
    assert script.run("issues").stdout == "course/lab1-0: would get issues/ada.md as an issue\n"
    assert "commit c0ffeec0ffee would be “failure”: 4 of 7 points" in script.run("statuses").stdout
    assert script.run().returncode == 2
    assert script.run("issues", "--yes").returncode == 2
    assert script.calls == []


def test_an_issue_is_opened_once(tmp_path: Path) -> None:
    script = Script(tmp_path, [graded_record()])
    assert script.run("issues", "--send").returncode == 0
    assert script.run("issues", "--send", number="12").returncode == 0
    where = ["--repo", "course/lab1-0"]
    assert [call[:2] for call in script.calls] == [
        ["issue", "list"],
        ["issue", "create"],
        ["issue", "list"],
        ["issue", "edit"],
    ]
    assert script.calls[1][2:] == [*where, "--title", "Lab 1", "--body-file", "issues/ada.md"]
    assert script.calls[3][2:] == ["12", *where, "--body-file", "issues/ada.md"]


def test_a_status_is_set_where_a_commit_is_known(tmp_path: Path) -> None:
    script = Script(tmp_path, [graded_record(), unreadable()])
    done = script.run("statuses", "--send")
    assert "course/lab1-1: no commit is known" in done.stdout
    [call] = script.calls
    assert call[:5] == [
        "api",
        "--silent",
        "--method",
        "POST",
        f"repos/course/lab1-0/statuses/{COMMIT}",
    ]
    assert call[5:] == [
        *("-f", "state=failure", "-f", "context=grader"),
        *("-f", "description=4 of 7 points"),
    ]


def test_a_public_repository_is_passed_over(tmp_path: Path) -> None:
    script = Script(tmp_path, [graded_record(), graded_record(BOB)])
    table = script.folder / "repositories.tsv"
    table.write_text(table.read_text().replace("course/lab1-0", "course/public"))
    done = script.run("issues", "--send")
    assert done.returncode == 1
    assert "NOT sent to course/public: it is not private" in done.stderr
    assert {call[call.index("--repo") + 1] for call in script.calls} == {"course/lab1-1"}


def test_one_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    script = Script(tmp_path, [graded_record(), graded_record(BOB)])
    table = script.folder / "repositories.tsv"
    table.write_text(table.read_text().replace("course/lab1-0", "course/fails"))
    done = script.run("issues", "--send")
    assert (done.returncode, done.stderr.count("NOT sent")) == (1, 1)
    assert script.calls[-1][1] == "create"


def test_nothing_that_a_student_wrote_is_obeyed(tmp_path: Path) -> None:
    texts = [
        *HOSTILE,
        "$(touch obeyed)",
        "`touch obeyed`",
        "a'; touch obeyed; '",
        "-x",
        'a"b',
        "a\tb\nc",
    ]
    records = [graded_record(Enrolled(text, text, text, text, text)) for text in texts]
    script = Script(tmp_path, records, title="$(touch obeyed) `touch obeyed` '\"\n--repo evil/x")
    assert script.run("issues", "--send").returncode == 0
    assert sum(call[1] == "create" for call in script.calls) == len(texts)
    for call in script.calls:
        assert call[call.index("--repo") + 1].startswith("course/lab1-")
        if call[1] == "create":
            assert call[5] == "$(touch obeyed) `touch obeyed` '\" --repo evil/x"
    assert not list(tmp_path.rglob("obeyed"))
    assert len((script.folder / "repositories.tsv").read_text().splitlines()) == len(texts)


@pytest.mark.parametrize(
    "line",
    [
        "course/x;id\tissues/a.md\t-\tfailure\t0 of 7 points",
        "-x/y\tissues/a.md\t-\tfailure\t0 of 7 points",
        "course/x\t/etc/passwd\t-\tfailure\t0 of 7 points",
        "course/x\tissues/../a.md\t-\tfailure\t0 of 7 points",
        "course/x\tissues/a.md\tHEAD\tfailure\t0 of 7 points",
    ],
)
def test_a_table_that_was_written_otherwise_sends_nothing(tmp_path: Path, line: str) -> None:
    script = Script(tmp_path, [])
    (script.folder / "repositories.tsv").write_text(f"{line}\n")
    done = script.run("issues", "--send")
    assert done.returncode == 2
    assert "not as it was written" in done.stderr
    assert script.calls == []


def test_an_issue_mentions_nobody_and_tells_no_hidden_check() -> None:
    record = graded_record(Enrolled("ada", "@everyone #12 @ada-l"))
    text = issue_text(record, "Lab @all")
    assert SECRET not in text
    shown = Tags(MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(text))
    assert ("span", {}) in [(name, dict(attributes)) for name, attributes in shown.tags]
    assert "@everyone" not in text
    assert "@all" not in text
    assert "4 of 7 points" in text


def test_code_in_an_issue_stays_as_it_is() -> None:
    record = graded_record()
    assert record.report
    [exercise] = record.report.exercises
    check = replace(exercise.checks[1], message="a @ b\n````\n@c", cause="`@property` is missing")
    report = replace(record.report, exercises=(replace(exercise, checks=(check,)),))
    text = issue_text(replace(record, report=report), "Lab 1")
    assert "`@property` is missing" in text
    assert "  @c" in text


def test_a_long_issue_is_cut_where_github_takes_no_more() -> None:
    record = graded_record()
    assert record.report
    [exercise] = record.report.exercises
    check = replace(exercise.checks[1], message="é\n" * 3000)
    report = replace(record.report, exercises=(replace(exercise, checks=(check,) * 30),))
    text = issue_text(replace(record, report=report), "Lab 1")
    assert len(text.encode()) < 65_536
    assert len(text.encode()) > MOST - 1000
    assert sum(line.strip().startswith("```") for line in text.split("\n")) % 2 == 0


def test_who_has_no_repository_is_left_out(tmp_path: Path) -> None:
    handover = write_github([graded_record(), nothing()], "Lab 1", tmp_path, {"ada": "a/b;c"})
    assert dict(handover.left_out) == {NO_REPOSITORY: ["ada"], "nothing handed in": ["bob"]}


def test_two_students_do_not_share_a_repository(tmp_path: Path) -> None:
    both = {"ada": "course/lab1", "bob": "Course/Lab1"}
    with pytest.raises(GiveBackError, match="bob and ada have the same repository"):
        write_github([graded_record(), graded_record(BOB)], "Lab 1", tmp_path, both)


def test_repositories_that_are_called_alike() -> None:
    students = [ADA, BOB, Enrolled("a/b"), Enrolled("$(id)"), Enrolled("x" * 50)]
    assert repositories_by("course/lab1-{login}", students) == {
        "ada": "course/lab1-ada-l",
        "bob": "course/lab1-bob",
    }
    assert repositories_by("course/{id}", students)["ada"] == "course/ada"
    for pattern in ("course/lab1", "{login}", "course/lab1 {login}", "-c/{id}", "c/d/{id}"):
        with pytest.raises(GiveBackError, match="does not say how repositories are called"):
            repositories_by(pattern, students)

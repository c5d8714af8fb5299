"""What is told of a repository besides the commit that counts."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from grader.classroom.handin.hand_in import HandIn
from grader.classroom.handin.read import read_hand_in
from grader.course.catalog import Course
from grader.submission import git_files
from tests.hand_ins import NOON, RIGHT, committed, git, read

HOUR = timedelta(hours=1)
BOT = (
    "-c",
    "user.name=github-classroom[bot]",
    "-c",
    "user.email=1+x[bot]@users.noreply.github.com",
)


def test_later_commits_are_counted_and_told(tmp_path: Path) -> None:
    first = committed(tmp_path / "ada", RIGHT)
    assert read(tmp_path / "ada", NOON).notes == ()
    committed(tmp_path / "ada", RIGHT + "# 2\n", NOON + HOUR)
    [note] = read(tmp_path / "ada", NOON).notes
    assert note == (
        "1 later commit was made after the accepted time, the last one at 2026-11-20 13:00 UTC. "
        f"Commit {first[:12]} of 2026-11-20 12:00 UTC counts."
    )
    committed(tmp_path / "ada", RIGHT + "# 3\n", NOON + 2 * HOUR)
    [note] = read(tmp_path / "ada", NOON).notes
    assert note.startswith(
        "2 later commits were made after the accepted time, the last one at 2026-11-20 14:00 UTC."
    )
    assert read(tmp_path / "ada").notes == ()  # without a deadline, the last one counts


def test_newer_work_on_another_branch_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "ada"
    committed(folder, RIGHT)
    main = git(folder, "symbolic-ref", "--short", "HEAD")
    git(folder, "checkout", "--quiet", "-b", "try/this")
    committed(folder, RIGHT + "# 2\n", NOON + HOUR)
    git(folder, "checkout", "--quiet", main)
    for _ in range(2):
        [note] = read(folder).notes
        assert re.match(
            r"The branch try/this has newer work, of 2026-11-20 13:00 UTC, which does not", note
        )
        git(folder, "pack-refs", "--all")
    # as it lies in a clone
    git(tmp_path, "clone", "--quiet", str(folder), "clone")
    [note] = read(tmp_path / "clone").notes
    assert note.startswith("The branch origin/try/this has newer work")
    # once it is merged, it counts
    git(folder, "merge", "--quiet", "try/this")
    assert read(folder).notes == ()


def test_an_older_branch_and_a_bots_are_not_told(tmp_path: Path) -> None:
    folder = tmp_path / "ada"
    committed(folder, RIGHT)
    git(folder, "checkout", "--quiet", "-b", "old")
    committed(folder, "x = 1\n", NOON)
    git(folder, "checkout", "--quiet", "-")
    committed(folder, RIGHT + "# 2\n", NOON + HOUR)
    git(folder, "branch", "feedback", "HEAD~1")
    git(folder, "checkout", "--quiet", "-b", "update")
    git(folder, *BOT, "commit", "--quiet", "--allow-empty", "-m", "x", when=NOON + 3 * HOUR)
    git(folder, "checkout", "--quiet", "-")
    assert read(folder).notes == ()


def test_what_a_template_gave_out_is_not_handed_in(tmp_path: Path, course: Course) -> None:
    stub = course["my_linear"].stub.read_text(encoding="utf-8")
    folder = tmp_path / "ada"
    committed(folder, stub)
    assert read(folder).untouched
    committed(folder, RIGHT, NOON + HOUR)
    submitted = read(folder, NOON)
    assert submitted.untouched
    assert "1 later commit was made after the accepted time" in submitted.notes[0]
    assert submitted.notes[1:] == ("That commit holds only what the template gave out.",)
    assert not read(folder).untouched


def test_who_worked_on_another_exercise_has_handed_something_in(
    tmp_path: Path, course: Course
) -> None:
    folder = tmp_path / "ada"
    committed(folder, course["my_linear"].stub.read_text(encoding="utf-8"))
    committed(folder, RIGHT, NOON + HOUR, name="line_fit.py")
    hand_in = HandIn(("ada",), folder)
    assert not read_hand_in(hand_in, course, ["my_linear"]).untouched
    assert read_hand_in(hand_in, course, ["my_linear"], NOON).untouched


def test_a_bots_commits_are_not_handed_in(tmp_path: Path) -> None:
    """Also where the template's files are not the stubs."""
    folder = tmp_path / "ada"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "my_linear.py").write_text(RIGHT)
    git(folder, "add", "--all")
    git(folder, *BOT, "commit", "--quiet", "-m", "template", when=NOON)
    assert read(folder).untouched
    committed(folder, RIGHT + "#\n", NOON + HOUR)
    assert not read(folder).untouched
    git(folder, *BOT, "commit", "--quiet", "--allow-empty", "-m", "deadline", when=NOON + 2 * HOUR)
    assert not read(folder).untouched
    assert len(read(folder, NOON + HOUR).notes) == 0


def test_more_commits_than_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_files, "MOST_LISTED", 1)
    monkeypatch.setattr("grader.classroom.handin.commit_notes.MOST_LISTED", 1)
    for number in range(3):
        committed(tmp_path / "ada", f"{RIGHT}#{number}\n", NOON + number * HOUR)
    assert read(tmp_path / "ada", NOON).notes[0].startswith("More than 1 later commits were made")


def test_a_branch_of_nobody_knows_what_stops_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "ada"
    commit = committed(folder, RIGHT)
    (folder / ".git" / "refs" / "heads" / "gone").write_text("0" * 39 + "1\n")
    (folder / ".git" / "refs" / "heads" / "odd").write_text("--all\n")
    (folder / ".git" / "refs" / "heads" / "link").symlink_to("/etc/passwd")
    submitted = read(folder)
    assert (submitted.commit, submitted.notes) == (commit, ())

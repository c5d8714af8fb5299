"""Where branches stand, read from a repository's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import NoCommitError, UnreadableError
from grader.submission.git_refs import branches_of, head_of, text_of
from tests.hand_ins import RIGHT, committed, git, write

ONE, TWO, THREE = "1" * 40, "2" * 40, "3" * 64


def test_branches_are_loose_or_packed(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "refs/heads/main": f"{ONE}\n",
            "refs/heads/a/b": THREE,
            "refs/heads/odd": "--all",
            "refs/remotes/origin/HEAD": "ref: refs/remotes/origin/main",
            "refs/tags/v1": ONE,
            "packed-refs": f"# pack-refs\n{TWO} refs/heads/main\n{TWO} refs/remotes/origin/dev\n^{ONE}\n",
        },
    )
    (tmp_path / "refs" / "heads" / "link").symlink_to(tmp_path / "refs" / "heads" / "main")
    assert dict(branches_of(tmp_path)) == {"main": ONE, "a/b": THREE, "origin/dev": TWO}
    assert dict(branches_of(tmp_path / "none")) == {}


def test_of_very_many_branches_some_are_read(tmp_path: Path) -> None:
    heads = tmp_path / "refs" / "heads"
    heads.mkdir(parents=True)
    for number in range(24):
        (heads / f"{number:04}").mkdir()
        for inner in range(50):
            (heads / f"{number:04}" / f"{inner}").write_text(ONE)
    assert 1000 <= len(dict(branches_of(tmp_path))) <= 1100


def test_head_is_the_branch_that_is_checked_out(tmp_path: Path) -> None:
    commit = committed(tmp_path / "ada", RIGHT)
    folder = tmp_path / "ada" / ".git"
    assert head_of(folder) == commit
    git(tmp_path / "ada", "pack-refs", "--all")
    assert head_of(folder) == commit
    (folder / "HEAD").write_text(ONE)
    assert head_of(folder) == ONE
    (folder / "HEAD").write_text("ref: refs/heads/none")
    with pytest.raises(NoCommitError):
        head_of(folder)
    (folder / "HEAD").write_text("ref: ../x")
    with pytest.raises(UnreadableError):
        head_of(folder)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        text_of(tmp_path / "none")

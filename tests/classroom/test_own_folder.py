"""A folder is written whole or not at all, and never over what is somebody else's."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from grader.classroom.own_folder import own_folder
from grader.errors import OutputError

ABOUT = "Made by a test\n\nMore of it.\n"


def write(folder: Path, name: str = "a.txt", *, replace: bool = True) -> list[str]:
    with own_folder(folder, ABOUT, replace=replace) as made:
        (made / name).write_text("x")
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_is_made_and_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert write(folder) == ["README.txt", "a.txt"]
    assert write(folder, "b.txt") == ["README.txt", "b.txt"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert write(tmp_path / "out") == ["README.txt", "a.txt"]


def test_what_is_somebody_elses_stays(tmp_path: Path) -> None:
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "README.txt").write_text("My thesis\nMade by a test\n")
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for taken in ("thesis", "file", "link"):
        with pytest.raises(OutputError, match=f"{taken} holds something else"):
            write(tmp_path / taken)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link", "thesis"]
    assert [path.name for path in folder.iterdir()] == ["README.txt"]


def test_a_link_to_an_own_folder_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "out")
    (tmp_path / "link").symlink_to(tmp_path / "out")
    with pytest.raises(OutputError, match="something else"):
        write(tmp_path / "link")


def test_one_that_was_written_before_is_asked_about(tmp_path: Path) -> None:
    write(tmp_path / "out")
    with pytest.raises(OutputError, match="--replace"):
        write(tmp_path / "out", "b.txt", replace=False)
    assert (tmp_path / "out" / "a.txt").is_file()


def test_what_fails_leaves_everything_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write(folder)
    with pytest.raises(ZeroDivisionError), own_folder(folder, ABOUT):
        raise ZeroDivisionError
    assert (folder / "a.txt").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_place_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="nowhere does not exist"):
        write(tmp_path / "nowhere" / "out")

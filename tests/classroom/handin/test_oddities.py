"""What is odd about the files of a hand-in, by kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.classroom.handin.oddities import TITLES, Oddity, is_unusable, near_misses
from tests.hand_ins import RIGHT, read, write, zipped

COURSE = ("my_linear", "line_fit", "bug_hunt", "bug_hunt_2")


def kinds(path: Path) -> list[tuple[str, str]]:
    submitted = read(path)
    assert {each.text for each in submitted.oddities} <= {*submitted.notes}
    assert all(each.kind in TITLES for each in submitted.oddities)
    return [(each.kind, each.exercise) for each in submitted.oddities]


def test_a_plain_hand_in_has_nothing_odd(tmp_path: Path) -> None:
    assert kinds(write(tmp_path / "ada", {"my_linear.py": RIGHT, "helper.py": ""})) == []


@pytest.mark.parametrize("encoding", ["cp949", "utf-16"])
def test_another_encoding_is_told(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "my_linear.py").write_bytes(("# 선형 층\n" + RIGHT).encode(encoding))
    assert kinds(tmp_path / "ada") == [("encoding", "my_linear")]
    (tmp_path / "ada" / "my_linear.py").write_bytes(b"# \xff\xfe\x81\n" + RIGHT.encode())
    assert kinds(tmp_path / "ada") == [("encoding", "my_linear")]


def test_links_are_told(tmp_path: Path) -> None:
    folder = write(tmp_path / "ada", {"line_fit.py": RIGHT})
    (folder / "my_linear.py").symlink_to("/etc/passwd")
    (folder / "exercises").symlink_to(tmp_path)
    assert kinds(folder) == [("link", "my_linear"), ("link", "")]


def test_an_encrypted_zip_is_told(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "ada.zip", {"my_linear.py": RIGHT})
    data = bytearray(archive.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(data)
    assert kinds(archive) == [("encrypted", "my_linear")]


def test_names_are_told(tmp_path: Path) -> None:
    assert kinds(write(tmp_path / "a", {"My_Linear.py": RIGHT})) == [("name", "my_linear")]
    several = {"My_Linear.py": RIGHT, "my_linear copy.py": RIGHT}
    assert kinds(write(tmp_path / "b", several)) == [("name", "my_linear")]
    folder = write(tmp_path / "c", {"line_fit.py": RIGHT, "my_linaer.py": RIGHT, "helper.py": ""})
    assert kinds(folder) == [("name", "my_linear")]
    assert "my_linaer.py, which may be it, was not read" in read(folder).notes[0]


def test_a_file_that_is_no_notebook_is_told(tmp_path: Path) -> None:
    assert kinds(write(tmp_path / "a", {"my_linear.ipynb": "{}"})) == [("unreadable", "my_linear")]


def test_what_is_there_has_no_near_miss() -> None:
    names = ["my_linaer.py", "my_linear.txt", "data.csv", "a" * 5000 + ".py"]
    assert [*near_misses(names, ["my_linear"], ["my_linear", "line_fit"], COURSE)] == []
    found = [*near_misses(names, [], ["my_linear"], COURSE)]
    assert [(each.kind, each.exercise) for each in found] == [("name", "my_linear")] * 2
    assert len([*near_misses(["my_linaer.py"] * 50, [], ["my_linear"], COURSE)]) == 5


@pytest.mark.parametrize("name", ["bug_hunt_2.py", "Bug_Hunt_2.py", "bug_hunt_2 copy.ipynb"])
def test_the_file_of_another_exercise_is_no_near_miss(name: str) -> None:
    assert [*near_misses([name], [], ["bug_hunt"], COURSE)] == []


def test_of_an_unusable_file_nothing_else_is_told() -> None:
    assert is_unusable(Oddity("link", "my_linear", ""))
    assert not is_unusable(Oddity("link", "", ""))
    assert not is_unusable(Oddity("encoding", "my_linear", ""))


@pytest.mark.parametrize(
    "name",
    [
        "20260042_my_linear.py",
        "my_linear (ada).txt",
        "MY_LINEAR.pdf",
        "my_linear.py.pdf",
        "my_liner.py",
    ],
)
def test_a_file_that_may_have_been_meant_is_told(name: str) -> None:
    [told] = near_misses(
        [f"x/{name}", "line_fit.py"], ["line_fit"], ["line_fit", "my_linear"], COURSE
    )
    assert (told.kind, told.exercise) == ("name", "my_linear")
    assert f"x/{name}, which may be it, was not read" in told.text


@pytest.mark.parametrize(
    "name",
    [
        "my_linear.csv",
        "the_amy_linearity_notes.py",
        "notes.pdf",
        "model.py",
        "x" * 300 + ".py",
        ".py",
    ],
)
def test_other_files_are_not_told(name: str) -> None:
    assert not [*near_misses([name], ["line_fit"], ["line_fit", "my_linear"], COURSE)]

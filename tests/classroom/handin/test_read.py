"""What is read of a hand-in, and what an instructor is told of it."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from grader.classroom.handin.read import (
    digest_of,
    plain_sources,
    sources_of,
)
from grader.course.catalog import Course
from tests.hand_ins import RIGHT, read, write, zipped


@pytest.mark.parametrize(
    "name",
    [
        "my_linear.py",
        "exercises/my_linear.py",
        "homework-1/exercises/my_linear.py",
        "my_linear (1).py",
    ],
)
def test_a_file_is_found_where_it_lies(tmp_path: Path, name: str) -> None:
    work = read(write(tmp_path / "ada", {name: RIGHT, "README.md": "hello"}))
    assert work.sources["my_linear"].text == RIGHT
    assert read(zipped(tmp_path / "ada.zip", {name: RIGHT})).sources["my_linear"].text == RIGHT


def test_the_stub_is_not_the_answer_and_two_answers_are_told(
    tmp_path: Path, course: Course
) -> None:
    stub = course["my_linear"].stub.read_text(encoding="utf-8")
    work = read(write(tmp_path / "ada", {"my_linear.py": stub, "work/my_linear.py": RIGHT}))
    assert work.sources["my_linear"].text == RIGHT
    assert not work.notes
    work = read(write(tmp_path / "ada", {"old/my_linear.py": RIGHT + "# older\n"}))
    assert work.sources["my_linear"].filename == "old/my_linear.py"
    assert "work/my_linear.py" in work.notes[0]


def test_what_cannot_be_graded_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no files" in read(tmp_path / "empty").problem
    assert "found notes.txt" in read(write(tmp_path / "other", {"notes.txt": "x"})).problem
    bad = write(tmp_path / "bad", {}) / "bad.zip"
    bad.parent.mkdir()
    bad.write_bytes(b"PK no zip at all")
    assert "not a zip file" in read(bad).problem


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret", {"my_linear.py": RIGHT})
    folder = write(tmp_path / "ada", {"line_fit.py": RIGHT})
    (folder / "my_linear.py").symlink_to(secret / "my_linear.py")
    (folder / "exercises").symlink_to(secret)
    os.mkfifo(folder / "losses.py")
    work = read(folder)
    assert "symbolic link" in work.sources["my_linear"].problem
    assert "regular file" in work.sources["losses"].problem
    assert "exercises/my_linear.py" not in str(plain_sources(work.sources))


def test_a_digest_is_of_what_is_graded(tmp_path: Path) -> None:
    folder = read(write(tmp_path / "ada", {"my_linear.py": RIGHT}))
    same = read(zipped(tmp_path / "ada.zip", {"my_linear.py": RIGHT, "notes": "other"}))
    other = read(write(tmp_path / "bob", {"my_linear.py": RIGHT + "\n"}))
    assert folder.digest == same.digest != other.digest
    assert sources_of(plain_sources(folder.sources)) == folder.sources
    assert digest_of(plain_sources(folder.sources)) == folder.digest


def test_a_zip_in_a_folder_is_opened_once(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("my_linear.py", RIGHT)
    folder = tmp_path / "submission_1"
    folder.mkdir()
    (folder / "handin.zip").write_bytes(inner.getvalue())
    assert read(folder).sources["my_linear"].text == RIGHT
    outer = zipped(tmp_path / "outer.zip", {"handin.zip": inner.getvalue()})
    assert "found handin.zip" in read(outer).problem

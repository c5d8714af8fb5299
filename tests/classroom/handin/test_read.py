"""What is read of a hand-in, and what an instructor is told of it."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.classroom.handin.hand_in import HandIn
from grader.classroom.handin.read import (
    digest_of,
    has_repository,
    plain_sources,
    read_hand_in,
    sources_of,
)
from grader.course.catalog import Course
from grader.submission import bounded, decode
from tests.hand_ins import NOON, RIGHT, committed, read, write, zipped


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
    submitted = read(write(tmp_path / "ada", {name: RIGHT, "README.md": "hello"}))
    assert submitted.sources["my_linear"].text == RIGHT
    assert read(zipped(tmp_path / "ada.zip", {name: RIGHT})).sources["my_linear"].text == RIGHT


def test_the_stub_is_not_the_answer_and_two_answers_are_told(
    tmp_path: Path, course: Course
) -> None:
    stub = course["my_linear"].stub.read_text(encoding="utf-8")
    submitted = read(write(tmp_path / "ada", {"my_linear.py": stub, "work/my_linear.py": RIGHT}))
    assert submitted.sources["my_linear"].text == RIGHT
    assert not submitted.notes
    submitted = read(write(tmp_path / "ada", {"old/my_linear.py": RIGHT + "# older\n"}))
    assert submitted.sources["my_linear"].filename == "old/my_linear.py"
    assert "work/my_linear.py" in submitted.notes[0]


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
    submitted = read(folder)
    assert "symbolic link" in submitted.sources["my_linear"].problem
    assert "regular file" in submitted.sources["losses"].problem
    assert "exercises/my_linear.py" not in str(plain_sources(submitted.sources))


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


def test_a_repository_is_told_from_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "bob", {"my_linear.py": RIGHT})
    assert not has_repository(tmp_path / "bob")
    committed(tmp_path / "ada", RIGHT)
    assert has_repository(tmp_path / "ada")
    (tmp_path / "eve").symlink_to("ada")
    assert not has_repository(tmp_path / "eve")
    assert not has_repository(tmp_path / "none")


def test_a_repository_that_is_none_is_told(tmp_path: Path) -> None:
    committed(tmp_path / "ada", RIGHT)
    shutil.rmtree(tmp_path / "ada" / ".git" / "objects")
    write(tmp_path / "bob", {"my_linear.py": RIGHT, ".git": "gitdir: ../elsewhere"})
    for name in ("ada", "bob"):
        submitted = read(tmp_path / name)
        assert (list(submitted.sources), submitted.when) == (["my_linear"], None)
        assert "not known when they were handed in. Clone it again." in submitted.notes[0]


def test_single_files_and_when_they_came(tmp_path: Path, course: Course) -> None:
    write(tmp_path, {"dan.py": RIGHT, "my_linear.py": RIGHT})
    submitted = read_hand_in(
        HandIn(("dan",), tmp_path, {"my_linear.py": tmp_path / "dan.py"}, when=NOON),
        course,
        ["my_linear"],
    )
    assert submitted.when == NOON
    assert submitted.sources["my_linear"].filename == "my_linear.py"
    submission = submitted.submission("dan", ["my_linear", "line_fit"])
    assert (submission.name, submission.wanted) == ("dan", ("my_linear", "line_fit"))
    assert submission.sources == submitted.sources
    submitted = read_hand_in(HandIn(("ada",), tmp_path / "my_linear.py"), course, ["my_linear"])
    assert submitted.sources["my_linear"].text == RIGHT
    assert submitted.when is None


def test_a_name_of_several_lines_forges_no_note(tmp_path: Path) -> None:
    folder = write(tmp_path / "ada", {"my_linear.py": RIGHT, "a\nb/my_linear.py": "x = 2"})
    assert read(folder).notes == (
        "my_linear: my_linear.py was graded; there is also a\\x0ab/my_linear.py.",
    )
    assert (
        "found a\\x0ab, c.txt" in read(write(tmp_path / "bob", {"a\nb": "", "c.txt": ""})).problem
    )


def test_two_zips_are_not_chosen_from(tmp_path: Path) -> None:
    folder = tmp_path / "ada"
    folder.mkdir()
    zipped(folder / "a.zip", {"my_linear.py": RIGHT})
    zipped(folder / "b.zip", {"my_linear.py": RIGHT})
    assert "found a.zip, b.zip." in read(folder).problem


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(["ada.zip", "ada.py", "ada.ipynb", "ada/my_linear.ipynb", "ada/work.zip"]),
    st.binary() | st.binary().map(lambda data: b"PK\5\6" + data),
)
def test_any_bytes_are_a_hand_in_or_told(tmp_path: Path, name: str, data: bytes) -> None:
    shutil.rmtree(tmp_path)
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    submitted = read(tmp_path / name.split("/")[0])
    assert bool(submitted.problem) != bool(submitted.sources)
    assert bool(submitted.digest) == bool(submitted.sources)


def test_a_file_that_cannot_be_read_within_bounds_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (bounded, decode):
        monkeypatch.setattr(module, "MEMORY_BYTES", 100 << 20)
    unfolds = '{"cells": [], "metadata": {"a": [' + "{}," * (2 << 20) + '1]}, "nbformat": 4}'
    submitted = read(write(tmp_path, {"my_linear.ipynb": unfolds, "line_fit.py": RIGHT}))
    told = {name: source.problem for name, source in submitted.sources.items()}
    assert told["line_fit"] == ""
    assert told["my_linear"].startswith("my_linear.ipynb cannot be read within 30 s")


def test_a_tar_is_read_as_a_zip_is(tmp_path: Path) -> None:
    folder = tmp_path / "submission_1"
    folder.mkdir()
    for path in (tmp_path / "ada.tar.gz", tmp_path / "bob.tgz", folder / "work.tar.gz"):
        with tarfile.open(path, "w:gz") as archive:
            archive.add(write(tmp_path / "work", {"my_linear.py": RIGHT}), "work")
        assert read(path if path.parent == tmp_path else folder).sources["my_linear"].text == RIGHT
    (tmp_path / "eve.rar").write_bytes(b"Rar!")
    assert "Make a zip of it" in read(tmp_path / "eve.rar").problem


def test_what_macos_adds_to_a_zip_is_no_answer(tmp_path: Path) -> None:
    files = {"My_Linear.py": RIGHT, "._My_Linear.py": "x", "__MACOSX/._My_Linear.py": "x"}
    assert read(zipped(tmp_path / "ada.zip", files)).sources["my_linear"].text == RIGHT


def test_the_last_version_that_teams_keeps_counts(tmp_path: Path) -> None:
    versions = {f"Version {number}/my_linear.py": RIGHT + f"# {number}\n" for number in (1, 2, 10)}
    submitted = read(write(tmp_path / "ada", versions))
    assert submitted.sources["my_linear"].text == RIGHT + "# 10\n"
    assert "Version 10/my_linear.py was graded; there is also" in submitted.notes[0]


def test_notes_of_the_layout_are_kept(tmp_path: Path, course: Course) -> None:
    write(tmp_path, {"ada/my_linear.py": RIGHT, "eve/x": ""})
    for name in ("ada", "eve"):
        hand_in = HandIn((name,), tmp_path / name, notes=("Odd.",))
        assert read_hand_in(hand_in, course, course.names).notes == ("Odd.",)

"""nbgrader's feedback: a page where nbgrader looks for one, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grader.classroom.giveback.nbgrader_feedback import (
    NO_NAME,
    is_name,
    write_nbgrader_feedback,
)
from grader.classroom.records import Enrolled, Record
from grader.errors import GiveBackError
from tests.given_back import ADA, BOB, SECRET, graded_record, nothing, unreadable
from tests.synthetic import HOSTILE


def written(folder: Path, *records: Record, **more: object) -> list[str]:
    settings = {"assignment": "lab1", "exercises": ["my_linear", "line_fit"], **more}
    write_nbgrader_feedback(records, "Lab 1", folder, **settings)  # type: ignore[arg-type]
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.html"))


def test_a_page_for_each_notebook(tmp_path: Path) -> None:
    records = graded_record(filename="lab1/Problem 1.ipynb"), nothing(Enrolled("zoe"))
    assert written(tmp_path, *records) == ["feedback/ada/lab1/Problem 1.html"]
    page = (tmp_path / "feedback/ada/lab1/Problem 1.html").read_text(encoding="utf-8")
    assert "4 of 7 points" in page
    assert SECRET not in page


def test_who_could_not_be_read_finds_a_page_at_every_notebook(tmp_path: Path) -> None:
    assert written(tmp_path, unreadable()) == [
        "feedback/bob/lab1/line_fit.html",
        "feedback/bob/lab1/my_linear.html",
    ]


def test_students_are_called_as_their_folders(tmp_path: Path) -> None:
    assert written(tmp_path, graded_record(), names={"ada": "ada-l"}) == [
        "feedback/ada-l/lab1/my_linear.html"
    ]


def test_what_nbgrader_needs_to_release_a_page_is_copied(tmp_path: Path) -> None:
    handed_in = tmp_path / "submitted" / "ada" / "lab1"
    handed_in.mkdir(parents=True)
    (handed_in / "timestamp.txt").write_text("2026-11-20 13:00:00 UTC")
    (handed_in / "submission_secret.txt").write_text("abc")
    secret = tmp_path / "private"
    secret.write_text("not to be read")
    (tmp_path / "submitted" / "bob" / "lab1").mkdir(parents=True)
    (tmp_path / "submitted" / "bob" / "lab1" / "timestamp.txt").symlink_to(secret)
    records = graded_record(), graded_record(BOB), graded_record(Enrolled("zoe"))
    handover = write_nbgrader_feedback(
        records, "Lab 1", tmp_path / "out", "lab1", [], submitted=tmp_path / "submitted"
    )
    released = tmp_path / "out" / "feedback" / "ada" / "lab1"
    assert sorted(path.name for path in released.iterdir()) == [
        *("my_linear.html", "submission_secret.txt", "timestamp.txt"),
    ]
    assert (released / "submission_secret.txt").read_text() == "abc"
    [note] = handover.notes
    assert "cannot release 2 of them" in note
    assert "bob, zoe." in note
    texts = [path.read_text() for path in (tmp_path / "out").rglob("*.txt")]
    assert "not to be read" not in texts


def test_what_is_no_name_of_a_folder_is_left_out(tmp_path: Path) -> None:
    records = [graded_record(Enrolled(text)) for text in HOSTILE]
    handover = write_nbgrader_feedback(records, "Lab", tmp_path, "lab1", ["a"])
    assert handover.given + len(handover.left_out[NO_NAME]) == len(HOSTILE)
    assert "../../../etc/passwd" in handover.left_out[NO_NAME]
    assert [path.name for path in tmp_path.iterdir()] in ([], ["feedback"])
    assert not [
        name
        for name in ("", ".", "..", "a/b", "a\\b", "a:b", "x ", "\n", "é" * 200)
        if is_name(name)
    ]


def test_a_file_cannot_lead_out(tmp_path: Path) -> None:
    for place, filename in enumerate(("../../x.ipynb", "..\\..\\x.ipynb", "/etc/x.ipynb")):
        folder = tmp_path / str(place)
        assert written(folder, graded_record(filename=filename)) == ["feedback/ada/lab1/x.html"]


def test_two_students_share_no_folder(tmp_path: Path) -> None:
    with pytest.raises(GiveBackError, match="bob and ada would share the folder 'Same'"):
        written(
            tmp_path,
            graded_record(),
            replace(graded_record(), student=BOB),
            names={ADA.id: "same", BOB.id: "Same"},
        )


def test_an_assignment_that_is_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(GiveBackError, match="--collected"):
        written(tmp_path, graded_record(), assignment="Lab 1: layers/linear")

"""Moodle's feedback zip: every entry names a participant as Moodle reads names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

from grader.classroom.giveback.moodle_zip import NO_NUMBER, names_of, write_moodle_zip
from grader.classroom.records import Enrolled
from tests.given_back import ADA, BOB, SECRET, graded_record, nothing, unreadable
from tests.synthetic import HOSTILE


def participant_of(path: str) -> tuple[int, str] | None:
    """The number and the file's name, as Moodle's `assignfeedback_file` takes them from a path in a zip."""
    parts = path.split("/")
    while parts:
        info = parts.pop(0).split("_", 4)
        if len(info) >= 4 and info[1].isdigit() and info[2:4] == ["assignsubmission", "file"]:
            rest = info[4] if len(info) == 5 else ""
            return int(info[1]), "/".join(filter(None, [rest, *parts]))
    return None


def test_a_participant_has_a_page(tmp_path: Path) -> None:
    names = {"ada": "Ada Lind_5000_assignsubmission_file_", "zoe": "Zoe_7_assignsubmission_file"}
    records = [
        graded_record(),
        nothing(),
        unreadable(Enrolled("zoe")),
        graded_record(Enrolled("x")),
    ]
    handover = write_moodle_zip(records, "Lab 1", tmp_path, names)
    assert (handover.given, dict(handover.left_out)) == (
        2,
        {"nothing handed in": ["bob"], NO_NUMBER: ["x"]},
    )
    with ZipFile(tmp_path / "feedback.zip") as archive:
        found = [participant_of(name) for name in archive.namelist()]
        pages = [archive.read(name).decode() for name in archive.namelist()]
    assert found == [(5000, "feedback.html"), (7, "feedback.html")]
    assert "4 of 7 points" in pages[0]
    assert SECRET not in pages[0]
    assert "ada.zip is no zip." in pages[1]


def test_the_same_feedback_gives_the_same_zip(tmp_path: Path) -> None:
    names = {"ada": "Ada Lind_5000_assignsubmission_file_"}
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        write_moodle_zip([graded_record()], "Lab 1", tmp_path / place, names)
    one, two = ((tmp_path / place / "feedback.zip").read_bytes() for place in ("one", "two"))
    assert one == two


def test_a_plain_number_is_moodles_only_without_a_roster() -> None:
    students = [Enrolled("5000", "Ada Lind"), Enrolled("Participant 5001", "Bob"), ADA]
    assert set(names_of(students, has_roster=True)) == {"Participant 5001"}
    assert set(names_of(students, has_roster=False)) == {"5000", "Participant 5001"}


def test_the_grading_worksheet_tells_the_number() -> None:
    worksheet = (("Identifier", "Participant 5000"), ("Identifier", "5000"))
    students = [replace(ADA, ids=worksheet), replace(BOB, ids=(("ID number", "71"),))]
    assert names_of(students, has_roster=True) == {"ada": "Ada Lind_5000_assignsubmission_file_"}


def test_a_name_that_is_made_up_can_be_read_by_moodle() -> None:
    students = [Enrolled(str(number), text) for number, text in enumerate([*HOSTILE, "A_1_b", ""])]
    for student, name in names_of(students, has_roster=False).items():
        assert participant_of(f"{name}/feedback.html") == (int(student), "feedback.html")
        assert "/" not in name
        assert "\\" not in name

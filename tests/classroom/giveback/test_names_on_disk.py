"""What services call students: read from what was downloaded, matched, and never guessed."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest

from grader.classroom.giveback.names_on_disk import (
    NameOnDisk,
    matched,
    moodle_names,
    nbgrader_names,
    repository_names,
    unsure,
)
from grader.classroom.records import Enrolled
from grader.errors import GiveBackError
from tests.given_back import ADA, BOB

FOLDERS = ["Ada Lind_5000_assignsubmission_file_", "Bob Hope_5001_assignsubmission_onlinetext_"]
EXPECTED = ["Ada Lind_5000_assignsubmission_file_", "Bob Hope_5001_assignsubmission_file_"]


def names(found: list[NameOnDisk]) -> list[str]:
    return [each.name for each in found]


def test_moodles_folders_are_known_in_every_download(tmp_path: Path) -> None:
    for name in FOLDERS:
        (tmp_path / "folders" / "Course-Lab 1-777" / name).mkdir(parents=True)
    (tmp_path / "flat").mkdir()
    for name in FOLDERS:
        (tmp_path / "flat" / f"{name}my_linear.py").touch()
    with ZipFile(tmp_path / "lab.zip", "w") as archive:
        for name in FOLDERS:
            archive.writestr(f"{name}/my_linear.py", "x")
    for download in ("folders", "flat", "lab.zip"):
        assert names(moodle_names(tmp_path / download)) == EXPECTED


def test_a_name_of_moodle_4_has_no_line_at_its_end(tmp_path: Path) -> None:
    (tmp_path / "Ada Lind_5000_assignsubmission_file").mkdir()
    assert names(moodle_names(tmp_path)) == ["Ada Lind_5000_assignsubmission_file"]


def test_both_of_moodles_folders_are_one_participant(tmp_path: Path) -> None:
    for kind in ("file", "onlinetext"):
        (tmp_path / f"Ada Lind_5000_assignsubmission_{kind}_").mkdir()
    assert names(moodle_names(tmp_path)) == EXPECTED[:1]


@pytest.mark.parametrize("kind", ["folder", "file", "nothing"])
def test_what_is_no_download_of_moodles_is_told(tmp_path: Path, kind: str) -> None:
    (tmp_path / "folder" / "ada").mkdir(parents=True)
    (tmp_path / "file").write_text("x")
    with pytest.raises(GiveBackError, match=f"{kind} is n"):
        moodle_names(tmp_path / kind)


def test_names_are_matched_as_grading_matches_them() -> None:
    students = [
        ADA,
        Enrolled("Participant 5001", "Bob Hope"),
        Enrolled("9", "Kim"),
        Enrolled("8", "Kim"),
    ]
    given = [
        NameOnDisk("a", ("5000", "Participant 5000", "Ada Lind")),
        NameOnDisk("b", ("5001", "Participant 5001", "Robert Hope")),
        NameOnDisk("c", ("5002", "Participant 5002", "Kim")),  # of two
        NameOnDisk("d", ("5003", "Participant 5003", "Nobody")),
    ]
    assert matched(given, students) == ({"ada": "a", "Participant 5001": "b"}, {})


def test_two_names_of_one_student_are_told() -> None:
    given = [NameOnDisk("a", ("ada",)), NameOnDisk("b", ("Ada Lind",)), NameOnDisk("c", ("bob",))]
    single, several = matched(given, [ADA, BOB])
    assert (single, several) == ({"bob": "c"}, {"ada": ["a", "b"]})
    assert unsure(several) == ["ada may be a or b: left out, as nothing is guessed."]


def test_nbgraders_students_are_its_folders(tmp_path: Path) -> None:
    for name in ("submitted/ada/lab1", "submitted/bob/lab1", "submitted/.hidden"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "submitted" / "notes.txt").touch()
    assert names(nbgrader_names(tmp_path)) == ["ada", "bob"]
    assert names(nbgrader_names(tmp_path / "submitted")) == ["ada", "bob"]
    with pytest.raises(GiveBackError, match="is no folder"):
        nbgrader_names(tmp_path / "submitted" / "notes.txt")


def clone(folder: Path, settings: str) -> None:
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text(settings)


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/course/lab1-ada.git",
        "https://github.com/course/lab1-ada",
        "https://x-access-token:abc@github.com/course/lab1-ada.git",
        "git@github.com:course/lab1-ada.git",
        "ssh://git@github.com/course/lab1-ada",
    ],
)
def test_a_repository_is_where_its_clone_came_from(tmp_path: Path, address: str) -> None:
    settings = f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {address}\n\tfetch = +x\n'
    clone(tmp_path / "lab1-submissions" / "lab1-ada", settings)
    found = [NameOnDisk("course/lab1-ada", ("lab1-ada",))]
    assert repository_names(tmp_path / "lab1-submissions") == found
    assert repository_names(tmp_path) == found


@pytest.mark.parametrize(
    "settings",
    [
        '[remote "origin"]\nurl = https://github.com/course/lab1-bob',  # somebody else's
        '[remote "origin"]\nurl = https://github.com/course/lab1-ada;id',
        '[remote "origin"]\nurl = https://github.com/-x/lab1-ada',
        '[remote "origin"]\nurl = https://github.com/../lab1-ada',
        '[remote "origin"]\nurl = https://evil.example/course/lab1-ada',
        '[remote "upstream"]\nurl = https://github.com/course/lab1-ada',
        "[remote" * 10_000,
        "",
    ],
)
def test_settings_that_a_student_wrote_lead_nowhere(tmp_path: Path, settings: str) -> None:
    clone(tmp_path / "lab1-ada", settings)
    assert repository_names(tmp_path) == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    clone(tmp_path / "away" / "lab1-ada", '[remote "origin"]\nurl = git@github.com:c/lab1-ada\n')
    (tmp_path / "clones" / "lab1-ada").mkdir(parents=True)
    (tmp_path / "clones" / "lab1-ada" / ".git").symlink_to(tmp_path / "away" / "lab1-ada" / ".git")
    (tmp_path / "clones" / "other").symlink_to(tmp_path / "away" / "lab1-ada")
    assert repository_names(tmp_path / "clones") == []

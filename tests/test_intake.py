"""What each service gives out is read as that service writes it: in a folder, one level up, wrapped, in archives."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grader.classroom.handin.choice import choose, knows
from grader.classroom.handin.contents import holds_work
from grader.classroom.handin.layouts import find_hand_ins
from grader.classroom.handin.read import read_hand_in
from grader.classroom.handin.roster import read_roster
from grader.classroom.handin.unpacking import gathered
from grader.classroom.records import Enrolled
from grader.course.catalog import Course

ADA, BOB = "class MyLinear: ada = 1\n", "class MyLinear: bob = 1\n"
OLD = "class MyLinear: old = 1\n"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
METADATA = """---
submission_1:
  :submitters:
  - :name: Ada Lind
    :sid: '70000'
    :email: ada@example.org
  :created_at: 2026-11-20 12:00:00.0 Z
submission_2:
  :submitters:
  - :name: Bob Østby
    :sid: '80000'
    :email: bob@example.org
  :created_at: 2026-11-20 12:00:00.0 Z
"""
RECEIPT = "Name: {} ({})\nAssignment: Lab_1\nDate Submitted: Friday, November 20, 2026 1:00:00 PM\n"

# service → its files, with the student (by any identifier) whose each is where it counts
SERVICES: dict[str, dict[str, str]] = {
    "gradescope": {
        "assignment_7_export/submission_metadata.yml": METADATA,
        "assignment_7_export/submission_1/my_linear.py": ADA,
        "assignment_7_export/submission_2/src/my_linear.py": BOB,
    },
    "moodle": {
        "Ada Lind_5000_assignsubmission_file_/my_linear.py": ADA,
        "Ada Lind_5000_assignsubmission_onlinetext_/onlinetext.html": "<p>Here it is.</p>",
        "Bob Østby_5001_assignsubmission_file_/my_linear.py": BOB,
    },
    "moodle without folders": {
        "Ada Lind_5000_assignsubmission_file_my_linear.py": ADA,
        "Ada Lind_5000_assignsubmission_file_line_fit.py": "x = 1\n",
        "Ada Lind_5000_assignsubmission_onlinetext_onlinetext.html": "<p>Here it is.</p>",
        "Bob Østby_5001_assignsubmission_file_my_linear.py": BOB,
    },
    "canvas": {
        "lindada_70000_1_my_linear.py": OLD,
        "lindada_70000_12_my_linear-1.py": ADA,
        "østbybob_80000_13_LATE_my_linear-2.py": BOB,
    },
    "blackboard": {
        "Lab_1_a_lind_attempt_2026-11-19-13-00-00_my_linear.py": OLD,
        "Lab_1_a_lind_attempt_2026-11-19-13-00-00.txt": RECEIPT.format("Ada Lind", "a_lind"),
        "Lab_1_a_lind_attempt_2026-11-20-13-00-00_my_linear.py": ADA,
        "Lab_1_a_lind_attempt_2026-11-20-13-00-00.txt": RECEIPT.format("Ada Lind", "a_lind"),
        "Lab_1_bob_attempt_2026-11-20-13-00-00_my_linear.py": BOB,
        "Lab_1_bob_attempt_2026-11-20-13-00-00.txt": RECEIPT.format("Bob Østby", "bob"),
    },
    "brightspace": {
        "index.html": "<html>",
        "12345-67890 - Ada Lind - Nov 19, 2026 130 PM/my_linear.py": OLD,
        "12345-67890 - Ada Lind - Nov 20, 2026 130 PM/my_linear.py": ADA,
        "12346-67890 - Bob Østby - Nov 20, 2026 1159 PM/my_linear.py": BOB,
    },
    "nbgrader": {
        "submitted/a_lind/lab1/my_linear.py": ADA,
        "submitted/a_lind/lab1/timestamp.txt": "2026-11-20 21:00:00.000000 KST\n",
        "submitted/bob/lab1/my_linear.py": BOB,
    },
    "github classroom": {
        "lab-1-submissions/lab-1-a_lind/my_linear.py": ADA,
        "lab-1-submissions/lab-1-bob/my_linear.py": BOB,
    },
    "teams or google": {
        "Ada Lind/my_linear.py": ADA,
        "Bob Østby/my_linear.py": BOB,
    },
}
ROSTER = [
    Enrolled("1", "Lind, Ada", "ada@example.org", login="a_lind"),
    Enrolled("2", "Bob Østby", "bob@example.org", login="bob"),
    Enrolled("3", "Cy Absent"),
]
JUNK = {"__MACOSX/._x": "x", ".DS_Store": "x", "Thumbs.db": "x"}


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in (files | JUNK).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def zipped(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (files | JUNK).items():
            archive.writestr(name, text)
    return path


def tarred(path: Path, files: dict[str, str]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in (files | JUNK).items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def below(files: dict[str, str], folder: str) -> dict[str, str]:
    return {f"{folder}/{name}": text for name, text in files.items()}


def zip_in_folder(path: Path, files: dict[str, str]) -> Path:
    path.mkdir()
    zipped(path / "download.zip", files)
    return path


WAYS: dict[str, Callable[[Path, dict[str, str]], Path]] = {
    "folder": lambda path, files: written(path / "x", files),
    "wrapped": lambda path, files: written(path / "x", below(files, "x/x")),
    "zip": lambda path, files: zipped(path / "submissions.zip", files),
    "zip of a wrapped folder": lambda path, files: zipped(path / "s.zip", below(files, "s")),
    "folder with a zip": lambda path, files: zip_in_folder(path / "x", files),
    "tar.gz": lambda path, files: tarred(path / "submissions.tar.gz", files),
    "tgz": lambda path, files: tarred(path / "submissions.tgz", files),
}


def taken_in(where: Path, course: Course, roster: list[Enrolled]) -> dict[str, str]:
    """Student → the source text that counts."""
    with gathered(where, course.names, knows(roster)) as there:
        hand_ins = find_hand_ins(there.folder, course.names, knows(roster))
        chosen, new = choose(
            hand_ins, roster, lambda each: holds_work(each, course, course.names, None)
        )
        assert there.left_out == ()
        texts = {}
        for student, mine in chosen.items():
            submitted = read_hand_in(mine.hand_in, course, course.names)
            assert not submitted.problem
            texts[student] = submitted.sources["my_linear"].text
    assert bool(new) != bool(roster)
    return texts


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_read_whatever_is_around_it(
    tmp_path: Path, course: Course, service: str, way: str
) -> None:
    where = WAYS[way](tmp_path, SERVICES[service])
    roster = [*ROSTER]
    if (
        service == "canvas"
    ):  # without mail addresses, the names of Canvas' files are told by its own numbers
        roster = [Enrolled("70000", "Ada Lind"), Enrolled("80000", "Bob Østby")]
    first, second = (each.id for each in roster[:2])
    assert taken_in(where, course, roster) == {first: ADA, second: BOB}
    # without a roster, everybody is somebody, too
    assert sorted(taken_in(where, course, []).values()) == [ADA, BOB]


def test_times_are_the_services(tmp_path: Path, course: Course) -> None:
    local = datetime(2026, 11, 20, 13).astimezone()
    wanted = {
        "gradescope": NOON,
        "nbgrader": NOON,
        "blackboard": local,
        "brightspace": local + timedelta(minutes=30),
    }
    for service, when in wanted.items():
        folder = written(tmp_path / service, SERVICES[service])
        chosen, _ = choose(find_hand_ins(folder, course.names), ROSTER)
        assert chosen["1"].hand_in.when == when, service


def test_two_attempts_are_one_student_and_the_last_counts(tmp_path: Path, course: Course) -> None:
    for service in ("blackboard", "brightspace"):
        folder = written(tmp_path / service, SERVICES[service])
        chosen, _ = choose(find_hand_ins(folder, course.names), ROSTER)
        [note] = chosen["1"].notes
        assert "counts; there is also" in note
        assert "20" in note.partition(" counts")[0]
    folder = written(tmp_path / "canvas", SERVICES["canvas"])
    ada = next(each for each in find_hand_ins(folder, course.names) if each.aliases[0] == "70000")
    submitted = read_hand_in(ada, course, course.names)
    assert submitted.notes == (
        "my_linear: my_linear.py was graded; there is also earlier/lindada_70000_1_my_linear.py/my_linear.py.",
    )


def test_a_lone_student_is_no_class(tmp_path: Path, course: Course) -> None:
    """Work that is graded from a folder of its own stays that student's, also as a zip."""
    ada = {"ada/lab/my_linear.py": ADA, "ada/lab/README.md": "x"}
    assert taken_in(written(tmp_path / "late", ada), course, []) == {"ada": ADA}
    several = {"ada/new/my_linear.py": ADA, "ada/old/my_linear.py": OLD}
    roster = [Enrolled("7", login="ada")]
    assert list(taken_in(written(tmp_path / "known", several), course, roster)) == ["7"]
    folder = tmp_path / "zip"
    folder.mkdir()
    zipped(folder / "ada.zip", {"my_linear.py": ADA})
    assert taken_in(folder, course, []) == {"ada": ADA}
    zipped(folder / "ada.zip", {"work/my_linear.py": ADA, "work/helper.py": ""})
    assert taken_in(folder, course, []) == {"ada": ADA}


# service → the list of its class, as it writes it
ROSTERS = {
    "gradescope": (
        "First Name,Last Name,SID,Email,Section\nAda,Lind,70000,ada@example.org,A\nBob,Østby,80000,bob@example.org,A\n"
    ),
    "moodle": (
        "Identifier,Full name,Email address,Status,Grade\n"
        "Participant 5000,Ada Lind,ada@example.org,Submitted,\nParticipant 5001,Bob Østby,bob@example.org,Submitted,\n"
    ),
    "moodle without folders": (
        "First name,Last name,ID number,Email address\nAda,Lind,20260001,ada@example.org\nBob,Østby,20260002,b@x.org\n"
    ),
    "canvas": (
        "Student,ID,SIS User ID,SIS Login ID,Section,Lab 1 (4711)\n    Points Possible,,,,,10\n"
        '"Lind, Ada",70000,20260000,ada,A,\n"Østby, Bob",80000,20260001,bob,A,\n"Student, Test",79999,,x1,A,\n'
    ),
    "blackboard": (
        "Last Name,First Name,Username,Student ID\nLind,Ada,a_lind,20260000\nØstby,Bob,bob,20260001\n"
    ),
    "brightspace": (
        "OrgDefinedId,Username,Last Name,First Name,Email,End-of-Line Indicator\n"
        "#20260000,#a_lind,Lind,Ada,ada@example.org,#\n#20260001,#bob,Østby,Bob,bob@example.org,#\n"
    ),
}


@pytest.mark.parametrize("service", ROSTERS)
def test_a_services_own_list_of_the_class_meets_its_hand_ins(
    tmp_path: Path, course: Course, service: str
) -> None:
    (tmp_path / "roster.csv").write_text(ROSTERS[service], encoding="utf-8")
    roster = [entry.student for entry in read_roster(tmp_path / "roster.csv")]
    texts = taken_in(written(tmp_path / "x", SERVICES[service]), course, roster)
    names = {student.id: student.name for student in roster}
    by_family = {"Lind" if "Lind" in names[who] else "Østby": text for who, text in texts.items()}
    assert by_family == {"Lind": ADA, "Østby": BOB}

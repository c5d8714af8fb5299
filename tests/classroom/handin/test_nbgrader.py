"""nbgrader's folder: one assignment of it is graded with its own time."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from grader.classroom.handin.layouts import find_hand_ins
from grader.classroom.handin.nbgrader import collected_hand_ins, is_collected
from grader.errors import LayoutError
from tests.hand_ins import NOON, RIGHT, write

EARLY, LATE = "2026-11-20 12:00:00.000000 UTC\n", "2026-11-25 12:00:00 UTC\n"
TWO = {
    "ada/lab1/my_linear.py": RIGHT,
    "ada/lab1/timestamp.txt": EARLY,
    "ada/lab2/my_linear.py": RIGHT,
    "ada/lab2/timestamp.txt": LATE,
    "bob/lab2/my_linear.py": RIGHT,
    "bob/lab2/timestamp.txt": LATE,
}


def found(folder: Path, collected: str = "") -> Mapping[str, tuple[str, bool]]:
    """Student → the folder, and whether the time is noon's."""
    return {
        each.aliases[0]: (each.path.relative_to(folder).as_posix(), each.when == NOON)
        for each in collected_hand_ins(folder, ["my_linear"], collected)
    }


def test_several_assignments_are_asked_for(tmp_path: Path) -> None:
    folder = write(tmp_path / "submitted", TWO)
    with pytest.raises(
        LayoutError, match=r"2 assignments of nbgrader's: lab1, lab2; say which.*--collected lab1"
    ):
        found(folder)
    assert found(folder, "lab1") == {"ada": ("ada/lab1", True)}  # Bob has handed in nothing
    assert found(folder, "lab2") == {"ada": ("ada/lab2", False), "bob": ("bob/lab2", False)}
    with pytest.raises(LayoutError, match="none is called 'lab3'"):
        found(folder, "lab3")
    # the course's folder, the same under another name, and from there on
    for where in (tmp_path, folder.rename(tmp_path / "submitted 2")):
        with pytest.raises(LayoutError, match="--collected lab1"):
            find_hand_ins(where, ["my_linear"])
        assert len(find_hand_ins(where, ["my_linear"], collected="lab2")) == 2


def test_one_assignment_is_taken(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "submitted", {"ada/lab1/x": "", "bob/lab1/exercises/my_linear.py": ""}
    )
    assert (
        found(folder)
        == found(folder, "lab1")
        == {"ada": ("ada/lab1", False), "bob": ("bob/lab1", False)}
    )


def test_files_without_an_assignments_folder_are_told(tmp_path: Path) -> None:
    folder = write(tmp_path / "submitted", TWO | {"cy/my_linear.py": RIGHT, "dan/.empty": ""})
    hand_ins = [*collected_hand_ins(folder, ["my_linear"], "lab1")]
    assert [each.path.name for each in hand_ins] == ["lab1", "cy"]
    assert hand_ins[1].notes == ("It lies in no assignment's folder, and was taken for lab1.",)


def test_a_students_own_time_stamp_makes_no_class_nbgraders(tmp_path: Path) -> None:
    write(tmp_path, {"ada/my_linear.py": "", "bob/my_linear.py": "", "eve/x/timestamp.txt": EARLY})
    assert not is_collected(tmp_path, ["my_linear"])
    assert len(find_hand_ins(tmp_path, ["my_linear"])) == 3
    with pytest.raises(LayoutError, match=r"is not nbgrader's\. Leave it out"):
        find_hand_ins(tmp_path, ["my_linear"], collected="x")


def test_an_unknown_zone_is_told(tmp_path: Path) -> None:
    folder = write(tmp_path / "submitted", {"ada/lab1/timestamp.txt": "2026-11-20 12:00:00 XYZ"})
    [ada] = collected_hand_ins(folder, ["my_linear"], "")
    assert ada.when is None
    assert re.match("It is not known when it was handed in", ada.notes[0])


def test_a_link_in_place_of_an_assignment_is_not_followed(tmp_path: Path) -> None:
    folder = write(tmp_path / "submitted", {"ada/lab1/x": "", "bob/y": ""})
    (folder / "bob" / "y").unlink()
    (folder / "bob" / "lab1").symlink_to(folder / "ada" / "lab1")
    assert [each.path.is_symlink() for each in collected_hand_ins(folder, ["x"], "lab1")] == [
        False,
        True,
    ]


def test_times_that_a_student_wrote(tmp_path: Path) -> None:
    """Whatever stands in `timestamp.txt`, it is a time or none, and stops nobody."""
    times = {
        "plain": ("2026-11-20 12:00:00", NOON),
        "zone": ("2026-11-20 21:00:00 Asia/Seoul", NOON),
        "folder": ("2026-11-20 12:00:00 Europe", None),
        "outside": ("2026-11-20 12:00:00 ../../../etc/passwd", None),
        "nowhere": ("2026-11-20 12:00:00 Mars/Base", None),
        "before": ("0001-01-01 00:00:00 Asia/Seoul", None),
        "never": ("9999-99-99 00:00:00", None),
        "much": ("2026-11-20 12:00:00" + " " * 300 + "UTC", NOON),
        "empty": ("", None),
        "bytes": ("\udcff", None),
    }
    for name, (text, _) in times.items():
        path = tmp_path / "submitted" / name / "timestamp.txt"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    (tmp_path / "submitted" / "pipe").mkdir()
    os.mkfifo(tmp_path / "submitted" / "pipe" / "timestamp.txt")
    found = {hand_in.aliases[0]: hand_in.when for hand_in in find_hand_ins(tmp_path, ["my_linear"])}
    assert found == {name: when for name, (_, when) in times.items()} | {"pipe": None}

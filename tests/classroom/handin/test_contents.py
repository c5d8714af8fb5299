"""Which exercises are in what was handed in."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.classroom.handin.contents import exercises_in, holds_work
from grader.classroom.handin.hand_in import HandIn
from grader.course.catalog import Course
from grader.errors import LayoutError
from tests.hand_ins import RIGHT, committed, write


def test_the_exercises_of_all_are_found_and_a_broken_hand_in_stops_nobody(
    tmp_path: Path, course: Course
) -> None:
    write(tmp_path, {"ada/my_linear.py": RIGHT, "bob/line_fit.py": "x", "eve/notes.txt": "x"})
    hand_ins = [HandIn((name,), tmp_path / name) for name in ("ada", "bob", "eve", "gone")]
    assert {*exercises_in(hand_ins, course, None)} == {"my_linear", "line_fit"}
    with pytest.raises(LayoutError, match="None of the 2 submissions holds an exercise"):
        exercises_in(hand_ins[2:], course, None)


def test_work_is_an_exercise_and_not_a_template(tmp_path: Path, course: Course) -> None:
    write(tmp_path, {"ada/my_linear.py": RIGHT, "eve/notes.txt": "x"})
    committed(tmp_path / "cy", course["my_linear"].stub.read_text(encoding="utf-8"))
    wanted = {"ada": True, "eve": False, "gone": False, "cy": False}
    for name, holds in wanted.items():
        assert holds_work(HandIn((name,), tmp_path / name), course, course.names, None) == holds
    assert not holds_work(HandIn(("ada",), tmp_path / "ada"), course, ["line_fit"], None)

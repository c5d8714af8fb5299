"""Gradescope's export, whatever stands in it."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.classroom.handin.gradescope import METADATA, exported
from grader.classroom.handin.layouts import find_hand_ins
from grader.course.catalog import Course
from grader.errors import LayoutError
from tests.hand_ins import NOON, RIGHT, write


def test_gradescope(tmp_path: Path, course: Course) -> None:
    folder = write(
        tmp_path / "export",
        {
            "submission_1/my_linear.py": RIGHT,
            "submission_2/my_linear.py": RIGHT,
            "submission_metadata.yml": """---
submission_1:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0042'
    :email: ada@example.org
  - :name: Bob
    :sid:
    :email: bob@example.org
  :created_at: 2026-11-20 12:00:00.123456000 Z
  :score: 3.0
../../etc:
  :submitters:
  - :name: Eve
""",
        },
    )
    found = find_hand_ins(folder, course.names)
    assert [hand_in.aliases[0] for hand_in in found] == ["0042", "bob@example.org"]
    assert found[0].when == NOON + timedelta(microseconds=123456)
    assert found[0].path == folder / "submission_1"
    (folder / "submission_metadata.yml").write_text("!!python/object/apply:os.system [true]")
    with pytest.raises(LayoutError, match="cannot be read as YAML"):
        find_hand_ins(folder, course.names)


def bomb(row: str) -> str:
    """Nine rows of YAML, each of which names the one before it nine times."""
    rows = ["a0: &a0 {x: 1}"]
    rows += [f"a{n}: &a{n} " + row.format(", ".join([f"*a{n - 1}"] * 9)) for n in range(1, 30)]
    return "\n".join(rows) + "\n"


def test_an_export_that_stands_for_billions_of_entries(tmp_path: Path) -> None:
    file = tmp_path / "submission_metadata.yml"
    eve = "eve:\n  :submitters:\n  - :name: *a29\n    :sid: *a29\n    :email: e@example.org\n"
    file.write_text(bomb("[{}]") + eve)
    [found] = find_hand_ins(tmp_path, ["my_linear"])
    assert found.aliases == ("e@example.org", "eve")  # a list is nobody's name
    file.write_text(bomb("{{<<: [{}]}}") + eve)
    with pytest.raises(LayoutError, match="cannot be read as YAML"):
        find_hand_ins(tmp_path, ["my_linear"])


@pytest.mark.parametrize("number", ["0x" + "f" * 5000, ".inf", ".nan", "0"])
def test_a_number_that_is_no_students(tmp_path: Path, number: str) -> None:
    text = f"eve:\n  :submitters:\n  - :sid: {number}\n    :email: e@example.org\n"
    (tmp_path / "submission_metadata.yml").write_text(text)
    [found] = find_hand_ins(tmp_path, ["my_linear"])
    assert found.aliases == ("e@example.org", "eve")


@settings(max_examples=60, deadline=None)
@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "replace")))
@example(b"a: 2026-99-99")
@example(b"a: !!bool x")
@example(b"a: !!timestamp x")
@example(b"[" * 5000)
@example(b"..:\n  :submitters:\n  - :name: Eve\n")
@example(b"'':\n  :submitters:\n  - :name: Eve\n")
@example(b"a:\n  :submitters: [1, {':sid': 2, ':name': [3]}, {}]\n")
def test_any_export_is_a_class_or_told(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("export")
    (folder / "submission_metadata.yml").write_bytes(data)
    with suppress(LayoutError):
        for hand_in in find_hand_ins(folder, ["my_linear"]):
            assert hand_in.path.parent == folder
            assert hand_in.path.name not in ("", "..")
            assert all(isinstance(alias, str) and alias for alias in hand_in.aliases)


def test_each_of_a_group_has_handed_it_in(tmp_path: Path) -> None:
    people = "".join(f"  - :name: {name}\n    :sid: {name}-1\n" for name in ("ada", "bob"))
    (tmp_path / METADATA).write_text(f"submission_9:\n  :submitters:\n{people}")
    ada, bob = exported(tmp_path)
    assert (ada.aliases[0], bob.aliases[0]) == ("ada-1", "bob-1")
    assert ada.path == bob.path == tmp_path / "submission_9"

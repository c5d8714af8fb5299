"""One reader of TOML: the same fault is told in the same sentence, whosever file it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.authoring.equivalents import read_equivalent_behaviours
from grader.classroom.totals.scheme_file import read_scheme
from grader.course.assignment_file import read_assignment
from grader.course.catalog import load_course
from grader.course.toml_file import load_toml, read_toml
from grader.errors import AssignmentError, InputError
from grader.practice.workspace import Workspace

BOM = b"\xef\xbb\xbf"
FAULTS = [
    (b"title = ", "is not TOML: "),
    (b"x = 1\ny = '\xff'\n", "is not TOML: line 2 is not UTF-8 text. Save it as UTF-8."),
    (b"x = " + b"[" * 3000, "is not TOML: "),
    (b"#" * ((1 << 20) + 1), "is larger than 1 MiB"),
    (None, "cannot be read: No such file or directory."),
]


def read_course(path: Path) -> object:
    if path.exists():
        path.rename(path.with_name("course.toml"))
    return load_course(path.parent)


def a_course(folder: Path) -> Path:
    (folder / "checks").mkdir(parents=True)
    (folder / "checks" / "double.py").write_text("")
    return folder


@pytest.mark.parametrize(("data", "told"), FAULTS)
@pytest.mark.parametrize("read", [read_assignment, read_scheme, read_course])
def test_the_same_sentence(
    tmp_path: Path, read: Callable[[Path], object], data: bytes | None, told: str
) -> None:
    file = tmp_path / "settings.toml"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(InputError) as caught:
        read(file)
    sentence = str(caught.value)
    assert sentence.startswith(str(tmp_path))
    assert f".toml {told}" in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_a_byte_order_mark_is_passed_over_by_all(tmp_path: Path) -> None:
    file = tmp_path / "assignment.toml"
    file.write_bytes(BOM + b'hints = false\n[[exercise]]\nname = "double"\n')
    assert read_assignment(file).hints is False
    folder = a_course(tmp_path / "course")
    (folder / "course.toml").write_bytes(BOM + b'title = "Mine"\n')
    course = load_course(folder)
    assert course.title == "Mine"
    assert not Workspace(tmp_path, course).hints_allowed()
    (tmp_path / "term.toml").write_bytes(BOM + b'[[assignment]]\ngradebook = "a.db"\n')
    assert len(read_scheme(tmp_path / "term.toml").books) == 1
    place = folder / "tests" / "submissions"
    place.mkdir(parents=True)
    (place / "equivalent.toml").write_bytes(BOM + b"behaviour = []\n")
    assert read_equivalent_behaviours(course) == ()


def test_what_is_raised_is_the_callers_and_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AssignmentError, match=r"directory\. Ask for it\.$"):
        read_toml(tmp_path / "none.toml", AssignmentError, "Ask for it.")


def test_for_who_has_a_sentence_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("a = 1\n")
    assert load_toml(file) == {"a": 1}
    file.write_text("a = \n")
    with pytest.raises(ValueError, match=r"^not TOML: "):
        load_toml(file)
    with pytest.raises(FileNotFoundError):
        load_toml(tmp_path / "none.toml")

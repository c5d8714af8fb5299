"""What lies in a folder of submissions: who handed in what, by the layouts of the common tools."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.classroom.handin.choice import choose
from grader.classroom.handin.layouts import find_hand_ins
from grader.classroom.handin.read import (
    read_hand_in,
)
from grader.classroom.records import Enrolled
from grader.course.catalog import Course
from grader.errors import LayoutError
from tests.hand_ins import NOON, RIGHT, read, write, zipped


def aliases(folder: Path, *exercises: str) -> dict[str, Path]:
    found = find_hand_ins(folder, exercises or ("my_linear", "line_fit"))
    return {hand_in.aliases[0]: hand_in.path for hand_in in found}


def test_github_classroom_and_classroom_50(tmp_path: Path) -> None:
    write(tmp_path / "a" / "lab-1-submissions", {"lab-1-ada/x": "", "lab-1-bob-b/x": ""})
    assert set(aliases(tmp_path / "a")) == {"ada", "bob-b"}
    assert set(aliases(tmp_path / "a" / "lab-1-submissions")) == {"ada", "bob-b"}
    stamp = "cs1-lab_submissions_2026_11_20_T_23_59_59"
    write(tmp_path / "b" / stamp, {"cs1-lab-ada/x": "", "cs1-lab-bob/x": "", "scores.csv": "x"})
    assert set(aliases(tmp_path / "b" / stamp)) == {"ada", "bob"}


def test_canvas(tmp_path: Path, course: Course) -> None:
    folder = write(
        tmp_path,
        {
            "lovelaceada_11_101_my_linear-1.py": RIGHT,
            "lovelaceada_11_102_line_fit.ipynb": "{}",
            "bobb_LATE_12_103_my_linear.py": RIGHT,
        },
    )
    bob, ada = sorted(find_hand_ins(folder, course.names), key=lambda hand_in: hand_in.aliases[1])
    assert bob.aliases == ("12", "bobb")
    assert bob.late
    assert set(ada.files) == {"my_linear.py", "line_fit.ipynb"}
    assert read_hand_in(ada, course, course.names).sources["my_linear"].text == RIGHT


def test_nbgrader_and_moodle(tmp_path: Path, course: Course) -> None:
    write(
        tmp_path / "nb",
        {
            "submitted/ada/ps1/my_linear.py": RIGHT,
            "submitted/ada/ps1/timestamp.txt": "2026-11-20 13:00:00.000000 Europe/Berlin\n",
            "submitted/bob/ps1/my_linear.py": RIGHT,
            "submitted/bob/ps1/timestamp.txt": "not a time",
        },
    )
    ada, bob = find_hand_ins(tmp_path / "nb", course.names)
    assert (ada.aliases, ada.when, bob.when) == (("ada",), NOON, None)
    assert read(ada.path).sources
    write(tmp_path / "m", {"Ada Lovelace_77_assignsubmission_file_/my_linear.py": RIGHT})
    [ada] = find_hand_ins(tmp_path / "m", course.names)
    assert ada.aliases == ("77", "Participant 77", "Ada Lovelace")


def test_plain_files_and_folders(tmp_path: Path, course: Course) -> None:
    write(tmp_path, {"ada/x": "", "bob_my_linear.py": "", "my_linear-cy.py": "", "dan.py": ""})
    zipped(tmp_path / "eve.zip", {})
    # what cannot be told apart is told, and not passed over
    assert set(aliases(tmp_path)) == {"ada", "bob", "cy", "dan", "eve"}
    (tmp_path / "fay.tar.gz").write_bytes(b"x")
    (tmp_path / "gus").symlink_to("/etc")
    write(tmp_path, {"my_linear.py": "the stub, say", "scores.csv": "x"})
    told = {}
    for hand_in in find_hand_ins(tmp_path, ["my_linear", "line_fit"]):
        told[hand_in.aliases[0]] = read_hand_in(hand_in, course, course.names).problem
    assert set(told) == {"ada", "bob", "cy", "dan", "eve", "fay", "gus"}
    assert "found dan.py" in told["dan"]
    assert "not a zip" in told["fay"]
    assert "symbolic link" in told["gus"]
    (tmp_path / "fay.tar.gz").unlink()
    (tmp_path / "gus").unlink()
    (tmp_path / "my_linear.py").unlink()
    others = {"ada", "bob_my_linear", "my_linear-cy", "dan", "eve"}
    assert set(aliases(tmp_path, "line_fit")) == others


@pytest.mark.parametrize("name", ["nothing", "file", "empty"])
def test_no_folder_of_submissions(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    with pytest.raises(LayoutError, match="per student"):
        find_hand_ins(tmp_path / name, ["my_linear"])


FILE_NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)
SHAPES = st.sampled_from(
    [
        "{}",
        "{}.py",
        "{}.zip",
        "{}_my_linear.py",
        "{}_1_2_my_linear.py",
        "{}_1_assignsubmission_file_",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(SHAPES, FILE_NAMES), max_size=4))
def test_any_names_on_disk_are_hand_ins_or_told(
    tmp_path_factory: pytest.TempPathFactory, names: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("class")
    for shape, name in names:
        with suppress(OSError):  # a name that this file system does not have
            path = folder / shape.format(name)
            path.write_text("") if path.suffix in (".py", ".zip") else path.mkdir()
    with suppress(LayoutError):
        for hand_in in find_hand_ins(folder, ["my_linear", "line_fit"]):
            assert hand_in.aliases
            paths = hand_in.files.values() or [hand_in.path]
            assert all(path.parent == folder for path in paths)
            assert set(hand_in.files) <= {"my_linear.py"} or "_" in next(iter(paths)).name


def test_a_file_that_cannot_be_listed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_folder: Path) -> None:
        raise PermissionError(13, "Permission denied", "here")

    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(LayoutError, match=r"here cannot be read: Permission denied\."):
        find_hand_ins(tmp_path, ["my_linear"])


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("ada_my_linear.py", "my_linear.py"),
        ("Ada - my_linear.py", "my_linear.py"),
        ("ada_MyLinear.py", "MyLinear.py"),
        ("ada_my_linear.PY", "my_linear.PY"),
        ("ada-my linear.py.txt", "my linear.py.txt"),
        ("ada_my_linear.zip", "my_linear.zip"),
    ],
)
def test_a_name_that_is_nearly_right_is_a_students(tmp_path: Path, name: str, file: str) -> None:
    write(tmp_path, {name: RIGHT, "my_linear_scores.csv": "x", "README.md": "x"})
    [ada] = find_hand_ins(tmp_path, ["my_linear", "line_fit"])
    assert ada.aliases[0].casefold() == "ada"
    assert ada.files == {file: tmp_path / name}


@pytest.mark.parametrize("suffix", [".py", " (1).py", ".ipynb", ".zip"])
def test_an_exercises_own_name_is_no_students(tmp_path: Path, suffix: str) -> None:
    write(
        tmp_path,
        {f"bug_hunt_2{suffix}": RIGHT, "bug_hunt 2.py": RIGHT, "ada_bug_hunt_2.py": RIGHT},
    )
    names = {each.aliases[0] for each in find_hand_ins(tmp_path, ["bug_hunt", "bug_hunt_2"])}
    assert "2" not in names
    assert "ada" in names


def test_suffixes_in_capitals_are_hand_ins(tmp_path: Path) -> None:
    write(tmp_path, {"ada.ZIP": "", "bob.PY": "", "cy.TAR.GZ": ""})
    assert [each.aliases[0] for each in find_hand_ins(tmp_path, ["my_linear", "line_fit"])] == [
        "ada",
        "bob",
        "cy",
    ]


def test_names_from_macos_are_composed(tmp_path: Path) -> None:
    write(
        tmp_path, {"Jose\u0301/my_linear.py": RIGHT, "Bo\u0308b_5_assignsubmission_file_/x.py": ""}
    )
    assert {each.aliases[-1] for each in find_hand_ins(tmp_path, ["my_linear"])} == {"José", "Böb"}


def test_blackboards_receipt_alone_is_a_hand_in_without_an_exercise(
    tmp_path: Path, course: Course
) -> None:
    write(tmp_path, {"Lab_ada_attempt_2026-11-20-13-00-00.txt": "Name: Ada (ada)\n"})
    [ada] = find_hand_ins(tmp_path, course.names)
    assert (ada.aliases, ada.name) == (("ada", "Ada"), "Ada")
    assert "found receipt.txt" in read_hand_in(ada, course, course.names).problem


def test_blackboards_login_with_an_underline_is_that_of_the_list(tmp_path: Path) -> None:
    write(tmp_path, {"HW_1_kim_b_attempt_2026-11-20-13-00-00_my_linear.py": ""})
    [one] = find_hand_ins(tmp_path, ["my_linear"])
    kim, other = Enrolled("1", login="kim_b"), Enrolled("2", login="b")
    assert list(choose([one], [other, kim])[0]) == ["1"]
    assert list(choose([one], [])[0]) == ["b"]

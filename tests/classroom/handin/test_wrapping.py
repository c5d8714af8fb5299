"""What lies around submissions is seen through, and one student's work is not taken for a class."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.classroom.handin.hand_in import nobody
from grader.classroom.handin.wrapping import (
    is_class,
    is_visible,
    listed,
    prefix_of,
    unwrapped,
    visible,
)
from grader.errors import LayoutError
from tests.hand_ins import write, zipped

EXERCISES = ["my_linear", "line_fit"]
TWO = {"ada/my_linear.py": "", "bob/x/line_fit.ipynb": ""}


def at(folder: Path, known: object = nobody) -> str:
    """Where the submissions in it lie, from there."""
    return unwrapped(folder, EXERCISES, known).relative_to(folder).as_posix()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("files", "place"),
    [
        (TWO, "."),
        ({f"x/{name}": "" for name in TWO}, "x"),
        ({f"x/x/{name}": "" for name in TWO}, "x/x"),
        ({"x/__MACOSX/y": "", "x/.DS_Store": "", **{f"x/x/{name}": "" for name in TWO}}, "x/x"),
        ({"Submitted files/Ada/x": "", "Working files/Ada/x": ""}, "Submitted files"),
        ({"submitted/ada/lab1/x": "", "gradebook.db": ""}, "submitted"),
        ({"x/submitted/ada/lab1/x": ""}, "x/submitted"),
        ({"assignment_1_export/submission_metadata.yml": "", "notes.txt": ""}, "assignment_1_export"),
        ({"x/assignment_1_export/submission_metadata.yml": ""}, "x/assignment_1_export"),
        ({"x/lab-submissions/lab-ada/README.md": ""}, "x/lab-submissions"),
        ({"x/Ada_1_assignsubmission_file_/y": ""}, "x"),
        ({"x/lindada_1_2_y.py": ""}, "x"),
        ({"x/ada.zip": "", "x/bob.zip": ""}, "x"),
        ({**{f"x/{name}": "" for name in TWO}, "roster.csv": "", "README.txt": ""}, "x"),
        ({"x/ada/.git/HEAD": "", "x/bob/.git/HEAD": ""}, "x"),
        # one student's
        ({"ada/my_linear.py": "", "ada/old/my_linear.py": ""}, "."),
        ({"ada/My_Linear.py": "", "ada/a/line_fit.py": "", "ada/b/line_fit.py": ""}, "."),
        ({"ada/exercises/my_linear.py": "", "ada/x/my_linear.py": ""}, "."),
        ({"ada/.git/HEAD": "", "ada/a/line_fit.py": "", "ada/b/line_fit.py": ""}, "."),
        ({"ada/notes/a.txt": "", "ada/lab/my_linear.py": ""}, "."),
        ({"Ada_1_assignsubmission_file_/a/line_fit.py": "", "Ada_1_assignsubmission_file_/b/line_fit.py": ""}, "."),
    ],
)  # fmt: skip
def test_where_submissions_lie(tmp_path: Path, files: dict[str, str], place: str) -> None:
    assert at(write(tmp_path, files)) == place


def test_who_is_known_decides(tmp_path: Path) -> None:
    write(tmp_path / "a", {"ada/new/my_linear.py": "", "ada/old/my_linear.py": ""})
    assert at(tmp_path / "a") == "ada"
    assert at(tmp_path / "a", lambda aliases: "ada" in aliases) == "."
    write(tmp_path / "b", {"lab/ada/notes.txt": "", "lab/bob/notes.txt": ""})
    assert at(tmp_path / "b") == "."
    assert at(tmp_path / "b", lambda aliases: "ada" in aliases) == "lab"


def test_several_exports_are_asked_for(tmp_path: Path) -> None:
    write(tmp_path, {f"assignment_{n}_export/submission_metadata.yml": "" for n in (1, 2)})
    with pytest.raises(
        LayoutError, match=r"several exports: assignment_1_export, assignment_2_export\."
    ):
        unwrapped(tmp_path, EXERCISES, nobody)


@pytest.mark.parametrize(
    "inner",
    [
        "Ada Lind_5_assignsubmission_file_/my_linear.py",
        "lindada_70000_1_my_linear-1.py",
        "assignment_1_export/submission_metadata.yml",
        "Lab 1 Download/12-34 - Ada Lind - Nov 20, 2026 130 PM/my_linear.py",
        "Lab_ada_attempt_2026-11-20-13-00-00_my_linear.py",
    ],
)
def test_a_services_zips_side_by_side_are_no_students(tmp_path: Path, inner: str) -> None:
    folder = write(tmp_path / "both", {"Lab/" + inner: "", "roster.csv": ""})
    zipped(folder / "Lab (1).zip", {inner: ""})
    with pytest.raises(LayoutError, match=r"one beside another: Lab, Lab \(1\)\.zip\. Give one"):
        unwrapped(folder, EXERCISES, nobody)
    own = write(tmp_path / "own", {"ada/run_1_2_results.py": "", "ada/my_linear.py": ""})
    zipped(own / "bob.zip", {"run_1_2_results.py": "", "my_linear.py": ""})
    assert unwrapped(own, EXERCISES, nobody) == own
    assert unwrapped(folder, EXERCISES, lambda names: "Lab" in names) == folder


def test_a_lone_archive_is_named_and_a_link_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "a", {"download.zip": "", ".DS_Store": ""})
    assert at(tmp_path / "a") == "download.zip"
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x").symlink_to(write(tmp_path / "c", TWO))
    assert at(tmp_path / "b") == "."


def test_what_systems_leave_is_no_submission(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"b": "", "a": "", ".git/x": "", "__MACOSX/x": "", "index.html": "", "Thumbs.db": ""},
    )
    assert [path.name for path in visible(tmp_path)] == ["a", "b"]
    assert is_visible("indexes.html")


def test_paths_come_from_the_top_and_not_from_too_deep(tmp_path: Path) -> None:
    write(tmp_path, {"a/b/c/d": "", "z": "", "a/.git/x": ""})
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    assert [*listed(tmp_path)] == ["a/", "z", "a/.git/", "a/b/", "a/up", "a/b/c/", "a/b/c/d"]


def test_the_prefix_of_repositories() -> None:
    assert prefix_of(Path("/x/lab-1-submissions")) == "lab-1-"
    assert prefix_of(Path("/x/cs1-lab_submissions_2026_11_20_T_23_59_59")) == "cs1-lab-"
    assert prefix_of(Path("/x/submissions")) == ""


def test_an_archive_is_judged_by_the_names_in_it() -> None:
    assert is_class("download.zip", TWO, EXERCISES, nobody)
    assert is_class("download.zip", [f"download/{name}" for name in TWO], EXERCISES, nobody)
    assert not is_class("ada.zip", TWO, EXERCISES, lambda aliases: "ada" in aliases)
    assert not is_class("lindada_1_2_work.zip", TWO, EXERCISES, nobody)
    assert not is_class("ada.zip", ["my_linear.py"], EXERCISES, nobody)
    assert not is_class("ada.zip", [], EXERCISES, nobody)


def test_a_folder_is_looked_at_so_deep_and_no_deeper(tmp_path: Path) -> None:
    write(tmp_path, {"1/2/3/4/5/6/7": ""})
    assert max(path.count("/") for path in listed(tmp_path)) == 5

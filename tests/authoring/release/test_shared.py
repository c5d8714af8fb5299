"""What every release shares: the grader and the course that go along, and what is never overwritten."""

from __future__ import annotations

import re
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError

from grader.authoring.release.shared import (
    ACTIONS,
    assignment_text,
    code_given_away,
    copied,
    fill,
    fresh_folder,
    pinned_grader,
    toml_text,
    write_stub,
    written,
)
from grader.course.assignment import AssignedCourse
from grader.course.catalog import Course, load_course
from grader.course.python_files import points_in
from grader.errors import ReleaseError
from tests.assignments import EXERCISE, HIDDEN, assignment, own_course, read, small_wheel
from tests.authoring.release.conftest import run, write
from tests.conftest import ROOT

pytestmark = pytest.mark.xdist_group("release")  # the wheel is built once
WHEEL = "torch_grader-1.0-py3-none-any.whl"


def test_actions_are_pinned_with_their_version() -> None:
    for each in ACTIONS.values():
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+(\.\d+\.\d+)?", each)


def assigned_by(
    folder: Path, course: Course, text: str, instructor: bool = False
) -> AssignedCourse:
    return read(folder, text).on(course, instructor)


def test_a_course_of_ones_own_goes_along(tmp_path: Path) -> None:
    """Of it, the exercises of the assignment: their stubs and checks, and the limits that hold for them."""
    own = own_course(tmp_path / "own")
    small_wheel(tmp_path)
    file = tmp_path / "assignment.toml"
    file.write_text(f'[ci]\ngrader = "{WHEEL}"\n[[exercise]]\nname = "double"\n')
    template, bundle, archive = (tmp_path / name for name in ("out", "bundle", "a.zip"))
    result = run(
        *("release", "--assignment", str(file), "--course", str(own), "--no-rehearsal"),
        *("--classroom", str(template), "--classroom50", str(bundle), "--gradescope", str(archive)),
    )
    assert result.returncode == 0, result.stderr
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path / "unpacked")
    inside = template / ".github" / "grader" / "course"
    for course in (inside, bundle / "course", tmp_path / "unpacked" / "course"):
        files = {path.relative_to(course).as_posix() for path in course.rglob("*.*")}
        assert files == {
            "course.toml",
            "exercises/double.py",
            "checks/double.py",
            "checks/_help.py",
        }
        assert "return 2" not in (course / "exercises" / "double.py").read_text()
        carried = load_course(course)
        assert carried.names == ("double",)
        assert carried.title == load_course(own).title
        assert carried.limits == {"call_seconds": 0.5}
    listed = run("list", "--course", str(inside))
    assert "double" in listed.stdout
    workflow = template / ".github" / "workflows" / "classroom.yml"
    assert "--course .github/grader/course" in workflow.read_text()
    assert "grader check --course .github/grader/course" in (template / "README.md").read_text()
    assert '"--course", BUNDLE / "course"' in (bundle / "autograder.py").read_text()
    script = (tmp_path / "unpacked" / "run_autograder").read_text()
    assert '--course "$base/source/course"' in script


def test_the_built_in_course_does_not_go_along(tmp_path: Path, course: Course) -> None:
    """Every grader has it, whether it was named by its folder or not."""
    small_wheel(tmp_path)
    file = tmp_path / "assignment.toml"
    file.write_text(f'[ci]\ngrader = "{WHEEL}"\n{EXERCISE}')
    arguments = ("--assignment", str(file), "--course", str(course.folder))
    assert (
        run(
            "release", *arguments, "--no-rehearsal", "--classroom", str(tmp_path / "out")
        ).returncode
        == 0
    )
    assert not (tmp_path / "out" / ".github" / "grader" / "course").exists()
    assert "--course" not in (tmp_path / "out" / "README.md").read_text()


@pytest.mark.parametrize(
    ("grader", "told"),
    [
        ("", "names no grader. Give one under `[ci]`"),
        ("1.2", "names the grader by its version alone, 1.2, and not where it comes from"),
        ("nowhere-1.whl", "which cannot be read"),
        ("notes.whl", "is not a wheel"),
        ("other-1.0-py3-none-any.whl", "is not a wheel of the grader"),
        ("torch_grader-1.0-py3-none-any.whl", "holds the solutions"),
    ],
)
def test_a_grader_that_cannot_go_along(tmp_path: Path, grader: str, told: str) -> None:
    file = assignment(tmp_path / "mine", grader)
    (file.parent / "notes.whl").write_text("x")
    for name in ("other-1.0-py3-none-any.whl", "torch_grader-1.0-py3-none-any.whl"):
        with zipfile.ZipFile(file.parent / name, "w") as archive:
            archive.writestr("grader/report.py", "")
            archive.writestr("grader/built_in/solutions/my_linear.py", "")
    result = write(file, tmp_path / "out")
    assert result.returncode == 2
    assert told in result.stderr
    assert not (tmp_path / "out").exists()


def test_what_is_there_is_not_overwritten(tmp_path: Path, wheel: Path) -> None:
    file = assignment(tmp_path / "mine", str(wheel))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "answer.py").write_text("mine")
    (tmp_path / "a.zip").write_text("mine")
    for option, path in (
        ("--classroom", "out"),
        ("--classroom50", "out"),
        ("--gradescope", "a.zip"),
    ):
        result = run("release", "--assignment", str(file), option, str(tmp_path / path))
        assert result.returncode == 2
        assert "is not empty" in result.stderr or "is there already" in result.stderr
    assert (tmp_path / "a.zip").read_text() == "mine"
    wrong = (
        ("release", "my_linear", "--classroom", "x"),
        ("release", "--assignment", str(file)),
        (
            "release",
            "--classroom",
            str(tmp_path / "new"),
            "--assignment",
            str(tmp_path / "no.toml"),
        ),
        ("check", "--instructor", "--from", "examples/right"),
        ("check", "train_step", "--assignment", str(file), "--from", str(tmp_path / "none")),
        ("check", "derivative", "--assignment", str(file), "--from", "examples/right"),
        ("check", "my_linear", "--format", "classroom50", "--from", "examples/right"),
    )
    for arguments in wrong:
        result = run(*arguments)
        assert (result.returncode, result.stdout) == (2, "")


def test_a_wheel_goes_along_from_wherever_it_is_put(tmp_path: Path, course: Course) -> None:
    wheel = small_wheel(tmp_path)
    grader = pinned_grader(assigned_by(tmp_path, course, f'[ci]\ngrader = "{WHEEL}"\n{EXERCISE}'))
    assert (grader.requirement, grader.wheel) == (WHEEL, wheel)
    assert grader.from_folder("./there") == f"./there/{WHEEL}"
    grader = pinned_grader(
        assigned_by(
            tmp_path,
            course,
            f'[ci]\ngrader = "1.2.0"\nindex = "https://example.org/simple"\n{EXERCISE}',
        )
    )
    assert (grader.wheel, grader.from_folder("./there")) == (None, "torch-grader==1.2.0")
    assert grader.index == "https://example.org/simple"


@settings(deadline=None)
@given(st.text())
@example('\x7f\0"\\')
def test_any_text_stands_in_a_file(text: str) -> None:
    assert tomllib.loads(f"a = {toml_text(text)}") == {"a": text}


WHOLE = """title = "A \\"title\\""
deadline = 2026-12-01T23:59:00+09:00
hints = false
notebooks = true

[late]
points = 3
percent = true
free_days = 1
accepted_days = 4

[[exercise]]
name = "my_linear"
points = 23
visibility = { sizes = "instructor", forward = "instructor" }
instructor_checks = "hidden/my_linear.py"

[[exercise]]
name = "derivative"
visibility = "instructor"

[[exercise]]
name = "train_step"
checks = { step = 2, zero = 0 }
"""


def whole(folder: Path, course: Course, instructor: bool) -> AssignedCourse:
    checks = list(points_in(course["train_step"].checks))[:2]
    text = WHOLE.replace("step = 2", f"{checks[0]} = 2").replace("zero", checks[1])
    written(folder / "hidden" / "my_linear.py", HIDDEN)
    return assigned_by(folder, course, text, instructor)


def test_the_instructors_copy_says_what_the_assignment_says(tmp_path: Path, course: Course) -> None:
    given = whole(tmp_path, course, instructor=True)
    again = assigned_by(tmp_path, course, assignment_text(given, instructor=True), instructor=True)
    assert again.exercises == given.exercises
    assert again.max_score == given.max_score == 35
    for name in ("title", "deadline", "hints", "notebooks", "late"):
        assert getattr(again.assignment, name) == getattr(given.assignment, name), name


def test_the_students_copy_names_nothing_that_is_kept_back(tmp_path: Path, course: Course) -> None:
    given = whole(tmp_path, course, instructor=False)
    text = assignment_text(given)
    for secret in ("sizes", "forward", "with_ones", "hidden", "instructor", "[ci]"):
        assert secret not in text
    again = assigned_by(tmp_path, course, text)
    assert again.max_score == given.max_score
    for one, other in zip(given.exercises, again.exercises, strict=True):
        assert one.public_points == other.public_points == other.points
        assert one.held_back == other.held_back == other.unknown_points
    assert again.assignment.late == given.assignment.late


def test_code_that_students_get_all_the_same(tmp_path: Path, course: Course) -> None:
    given = code_given_away(whole(tmp_path, course, instructor=False))
    assert {"my_linear.sizes", "my_linear.forward"} < set(given)
    assert "my_linear.with_ones" not in given
    assert not [name for name in given if name.startswith("train_step")]


def test_a_template_lacks_no_value() -> None:
    with pytest.raises(UndefinedError):
        fill("readme.md.j2")


@pytest.mark.parametrize("notebook", [False, True])
def test_without_a_solution_the_stub_is_copied(
    tmp_path: Path, course: Course, notebook: bool
) -> None:
    """As from an installed grader, which has no solutions."""
    suffix = ".ipynb" if notebook else ".py"
    exercise = replace(course["derivative"], stub=tmp_path / "x.py", solution=tmp_path / "none.py")
    with pytest.raises(ReleaseError, match=rf"x\{suffix} does not exist"):
        write_stub(exercise, tmp_path / "out", notebook)
    (tmp_path / f"x{suffix}").write_text("stub")
    assert write_stub(exercise, tmp_path / "out", notebook).read_text() == "stub"
    made = write_stub(course["derivative"], tmp_path / "out", notebook)
    assert made.name == f"derivative{suffix}"
    assert "YOUR CODE HERE" in made.read_text(encoding="utf-8")


def test_a_folder_is_fresh_when_nothing_but_git_is_in_it(tmp_path: Path) -> None:
    fresh_folder(tmp_path / "a" / "b")
    (tmp_path / "a" / "b" / ".git").mkdir()
    fresh_folder(tmp_path / "a" / "b")
    with pytest.raises(ReleaseError, match="is not empty"):
        fresh_folder(tmp_path / "a")
    (tmp_path / "file").write_text("")
    with pytest.raises(ReleaseError, match="is not empty"):
        fresh_folder(tmp_path / "file")
    with pytest.raises(ReleaseError, match="cannot be written: Not a directory"):
        fresh_folder(tmp_path / "file" / "inside")


def test_what_cannot_be_written_or_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReleaseError, match=r"file/a\.txt cannot be written"):
        written(tmp_path / "file" / "a.txt", "x")
    with pytest.raises(ReleaseError, match=r"none\.txt cannot be read: No such file"):
        copied(tmp_path / "none.txt", tmp_path / "b.txt")
    with pytest.raises(ReleaseError, match=r"file/b\.txt cannot be written"):
        copied(tmp_path / "file", tmp_path / "file" / "b.txt")


def test_what_installs_the_grader_takes_nothing_from_the_students_folder() -> None:
    """It is the current folder there: `-m` would import from it, and uv would read which index to install from."""
    for place in ("autograder.py.j2", "classroom.yml.j2"):
        template = ROOT / "grader" / "authoring" / "release" / "templates" / place
        text = template.read_text(encoding="utf-8").replace('"', "").replace(",", "")
        assert text.count(" -m ") == text.count(" -I -m ") == 2
        uses = text.count("pip install --python")
        assert uses == text.count("--no-config pip install --python") == 1

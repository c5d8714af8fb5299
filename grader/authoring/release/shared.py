"""What the releases of an assignment share: its file, the grader that goes along, its course, and the templates."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...course.assignment import AssignedCourse, AssignedExercise
from ...course.catalog import Course, Exercise
from ...course.python_files import points_in
from ...errors import ReleaseError
from ..stub import release

# tools that the releases install; moved forward by hand, after a look at what changed
UV = "0.13.9"
# of its wheels for Linux, on x86-64 and on ARM
_UV_HASHES = (
    "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    "ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375",
)
UV_FILE = "uv.txt"
UV_TEXT = " ".join([f"uv=={UV}", *(f"--hash=sha256:{each}" for each in _UV_HASHES)]) + "\n"
RUNNER = "ubuntu-24.04"
# read from the tags of their repositories
ACTIONS = {
    "checkout": "actions/checkout@d23441a48e516b6c34aea4fa41551a30e30af803 # v6.1.0",
    "setup_python": "actions/setup-python@ece7cb06caefa5fff74198d8649806c4678c61a1 # v6.3.0",
    "cache": "actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae # v5.0.5",
    "upload": "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0",
    "reporter": "classroom-resources/autograding-grading-reporter@d13b5912daf5042ac1b71bc38bdb4a6bcd61d8ca # v1",
}
_WHEEL = re.compile(r"torch_grader-[\w.+!]+(-[\w.]+)+\.whl")


@dataclass(frozen=True)
class PinnedGrader:
    """The grader that a release has its students or its service install.

    Attributes:
        requirement: what pip installs; a wheel is a file beside the assignment's, or wherever it is put.
        wheel: the file to copy, if it is one.
        index: the package index that everything is installed from; empty if the installer's own settings say.
    """

    requirement: str
    wheel: Path | None = None
    index: str = ""

    @property
    def is_commit(self) -> bool:
        """Whether it is a commit of a repository."""
        return " @ git+" in self.requirement

    def from_folder(self, folder: str) -> str:
        """What pip is given where the wheel lies in `folder`."""
        return f"{folder}/{self.wheel.name}" if self.wheel else self.requirement


def pinned_grader(assigned: AssignedCourse) -> PinnedGrader:
    """The grader that the assignment names.

    Raises:
        ReleaseError: if it names none, a version without an index that has it, or a wheel that is not there, is no
            wheel of ours, or holds the solutions.
    """
    file, ci = assigned.assignment.path, assigned.assignment.ci
    named, index = ci.grader, ci.index
    if not named:
        raise ReleaseError(
            f'{file} names no grader. Give one under `[ci]`: `grader = "torch_grader-….whl"` (`pip wheel --no-deps .` '
            "in a checkout makes it), git+https://…@<commit>, or a version and the `index` that has it."
        )
    if named.startswith("git+"):
        return PinnedGrader(f"torch-grader @ {named}", index=index)
    if not named.endswith(".whl"):
        if not index:
            # whoever takes the name on some index would have his code run with the students' tokens
            raise ReleaseError(
                f"{file} names the grader by its version alone, {named}, and not where it comes from. Name under "
                '`[ci]` the package index that has it, `index = "https://…"`, or a wheel, or git+https://…@<commit>.'
            )
        return PinnedGrader(f"torch-grader=={named}", index=index)
    wheel = file.parent / named
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
    except OSError as error:
        raise ReleaseError(
            f"{file} names {wheel}, which cannot be read: {error.strerror}."
        ) from error
    except zipfile.BadZipFile as error:
        raise ReleaseError(f"{wheel} is not a wheel. `pip wheel --no-deps .` makes one.") from error
    if "grader/report.py" not in names or not _WHEEL.fullmatch(wheel.name):
        raise ReleaseError(f"{wheel} is not a wheel of the grader.")
    if any("/solutions/" in name for name in names):
        raise ReleaseError(
            f"{wheel} holds the solutions. Build the students' one, without GRADER_SOLUTIONS."
        )
    return PinnedGrader(wheel.name, wheel, index)


def fill(template: str, **values: Any) -> str:
    """One of the templates with these values; `[[ … ]]` and `[% … %]`, because GitHub's workflows use the braces."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("grader.authoring.release"),
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,  # YAML, shell and Python, of values that the reader of the file has checked
    )
    return environment.get_template(template).render(**values)


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Around what writes to `place`.

    Raises:
        ReleaseError: if it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise ReleaseError(f"{place} cannot be written: {error.strerror or error}.") from error


def written(file: Path, text: str) -> Path:
    """Writes a file of a release and the folders above it.

    Raises:
        ReleaseError: if that cannot be done.
    """
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    return file


def copied(source: Path, file: Path) -> Path:
    """Copies a file's bytes into a release.

    Raises:
        ReleaseError: if the one cannot be read or the other cannot be written.
    """
    try:
        data = source.read_bytes()
    except OSError as error:
        raise ReleaseError(f"{source} cannot be read: {error.strerror}.") from error
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return file


def require_free_folder(folder: Path) -> None:
    """For a folder that is to be written: nothing but a `.git` may be in it.

    Raises:
        ReleaseError: if something is.
    """
    if folder.is_file() or (
        folder.is_dir() and any(entry.name != ".git" for entry in folder.iterdir())
    ):
        raise ReleaseError(f"{folder} is not empty. Give a new folder, or empty this one first.")


def require_free_file(file: Path) -> None:
    """For a file that is to be written.

    Raises:
        ReleaseError: if it is there already.
    """
    if file.exists():
        raise ReleaseError(f"{file} is there already. Remove it, or choose another name.")


def fresh_folder(folder: Path) -> None:
    """Makes the folder of a release; nothing but a `.git` may be in it yet.

    Raises:
        ReleaseError: if something is, or the folder cannot be made.
    """
    require_free_folder(folder)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)


def code_given_away(assigned: AssignedCourse) -> list[str]:
    """The checks that are kept back, but whose code is in the grader that students get, as `exercise.check`."""
    return [
        f"{each.exercise.name}.{name}"
        for each in assigned.exercises
        for name in points_in(each.exercise.checks)
        if name in each.kept_back
    ]


def write_stub(exercise: Exercise, folder: Path, notebook: bool) -> Path:
    """Writes the exercise as it is given out: made from its solution if that is at hand, or else a copy of its stub.

    Raises:
        ReleaseError: if there is neither solution nor stub.
    """
    if exercise.solution.is_file():
        return release(exercise, folder, notebook)
    stub = exercise.stub.with_suffix(".ipynb" if notebook else ".py")
    if not stub.is_file():
        raise ReleaseError(f"{stub} does not exist. `grader release` makes it from its solution.")
    return copied(stub, folder / stub.name)


def give(exercise: Exercise, folder: Path) -> list[Path]:
    """Copies what students get beside the stub.

    Raises:
        ReleaseError: if that cannot be done.
    """
    return [copied(path, folder / name) for name, path in exercise.given.items()]


def copy_course(course: Course, folder: Path) -> list[Path]:
    """The course of an assignment, for a grader that does not have it: without solutions, its checks in `checks/`."""
    files = [written(folder / "course.toml", _course_text(course))]
    for exercise in course.exercises:
        files.append(write_stub(exercise, folder / "exercises", notebook=False))
        files.append(copied(exercise.checks, folder / "checks" / exercise.checks.name))
        files += give(exercise, folder / "exercises")
    for helper in sorted(course.exercises[0].checks.parent.glob("_*.py")):
        files.append(copied(helper, folder / "checks" / helper.name))
    return files


def _course_text(course: Course) -> str:
    """The `course.toml` of the copy."""
    title = toml_text(course.title)
    names = ", ".join(map(toml_text, course.names))
    lines = [f"title = {title}"]
    if course.packages:
        lines.append(f"packages = [{', '.join(map(toml_text, course.packages))}]")
    lines += ["", "[[unit]]", f"title = {title}", f"exercises = [{names}]"]
    for each in course.exercises:
        if each.files:
            files = ", ".join(map(toml_text, each.files))
            lines += ["", "[[exercise]]", f"name = {toml_text(each.name)}", f"files = [{files}]"]
    if course.limits:
        lines += ["", "[limits]", *(f"{name} = {n}" for name, n in course.limits.items())]
    return "\n".join(lines) + "\n"


def assignment_text(assigned: AssignedCourse, instructor: bool = False) -> str:
    """The assignment's file, for students or for a service that only the instructor has access to.

    That for students names no check that is kept back. The instructor's names the files of further checks, which lie
    beside it as `hidden/NAME.py`.
    """
    given = assigned.assignment
    lines = [f"title = {toml_text(given.title)}"]
    if given.deadline:
        lines.append(f"deadline = {given.deadline.isoformat()}")
    lines += [f"hints = {_flag(given.hints)}", f"notebooks = {_flag(given.notebooks)}"]
    late = given.late
    if late.points or late.free_days or late.accepted_days is not None:
        lines += ["", "[late]", f"points = {late.points}", f"percent = {_flag(late.percent)}"]
        lines.append(f"free_days = {late.free_days}")
        if late.accepted_days is not None:
            lines.append(f"accepted_days = {late.accepted_days}")
    for each in assigned.exercises:
        lines += ["", "[[exercise]]", f"name = {toml_text(each.exercise.name)}"]
        lines += _instructors_lines(assigned, each) if instructor else _students_lines(each)
    return "\n".join(lines) + "\n"


def _students_lines(given: AssignedExercise) -> list[str]:
    held = [f"held_back = {given.held_back}"] if given.held_back else []
    return [f"checks = {_table(given.public_points)}", *held]


def _instructors_lines(assigned: AssignedCourse, given: AssignedExercise) -> list[str]:
    part = next(part for part in assigned.assignment.parts if part.name == given.exercise.name)
    points = sum(given.points.values())
    lines = [f"points = {points}"] if points else []
    if part.checks is not None:
        lines = [f"checks = {_table(part.checks)}"]
    if part.all_kept_back:
        lines.append('visibility = "instructor"')
    elif part.kept_back:
        table = ", ".join(f'{toml_text(name)} = "instructor"' for name in sorted(part.kept_back))
        lines.append(f"visibility = {{ {table} }}")
    if part.instructor_checks:
        lines.append(f"instructor_checks = {toml_text(f'hidden/{part.name}.py')}")
    return lines


def _table(points: Mapping[str, int]) -> str:
    entries = ", ".join(f"{toml_text(name)} = {number}" for name, number in points.items())
    return f"{{ {entries} }}" if entries else "{}"


def _flag(value: bool) -> str:
    return "true" if value else "false"


def toml_text(text: str) -> str:
    """A basic string of TOML: as in JSON, but for the one control character that JSON leaves alone."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

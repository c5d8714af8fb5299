"""What a student is given beside an exercise's stub, such as a helper module or data: `files` in `course.toml`.

    [[exercise]]
    name = "double"
    files = ["helper.py", "data/numbers.csv"]

The files lie in the course's `exercises/`, under these names. A student finds them beside his own file, and so does his
code while it is graded: there they are the course's, whatever has become of the student's copies.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath

from ..errors import CourseError

MOST_BYTES = 16 << 20  # of one exercise's files: each child of a class gets a copy


def contents_of(given: Mapping[str, Path]) -> dict[str, bytes]:
    """What is in an exercise's files.

    Args:
        given: the files by their names, as `Exercise.given` has them.

    Raises:
        CourseError: if one cannot be read, or they are larger together than `MOST_BYTES`.
    """
    contents: dict[str, bytes] = {}
    for name, path in given.items():
        try:
            contents[name] = path.read_bytes()
        except OSError as error:
            raise CourseError(f"{path} cannot be read: {error.strerror}.") from error
    if sum(map(len, contents.values())) > MOST_BYTES:
        most = MOST_BYTES >> 20
        raise CourseError(f"{', '.join(given)}: larger than {most} MiB together.")
    return contents


def require_usable(name: str, folder: Path, names: Collection[str], file: Path) -> None:
    """For a name in `files`.

    Args:
        folder: where it has to lie.
        names: the course's exercises.
        file: the `course.toml`.

    Raises:
        CourseError: if it leads out of `folder`, is no file there, or is one that a student writes.
    """
    path = PurePosixPath(name)
    if (
        not name
        or not name.isprintable()
        or "\\" in name
        or str(path) != name
        or path.is_absolute()
    ):
        raise CourseError(
            f"{file}: `files` has {name!r}. Write the path of a file, as in data/x.csv."
        )
    place = folder / name
    if ".." in path.parts or not place.resolve().is_relative_to(folder.resolve()):
        raise CourseError(f"{file}: `files` has {name!r}, which lies outside {folder}.")
    if path.parts[0].startswith("."):
        raise CourseError(f"{file}: `files` has {name!r}, which is hidden. Give it another name.")
    if not place.is_file():
        raise CourseError(
            f"{file}: `files` has {name!r}, and there is no file {place}. Put it there."
        )
    if path.stem in names and path.suffix in (".py", ".ipynb") and len(path.parts) == 1:
        raise CourseError(f"{file}: `files` has {name!r}, which is the file of an exercise.")
    if path.name == name and name in ("README.md", "assignment.toml"):
        raise CourseError(
            f"{file}: `files` has {name!r}, a name that the grader gives. Choose another."
        )

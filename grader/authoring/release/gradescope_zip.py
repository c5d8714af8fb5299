"""The zip that Gradescope runs: `setup.sh`, `run_autograder`, and the whole assignment, with what is kept back.

Students have no access to this zip, so the checks that are kept back run there too; their points are shown when the
grades are published.
"""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from ...course.assignment import AssignedCourse
from ...course.assignment_file import FILENAME
from .lock import NAME, Lock, installs, wanted
from .shared import (
    UV_FILE,
    UV_TEXT,
    assignment_text,
    copied,
    copy_course,
    fill,
    pinned_grader,
    require_free_file,
    writing,
    written,
)

_EXECUTABLE = ("setup.sh", "run_autograder")


def write_zip(assigned: AssignedCourse, file: Path, lock: Lock | None = None) -> None:
    """Writes the zip.

    Args:
        lock: what is installed, with hashes; without one, packages are named by their versions.

    Raises:
        ReleaseError: if the file is there already or cannot be written, or the assignment names no usable grader.
    """
    grader = pinned_grader(assigned)
    require_free_file(file)
    ci, own_course = assigned.assignment.ci, not assigned.course.built_in
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if grader.wheel:
            copied(grader.wheel, folder / grader.wheel.name)
        if own_course:
            copy_course(assigned.course, folder / "course")
        for part in assigned.assignment.parts:
            if part.instructor_checks:
                copied(part.instructor_checks, folder / "hidden" / f"{part.name}.py")
        written(folder / UV_FILE, UV_TEXT)
        if lock and lock.text:
            written(folder / NAME, lock.text)
        written(folder / FILENAME, assignment_text(assigned, instructor=True))
        written(
            folder / "setup.sh",
            fill(
                "setup.sh.j2",
                installs=installs(lock or Lock(), grader, wanted(assigned), "."),
                python=ci.python,
                uv_file=UV_FILE,
            ),
        )
        written(folder / "run_autograder", fill("run_autograder.j2", course=own_course))
        with writing(file), zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(each for each in folder.rglob("*") if each.is_file()):
                name = path.relative_to(folder).as_posix()
                # the time of the files is not their content: the same release, the same bytes
                info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
                mode = 0o755 if name in _EXECUTABLE else 0o644
                info.external_attr = (0o100000 | mode) << 16
                archive.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED)

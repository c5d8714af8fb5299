"""The bundle that Classroom 50 runs: `autograder.py`, the assignment, the grader, and which Python it wants."""

from __future__ import annotations

import json
from pathlib import Path

from ...course.assignment import AssignedCourse
from ...course.assignment_file import FILENAME
from ...errors import ReleaseError
from .lock import NAME, Lock
from .shared import (
    UV_FILE,
    UV_TEXT,
    assignment_text,
    copied,
    copy_course,
    fill,
    fresh_folder,
    pinned_grader,
    written,
)

MAX_BYTES = 10 << 20


def write_bundle(assigned: AssignedCourse, folder: Path, lock: Lock | None = None) -> None:
    """Writes the bundle into `folder`. It is served publicly, so it is the students' side of the assignment.

    Args:
        lock: what is installed, with hashes; without one, packages are named by their versions.

    Raises:
        ReleaseError: if the folder is not empty or cannot be written, the assignment names no usable grader, or the
            bundle is larger than Classroom 50 takes.
    """
    grader = pinned_grader(assigned)
    if grader.wheel and grader.wheel.stat().st_size > MAX_BYTES:
        raise ReleaseError(
            f"{grader.wheel} is larger than the 10 MiB of a bundle. Name a version or a commit in `[ci]`."
        )
    fresh_folder(folder)
    given, ci = assigned.assignment, assigned.assignment.ci
    if grader.wheel:
        copied(grader.wheel, folder / grader.wheel.name)
    own_course = not assigned.course.built_in
    if own_course:
        copy_course(assigned.course, folder / "course")
    written(folder / FILENAME, assignment_text(assigned))
    written(folder / UV_FILE, UV_TEXT)
    if lock and lock.text:
        written(folder / NAME, lock.text)
    script = fill(
        "autograder.py.j2",
        grader=grader.requirement,
        wheel=grader.wheel is not None,
        index=grader.index,
        torch=ci.torch,
        packages=json.dumps(list(assigned.course.packages)),
        locked=NAME if lock and lock.text else "",
        uv_file=UV_FILE,
        course=own_course,
    )
    written(folder / "autograder.py", script)
    written(folder / "runtime.json", json.dumps({"python": ci.python}) + "\n")
    about = fill(
        "bundle.md.j2", title=given.title, python=ci.python, wheel=grader.wheel is not None
    )
    written(folder / "README.md", about)

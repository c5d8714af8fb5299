"""A class's container image: a `Containerfile` and what it installs, so that no run of a student's installs anything.

A cache of GitHub's belongs to one repository, so each student's first run would fill one of its own.
"""

from __future__ import annotations

from pathlib import Path

from ...course.assignment import AssignedCourse
from .lock import NAME, Lock, installs, wanted
from .shared import UV_FILE, UV_TEXT, copied, fill, pinned_grader, require_free_folder, written

VENV = "/opt/grader"  # where the grader lies in the image


def write_image(assigned: AssignedCourse, folder: Path, lock: Lock | None = None) -> None:
    """Writes the folder that the image is built from. Nothing of the assignment is in it: it serves several.

    Args:
        lock: what is installed, with hashes; without one, packages are named by their versions.

    Raises:
        ReleaseError: if the folder is not empty or cannot be written, or the assignment names no usable grader.
    """
    grader, lock = pinned_grader(assigned), lock or Lock()
    require_free_folder(folder)
    if grader.wheel:
        copied(grader.wheel, folder / grader.wheel.name)
    if lock.text:
        written(folder / NAME, lock.text)
    written(folder / UV_FILE, UV_TEXT)
    text = fill(
        "Containerfile.j2",
        title=assigned.assignment.title,
        python=assigned.assignment.ci.python,
        uv_file=UV_FILE,
        venv=VENV,
        installs=installs(lock, grader, wanted(assigned), "."),
    )
    written(folder / "Containerfile", text)

"""A template repository for an assignment: stubs, the workflow, a README. GitHub Actions is all that it needs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from ...course.assignment import AssignedCourse, Late
from ...course.assignment_file import FILENAME
from ...submission.protected import WHOLE_FOLDERS, digests, write_digests
from .class_image import VENV
from .lock import NAME, Lock, installs, wanted
from .shared import (
    ACTIONS,
    RUNNER,
    UV_FILE,
    UV_TEXT,
    assignment_text,
    copied,
    copy_course,
    fill,
    fresh_folder,
    give,
    pinned_grader,
    write_stub,
    writing,
    written,
)

_PLACE = ".github/grader"


def write_template(assigned: AssignedCourse, folder: Path, lock: Lock | None = None) -> Path:
    """Writes the template into `folder`, and the digests of its protected files beside it.

    Args:
        lock: what is installed, with hashes; without one, packages are named by their versions.

    Returns:
        The file of digests, `<folder>-protected.json`, which the instructor keeps.

    Raises:
        ReleaseError: if the folder is not empty or cannot be written, the assignment names no usable grader, or a
            stub is missing.
    """
    grader = pinned_grader(assigned)
    fresh_folder(folder)
    given, ci = assigned.assignment, assigned.assignment.ci
    beside: list[str] = []
    for exercise in assigned.course.exercises:
        write_stub(exercise, folder, given.notebooks)
        beside += [path.relative_to(folder).as_posix() for path in give(exercise, folder)]
    if grader.wheel:
        copied(grader.wheel, folder / _PLACE / grader.wheel.name)
    if not assigned.course.built_in:
        copy_course(assigned.course, folder / _PLACE / "course")
    lock = lock or Lock()
    written(folder / _PLACE / UV_FILE, UV_TEXT)
    if lock.text:
        written(folder / _PLACE / NAME, lock.text)
    packages = [f"'{each}'" for each in assigned.course.packages]
    values = {
        "course": "" if assigned.course.built_in else f" --course {_PLACE}/course",
    }
    from_index = [f"--index-url '{grader.index}'"] if grader.index else []
    install_here = [*from_index, f"'{grader.from_folder(f'./{_PLACE}')}'", *packages]
    workflow = fill(
        "classroom.yml.j2",
        actions=ACTIONS,
        minutes=ci.minutes,
        python=ci.python,
        reporter=ci.reporter,
        runner=RUNNER,
        image=ci.image,
        venv=VENV if ci.image else "~/.grader-venv",
        uv_file=f"{_PLACE}/{UV_FILE}",
        place=_PLACE,
        installs=installs(lock, grader, wanted(assigned), _PLACE),
        **values,
    )
    written(folder / ".github" / "workflows" / "classroom.yml", workflow)
    written(folder / FILENAME, assignment_text(assigned))
    about = fill(
        "readme.md.j2", **_about(assigned), torch=ci.torch, here=" ".join(install_here), **values
    )
    written(folder / "README.md", about)
    written(
        folder / ".gitignore", ".venv/\n__pycache__/\n.ipynb_checkpoints/\n.grader/\nreport.json\n"
    )
    protected = [FILENAME, *dict.fromkeys(beside)]
    for whole in WHOLE_FOLDERS:
        protected += [
            path.relative_to(folder).as_posix()
            for path in sorted((folder / whole).rglob("*"))
            if path.is_file()
        ]
    kept = folder.resolve().with_name(f"{folder.resolve().name}-protected.json")
    with writing(kept):
        write_digests(kept, digests(folder, protected))
    return kept


def _about(assigned: AssignedCourse) -> dict[str, Any]:
    """What the README says of the assignment."""
    given = assigned.assignment
    suffix = "ipynb" if given.notebooks else "py"
    rows = [
        {
            "title": each.exercise.title.replace("|", "\\|"),
            "file": f"{each.exercise.name}.{suffix}",
            "points": sum(each.public_points.values()),
            "held_back": each.held_back,
        }
        for each in assigned.exercises
    ]
    return {
        "title": given.title,
        "rows": rows,
        "held_back": sum(each.held_back for each in assigned.exercises),
        "deadline": _moment(given.deadline) if given.deadline else "",
        "late": _late(given.late) if given.deadline else "",
        "example": assigned.names[0],
    }


def _moment(when: datetime) -> str:
    offset = when.strftime("%z")
    return f"{when:%A, %d %B %Y, %H:%M} (UTC{offset[:3]}:{offset[3:5]})"


def _late(late: Late) -> str:
    """The policy in a sentence or two; empty where lateness costs nothing that is known here."""
    sentences = []
    if late.points:
        percent = f"{late.points} % of what can be reached"
        what = percent if late.percent else _counted(late.points, "point")
        free = {0: "", 1: "; the first day costs nothing"}.get(
            late.free_days, f"; the first {late.free_days} days cost nothing"
        )
        sentences.append(f"Each day late costs {what}, and a day that has begun counts{free}.")
    if late.accepted_days is not None:
        days = f"more than {_counted(late.accepted_days, 'day')} " if late.accepted_days else ""
        sentences.append(f"What comes {days}late is not graded.")
    return " ".join(sentences)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"

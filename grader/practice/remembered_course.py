"""Which course a student's folder is for, so that no command in it has to be told.

`.grader/course.json` in the folder names the course by its path, so the folder may move. A folder that somebody handed
in can hold such a file, too, and a course's checks run as the caller's own programs. So the file counts only for
courses that this user has named to `grader init`; a list of these lies where programs keep their state, in
`$XDG_STATE_HOME/grader/courses.json`.
"""

from __future__ import annotations

import json
import os
import shlex
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..course.catalog import Course
from ..errors import WorkspaceError
from ..language import N_, _
from .workspace import FOLDER, make_place, read_json

_FILE = "course.json"
_GONE = N_(
    "{folder} is for the course in {course}, and there is no course any more. "
    "If it has moved: `grader init {folder} --course DIR`. What is in the folder stays as it is."
)
_STRANGE = N_(
    "{file} names the course in {course}, which you have not used yet, and the checks of a course run as your own "
    "programs. If you trust them: `grader init {folder} --course {course}`."
)
_DAMAGED = N_(
    "{file} does not name a course. `grader init {folder} --course DIR` writes it anew; without the file, the folder "
    "is for the built-in course."
)


def remember_course(folder: Path, course: Course) -> None:
    """Keeps that `folder` is for `course`; of the built-in one, which needs no memory, nothing is kept.

    Raises:
        OSError: if it cannot be kept, in the folder or in the user's list.
    """
    file = folder / FOLDER / _FILE
    if course.built_in:
        file.unlink(missing_ok=True)
        return
    place = str(course.folder.resolve())
    make_place(folder)
    courses = _courses()
    known = [each for each in _known() if each != place]
    courses.parent.mkdir(parents=True, exist_ok=True)
    _write(courses, [*known, place])
    _write(file, {"course": place})


def remembered_course(folder: Path) -> Path | None:
    """The folder of the course that `folder` is for; `None` where it is for the built-in one.

    Raises:
        WorkspaceError: if it names a course that is not there, that this user has not named himself, or none.
    """
    place = folder / FOLDER
    file = place / _FILE
    if place.is_symlink() or not os.path.lexists(file):
        return None
    data = read_json(file)
    named = data.get("course") if isinstance(data, dict) else None
    shown = shlex.quote(str(folder))
    if not isinstance(named, str) or "\0" in named or not os.path.isabs(named):
        raise WorkspaceError(_(_DAMAGED).format(file=file, folder=shown))
    course = shlex.quote(named)
    if named not in _known():
        raise WorkspaceError(_(_STRANGE).format(file=file, course=course, folder=shown))
    if not (Path(named) / "course.toml").is_file():
        raise WorkspaceError(_(_GONE).format(folder=shown, course=course))
    return Path(named)


def _courses() -> Path:
    """The list of the courses that this user has named."""
    state = os.environ.get("XDG_STATE_HOME", "")
    home = Path(state) if os.path.isabs(state) else Path("~/.local/state").expanduser()
    return home / "grader" / "courses.json"


def _known() -> list[str]:
    data = read_json(_courses())
    return [each for each in data if isinstance(each, str)] if isinstance(data, list) else []


def _write(file: Path, data: Any) -> None:
    """Writes aside and renames: whoever reads meanwhile sees the old file or the new one."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f"{file.stem}-", suffix=".json")
    try:
        with open(descriptor, "w", encoding="utf-8") as opened:
            json.dump(data, opened, indent=1)
        os.replace(name, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise

"""Where the submissions lie: what a service, a browser or an unpacking program has put around them is seen through.

Whether a single folder, or a single archive, is one student's work or holds a whole class is told by the names in it.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path, PurePosixPath

from ...errors import LayoutError, UnreadableError
from ...submission.archives import is_archive, open_archive
from ...submission.files import EXERCISES, SKIPPED, open_plain
from ...submission.search import SUFFIXES, exercise_of, nearly_exercise_of
from ...text import clean
from .gradescope import METADATA
from .hand_in import Known, composed
from .nbgrader import SUBMITTED, is_collected
from .services import told_by_names

_CLASSROOM = re.compile(
    r"(?P<prefix>.+?)(?:-submissions|_submissions_\d{4}_\d\d_\d\d_T_\d\d_\d\d_\d\d)"
)
_REPOSITORY = ".git"
_TEAMS = "Submitted files"  # beside it lie "Working files"
# of hand-ins, whether they are read or not
ARCHIVES = (".zip", ".7z", ".bz2", ".gz", ".rar", ".tar", ".tgz", ".xz")
_DEPTH = 5  # two folders around, a student's, one in it, and the files there
_MOST = 20_000  # names that are looked at
_LOOKED_INTO = 3  # folders or archives, of many
_SHOWN = 5  # names in a message
_MOST_AROUND = 5  # folders, one in another
# what lies beside submissions, and is nobody's
_JUNK = frozenset({"Thumbs.db", "desktop.ini", "index.html", "Icon\r"})


def visible(folder: Path) -> list[Path]:
    """What lies in a folder, by name; what tools and systems leave there is passed over.

    Raises:
        OSError: if it cannot be listed.
    """
    found = (path for path in folder.iterdir() if is_visible(path.name))
    # by name, since a path that was compared keeps a second copy of itself
    return sorted(found, key=lambda path: path.name)


def is_visible(name: str) -> bool:
    """Whether a name may be that of a submission."""
    return not name.startswith((".", "__")) and name not in _JUNK


def unwrapped(folder: Path, exercises: Sequence[str], known: Known) -> Path:
    """The folder that holds the submissions, or the one archive that does.

    Raises:
        LayoutError: if several exports lie side by side, unpacked or not.
        OSError: if a folder cannot be listed.
    """
    for _ in range(_MOST_AROUND):
        if (folder / METADATA).is_file() or prefix_of(folder):
            return folder
        if (folder / SUBMITTED).is_dir():
            return folder / SUBMITTED
        if (folder / _TEAMS).is_dir():
            return folder / _TEAMS
        if is_collected(folder, exercises):
            return folder
        entries = _submissions(folder)
        exports = [path for path in entries if (path / METADATA).is_file()]
        if len(exports) > 1:
            names = ", ".join(clean(path.name, 100) for path in exports)
            raise LayoutError(f"{folder} holds several exports: {names}. Give one of them.")
        if len(exports) == 1:
            return exports[0]
        if len(entries) > 1 and all(
            _is_export(each, exercises, known) for each in entries[:_LOOKED_INTO]
        ):
            names = ", ".join(clean(path.name, 100) for path in entries[:_SHOWN])
            raise LayoutError(
                f"{folder} holds several exports of a service, one beside another: {names}. Give one of them."
            )
        if len(entries) != 1 or entries[0].is_symlink():
            return folder
        [inner] = entries
        if inner.is_file() and is_archive(inner.name):
            return inner  # whether it holds a class is seen when it is open
        if not inner.is_dir() or not (
            prefix_of(inner) or is_class(inner.name, listed(inner), exercises, known)
        ):
            return folder
        folder = inner
    return folder


def _is_export(path: Path, exercises: Sequence[str], known: Known) -> bool:
    """Whether a folder or an archive holds what a service calls by students' names; a student's own does not."""
    stem = path.stem if is_archive(path.name) else path.name
    if path.is_symlink() or known([composed(stem)]) or told_by_names([path.name]):
        return False
    names: list[str] = []
    with suppress(OSError, UnreadableError):
        if path.is_dir():
            names = [*islice(listed(path), _MOST)]
        elif is_archive(path.name):
            with open_archive(open_plain(path, path.name), path.name) as files:
                names = [*islice(files.names(), _MOST)]
    parts = [name.split("/") for name in names]
    for level in (0, 1):  # the service may have put a folder around it
        there = list(dict.fromkeys(each[level] for each in parts if len(each) > level))
        by_service = told_by_names(list(filter(is_visible, there))).values()
        if METADATA in there or any(
            not each.file or _is_answer(each.file, exercises) for each in by_service
        ):
            return True
    return False


def _submissions(folder: Path) -> list[Path]:
    """What may be submissions, or hold them; a roster or a text that lies beside them is neither."""
    entries = visible(folder)
    told = told_by_names([path.name for path in entries])
    return [
        path
        for path in entries
        if path.name in told
        or path.is_dir()
        or path.is_symlink()
        or path.name.lower().endswith(ARCHIVES + SUFFIXES)
    ]


def prefix_of(folder: Path) -> str:
    """What the names of repositories begin with, where the name of the folder is one that a classroom gives it."""
    match = _CLASSROOM.fullmatch(folder.resolve().name)
    return match["prefix"] + "-" if match else ""


def listed(folder: Path) -> Iterator[str]:
    """Paths in a folder, the upper ones first; not all of a large one. A folder's has a slash at its end."""
    level = [""]
    count = 0
    for _ in range(_DEPTH):
        below = []
        for inner in level:
            try:
                entries = sorted(os.scandir(folder / inner), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in entries:
                count += 1
                if count > _MOST:
                    return
                is_folder = entry.is_dir(follow_symlinks=False)
                yield inner + entry.name + "/" * is_folder
                if is_folder and entry.name not in SKIPPED:
                    below.append(f"{inner}{entry.name}/")
        level = below


def is_class(name: str, paths: Iterable[str], exercises: Sequence[str], known: Known) -> bool:
    """Whether what has this name, and holds these paths, is a whole class's rather than one student's.

    Args:
        known: whether a name is that of a student of the class.
    """
    stem = PurePosixPath(name).stem if is_archive(name) else name
    if known([composed(stem)]) or told_by_names([name]):
        return False
    inside: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        first, _, rest = path.partition("/")
        if is_visible(first) or first == _REPOSITORY:
            inside[first] += [rest] if rest else []
            if not path.endswith("/") and not rest:
                inside[first].append("")  # a file
    if {METADATA, SUBMITTED, _TEAMS} & inside.keys() or told_by_names([*inside]):
        return True
    if any(_CLASSROOM.fullmatch(each) or METADATA in inside[each] for each in inside):
        return True
    if {_REPOSITORY, EXERCISES} & inside.keys() or any(
        _is_answer(each, exercises) for each in inside
    ):
        return False
    if len(inside) == 1:
        [(only, deeper)] = inside.items()
        return is_class(only, filter(None, deeper), exercises, known)
    if any(known([composed(each)]) for each in inside):
        return True
    return sum(_is_students(*each, exercises) for each in inside.items()) > 1


def _is_answer(name: str, exercises: Sequence[str]) -> bool:
    return bool(exercise_of(name, exercises) or nearly_exercise_of(name, exercises))


def _is_students(name: str, inner: Sequence[str], exercises: Sequence[str]) -> bool:
    """Whether a folder or a file may be what one student handed in."""
    if inner == [""]:
        return is_archive(name)
    return any(
        _is_answer(path.rpartition("/")[2], exercises) or path.startswith(f"{_REPOSITORY}/")
        for path in inner
    )

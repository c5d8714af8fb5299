"""nbgrader's `submitted/<student>/<assignment>/`, in which a `timestamp.txt` says when it was collected.

Students may have handed in several assignments; which one is graded is asked for, and never guessed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from ...errors import LayoutError, UnreadableError
from ...submission.files import EXERCISES, SKIPPED, read_plain
from ...submission.search import candidates, nearly
from ...text import clean
from .hand_in import HandIn, composed
from .times import zoned_time

SUBMITTED = "submitted"  # the folder's name
_TIMESTAMP = "timestamp.txt"
_SHOWN = 10  # names in a message
_LOOKED_AT = 50  # students' folders, of a class that may be large


def is_collected(folder: Path, exercises: Sequence[str]) -> bool:
    """Whether a folder is nbgrader's, also under another name: time stamps lie in most students' assignments.

    A student could put one into his own folder; that makes no class nbgrader's.
    """
    if folder.name == SUBMITTED:
        return True
    first = _folders(folder)[:_LOOKED_AT]
    students = [path for path in first if not _is_loose(path, exercises)]
    stamped = [
        each for each in students if any((one / _TIMESTAMP).is_file() for one in _folders(each))
    ]
    return 2 * len(stamped) > len(first)


def collected_hand_ins(
    folder: Path, exercises: Sequence[str], collected: str, usual: str = ""
) -> Iterator[HandIn]:
    """What each student has handed in of one assignment; who lacks it has handed in nothing.

    Args:
        collected: the assignment's name; empty where there is only one.
        usual: the one that is taken where none is named and it is there.

    Raises:
        LayoutError: if there is no such assignment, or it has to be said which one is meant.
    """
    students = _folders(folder)
    loose = [path for path in students if _is_loose(path, exercises)]
    names = sorted({each.name for path in students if path not in loose for each in _folders(path)})
    wanted = collected or (usual if usual in names else "")
    wanted = wanted or (names[0] if len(names) == 1 else "")
    if wanted not in names and (collected or names):
        which = (
            f"none is called {clean(collected, 60)!r}" if collected else "say which one is meant"
        )
        raise LayoutError(
            f"{folder} holds {len(names)} assignments of nbgrader's: {_listed(names)}; {which}. "
            f"Use `--collected {names[0] if names else 'NAME'}`."
        )
    for path in students:
        if wanted and os.path.lexists(path / wanted):
            yield _hand_in(path, path / wanted, wanted)
        elif path in loose:
            told = f"It lies in no assignment's folder, and was taken for {clean(wanted, 60)}."
            yield _hand_in(path, path, wanted, (told,) if wanted else ())


def _hand_in(student: Path, place: Path, assignment: str, notes: tuple[str, ...] = ()) -> HandIn:
    when, told = _collected_at(place / _TIMESTAMP)
    name = composed(student.name)
    return HandIn((name,), place, when=when, assignment=assignment, notes=(*notes, *told))


def _collected_at(file: Path) -> tuple[datetime | None, tuple[str, ...]]:
    """When it was collected, and what is to be told where that is not known."""
    try:
        text = read_plain(file, file.name, 200).decode()
    except UnreadableError:
        return None, ()
    except ValueError:
        text = ""
    when = zoned_time(text)
    told = f"It is not known when it was handed in: its {_TIMESTAMP} holds no time of a zone that is known."
    return when, () if when else (told,)


def _folders(folder: Path) -> list[Path]:
    found = (each for each in _inner(folder) if not each.name.startswith((".", "__")))
    folders = (each for each in found if each.is_dir() and not each.is_symlink())
    return sorted(
        (each for each in folders if each.name not in SKIPPED), key=lambda each: each.name
    )


def _inner(folder: Path) -> list[Path]:
    try:
        return [*folder.iterdir()]
    except OSError:  # of it is told when it is read
        return []


def _is_loose(student: Path, exercises: Sequence[str]) -> bool:
    """Whether the student's files lie in the folder itself, without one for an assignment."""
    files = (*_inner(student), *_inner(student / EXERCISES))
    names = [path.name for path in files if not path.name.startswith(".")]
    if _TIMESTAMP in names or candidates(names, exercises) or nearly(names, exercises):
        return True
    return bool(names) and not _folders(student)


def _listed(names: Sequence[str]) -> str:
    more = ["…"] if len(names) > _SHOWN else []
    return ", ".join([*(clean(name, 60) for name in names[:_SHOWN]), *more])

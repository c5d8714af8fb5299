"""What lies in a folder of submissions: who handed in what, by the layouts that the common tools leave on disk.

gh classroom clone student-repos   DIR/<assignment>-submissions/<assignment>-<login>/     repositories
gh teacher download                <classroom>-<assignment>_submissions_<time>/<classroom>-<assignment>-<login>/
Gradescope's export                submission_metadata.yml, submission_<number>/
Moodle, Canvas, Blackboard, Brightspace   `services` has their names
nbgrader                           submitted/<student>/<assignment>/, timestamp.txt
anything else                      <student>/, <student>.zip, <student>.py, <student>_<exercise>.py
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath

from ...errors import LayoutError, UnreadableError
from ...submission.files import read_plain
from ...submission.search import SUFFIXES, exercise_of, nearly_exercise_of, squeezed
from .gradescope import METADATA, exported
from .hand_in import HandIn, Known, composed, nobody
from .nbgrader import collected_hand_ins, is_collected
from .services import ToldByName, told_by_names
from .wrapping import ARCHIVES, prefix_of, unwrapped, visible

_RECEIPT_BYTES = 4096
_BETWEEN = "_.- "  # a student's name and an exercise's


def find_hand_ins(
    folder: Path,
    exercises: Sequence[str],
    known: Known = nobody,
    collected: str = "",
    graded: Sequence[str] = (),
    usual: str = "",
) -> list[HandIn]:
    """What was handed in, in the order of the names on disk.

    Args:
        exercises: names that a file may have.
        known: whether a name is that of a student of the class.
        collected: which of nbgrader's assignments is meant.
        graded: those of the exercises that are graded; with one alone, a file `<student>.py` is it. Empty: all.
        usual: which of nbgrader's assignments is meant where none is named.

    Raises:
        LayoutError: if `folder` is none, nothing is in it, or it has to be said which part of it is meant.
    """
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise LayoutError(
            f"{folder} {what}. Give the folder that holds a folder, repository, zip or file per student."
        )
    try:
        inner = unwrapped(folder, exercises, known)
        folder = inner if inner.is_dir() else inner.parent
        found = list(_hand_ins(folder, exercises, collected, usual, graded or exercises))
    except OSError as error:
        raise LayoutError(
            f"{error.filename or folder} cannot be read: {error.strerror}."
        ) from error
    if not found:
        raise LayoutError(
            f"{folder} holds no submissions: expected a folder, repository, zip or file per student."
        )
    return found


def _hand_ins(
    folder: Path, exercises: Sequence[str], collected: str, usual: str, graded: Sequence[str]
) -> Iterator[HandIn]:
    if not (folder / METADATA).is_file() and is_collected(folder, exercises):
        yield from collected_hand_ins(folder, exercises, collected, usual)
        return
    if collected:
        raise LayoutError(
            f"--collected names one of nbgrader's assignments, and {folder} is not nbgrader's. Leave it out."
        )
    if (folder / METADATA).is_file():
        yield from exported(folder)
    else:
        yield from _by_names(folder, exercises, graded)


def _by_names(folder: Path, exercises: Sequence[str], graded: Sequence[str]) -> Iterator[HandIn]:
    """What the names on disk tell; a single file is a hand-in together with the student's others."""
    prefix = prefix_of(folder)
    entries = visible(folder)
    told = _told(folder, entries)
    files: defaultdict[tuple[str, ...], dict[str, Path]] = defaultdict(dict)
    services: defaultdict[tuple[str, ...], list[ToldByName]] = defaultdict(list)
    for path in entries:
        name, by_service = composed(path.name), told.get(path.name)
        if path.is_dir() and not path.is_symlink():
            if by_service:
                yield _of_service(path, {}, [by_service])
            else:
                yield _of_repository(name, prefix, path)
        elif by_service:
            services[by_service.hand_in].append(by_service)
            files[by_service.hand_in][by_service.file] = path
        elif named := _student_and_file(name, exercises, graded):
            student, file = named
            files[(student,)][file] = path
        elif path.is_symlink() or name.lower().endswith(ARCHIVES + SUFFIXES):
            # also what cannot be read or told apart: it is told rather than passed over
            if path.stem not in exercises:
                stem = re.sub(r"\.tar$", "", composed(path.stem), flags=re.IGNORECASE)
                yield _of_repository(stem, prefix, path)
    for key, parts in files.items():
        if key in services:
            yield _of_service(folder, parts, services[key])
        else:
            yield HandIn(key, folder, parts)


def _told(folder: Path, entries: Iterable[Path]) -> dict[str, ToldByName]:
    """What services tell by names, by the names as they are on disk."""
    on_disk = {composed(path.name): path.name for path in entries}

    def read(name: str) -> str:
        try:
            data = read_plain(folder / on_disk[name], name, _RECEIPT_BYTES)
        except UnreadableError:
            return ""
        return data.decode("utf-8", "replace")

    return {on_disk[name]: told for name, told in told_by_names([*on_disk], read).items()}


def _of_service(path: Path, parts: dict[str, Path], several: Sequence[ToldByName]) -> HandIn:
    """A hand-in of a folder, or of the files that belong to it; a receipt is one where there is no other."""
    first = several[0]
    if len(parts) > 1:
        receipts = {each.file for each in several if each.receipt}
        parts = {name: file for name, file in parts.items() if name not in receipts} or parts
    return HandIn(
        first.aliases,
        path,
        parts,
        name=first.name,
        when=first.when,
        late=any(each.late for each in several),
        numbered=first.numbered,
        longer=first.longer,
        notes=first.notes,
    )


def _of_repository(name: str, prefix: str, path: Path) -> HandIn:
    """A hand-in that is named after its student, perhaps with a prefix that its classroom has put before."""
    login = name.removeprefix(prefix)
    if login and login != name:
        return HandIn((login, name), path, whole=True)
    return HandIn((name,), path)


def _student_and_file(
    name: str, exercises: Sequence[str], graded: Sequence[str]
) -> tuple[str, str] | None:
    """`ada_my_linear.py`, `Ada - My Linear.PY.txt` or `my_linear_ada.ipynb`; with one that is graded, `ada.py`.

    `my_linear.py` is nobody's. The file keeps a name that is nearly right, so that it is told.
    """
    stem, suffix = _split(name)
    if squeezed(stem) in map(squeezed, exercises) or exercise_of(name, exercises):
        return None
    is_code = suffix.lower().removesuffix(".txt") in SUFFIXES
    if not is_code and not name.lower().endswith(ARCHIVES):
        return None  # a roster, say
    for exercise in sorted(exercises, key=len, reverse=True):
        for pattern in (rf"(.+)[_.\- ]{re.escape(exercise)}", rf"{re.escape(exercise)}[_.\- ](.+)"):
            if match := re.fullmatch(pattern, stem):
                return match[1].strip(_BETWEEN) or match[1], exercise + suffix
    if not is_code:
        return None
    for place in (match.start() for match in re.finditer(f"[{re.escape(_BETWEEN)}]", stem)):
        student, rest = stem[:place].strip(_BETWEEN), stem[place + 1 :].strip(_BETWEEN)
        if student and nearly_exercise_of(rest + suffix, exercises):
            return student, rest + suffix
    if len(graded) == 1:
        return stem, graded[0] + suffix.lower().removesuffix(".txt")
    return None


def _split(name: str) -> tuple[str, str]:
    """The name without its suffix, and the suffix; `.py.txt` is one."""
    path = PurePath(name)
    if path.suffix.lower() == ".txt" and PurePath(path.stem).suffix.lower() in SUFFIXES:
        return PurePath(path.stem).stem, PurePath(path.stem).suffix + path.suffix
    return path.stem, path.suffix

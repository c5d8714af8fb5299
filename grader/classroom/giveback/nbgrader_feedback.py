"""nbgrader's `feedback/STUDENT/ASSIGNMENT/NOTEBOOK.html`, from where `nbgrader release_feedback` takes it.

nbgrader looks for one page for each notebook that was handed in; each is the student's whole page. Beside it, it reads
when it was handed in, and the secret by which the student finds the page: both lie in `submitted/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from ...errors import GiveBackError, UnreadableError
from ...submission.files import read_plain
from ..records import Record
from ..report.feedback import html
from .recipients import Handover

NO_NAME = "the identifier is no folder's name; --submissions with nbgrader's submitted/ tells it"
ABOUT = (
    "feedback/   copy it into nbgrader's course folder, and then: nbgrader release_feedback {assignment}\n"
    "            Nothing has been released."
)
_NEEDED, _MOST_BYTES = ("timestamp.txt", "submission_secret.txt"), 10_000
_NOT_A_NAME = re.compile(r'[/\\:*?"<>|]|^\.|[. ]$')


def write_nbgrader_feedback(
    records: Iterable[Record],
    title: str,
    folder: Path,
    assignment: str,
    exercises: Sequence[str],
    names: Mapping[str, str] | None = None,
    submitted: Path | None = None,
) -> Handover:
    """Writes `feedback/`.

    Args:
        records: with the texts of what was handed in, which tell the notebooks' names.
        assignment: what nbgrader calls it.
        exercises: the notebooks of whom nothing could be read.
        names: student → the name in `submitted/`; without it, identifiers are these names.
        submitted: nbgrader's `submitted/`, where what it needs to release the pages is copied from.

    Raises:
        GiveBackError: if `assignment` is no folder's name, or two students would share a folder.
        OSError: if it cannot be written.
    """
    if not is_name(assignment):
        raise GiveBackError(
            f"{assignment!r} is no name of an assignment at nbgrader. Give its folder's name with --collected."
        )
    handover = Handover()
    taken: dict[str, str] = {}
    unreleased = []
    for student, record in handover.of(records):
        name = student if names is None else names.get(student, "")
        if not is_name(name):
            handover.leave_out(student, NO_NAME)
            continue
        if taken.setdefault(name.casefold(), student) != student:
            raise GiveBackError(
                f"{student} and {taken[name.casefold()]} would share the folder {name!r}. Rename one of them."
            )
        place = folder / "feedback" / name / assignment
        place.mkdir(parents=True)
        page = html(record, title)
        for notebook in _notebooks(record) or exercises:
            (place / f"{notebook}.html").write_text(page, encoding="utf-8", errors="replace")
        if submitted is None or not _copy_needed(submitted / name / assignment, place):
            unreleased.append(student)
        handover.given += 1
    if unreleased:
        handover.notes.append(
            f"`nbgrader release_feedback` cannot release {len(unreleased):,} of them, as {' and '.join(_NEEDED)} of "
            f"submitted/STUDENT/{assignment} are missing (--submissions names submitted/): {', '.join(unreleased[:10])}"
            f"{' …' if len(unreleased) > 10 else ''}."
        )
    return handover


def _copy_needed(source: Path, place: Path) -> bool:
    """Copies what nbgrader reads beside a page; whether all of it was there."""
    try:
        for name in _NEEDED:
            if source.is_symlink():
                return False
            (place / name).write_bytes(read_plain(source / name, name, _MOST_BYTES)[:_MOST_BYTES])
    except UnreadableError:
        return False
    return True


def is_name(name: str) -> bool:
    """Whether a folder can be called so on every file system, and lies where it is put."""
    if not name or not name.isprintable() or _NOT_A_NAME.search(name):
        return False
    return len(name.encode()) <= 200


def _notebooks(record: Record) -> list[str]:
    """The names of the files that were handed in, without their ending."""
    stems = (PurePosixPath(file.filename.replace("\\", "/")).stem for file in record.files.values())
    return [stem for stem in dict.fromkeys(stems) if is_name(stem)]

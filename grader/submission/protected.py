"""What a student's repository must not change: digests of the files that the release gave out, and CI's points.

A student owns the repository, and CI in it is feedback. Here is what the instructor's own grading looks at: which of
the protected files (workflow, assignment, grader) differ from those given out, and whether the points that CI announced
are those of a re-run. Both are told as sentences; neither changes a score.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, TypeGuard

from ..errors import NoCommitError, ProtectedError, UnreadableError
from ..report import Report
from ..text import clean
from .files import leads_out, read_plain
from .git_files import CommitFiles, git_folder

SCHEMA = 1
# whatever lies under these is protected, also what was not there before: a second workflow can announce points, too
WHOLE_FOLDERS = (".github",)
_MAX_BYTES = 64 << 20
_MAX_REPORT_BYTES = (
    2 << 20
)  # a report is a tenth of it, and JSON takes thirty times the memory of its text
_MAX_POINTS = 10**9
_MAX_FILES = 1000
_MAX_NOTES = 20
_DELETED = "The protected file {name} was deleted."
_CHANGED = "The protected file {name} was changed."
_ADDED = "The file {name} was added among the protected ones."
_POINTS = re.compile(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*")
# heads of the tables that hold announced points: student, score, maximum
_HEADS = (
    ("github_username", "points_awarded", "points_available"),  # gh classroom assignment-grades
    ("username", "score", "max_score"),  # Classroom 50's scores.csv
    ("usernames", "score", "max_score"),  # Classroom 50's table from the browser
)


@dataclass(frozen=True)
class Announced:
    """The points that CI told of a submission."""

    score: int
    max_score: int


def digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """The SHA-256 of these files of `folder`; of text, whatever its line ends are."""
    return {name: _digest(folder / name) or "" for name in names}


def write_digests(file: Path, given: Mapping[str, str]) -> None:
    """Keeps digests for the instructor's grading."""
    data = {"schema": SCHEMA, "files": dict(sorted(given.items()))}
    file.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


def read_digests(file: Path) -> dict[str, str]:
    """What `write_digests` wrote.

    Raises:
        ProtectedError: if that is not what the file holds.
    """
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProtectedError(f"{clean(str(file))} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise ProtectedError(
            f"{clean(str(file))} is not JSON. Release the assignment anew."
        ) from error
    files = data.get("files") if isinstance(data, dict) else None
    if not isinstance(files, dict) or data.get("schema") != SCHEMA:
        raise ProtectedError(
            f"{clean(str(file))} holds no digests of a release. `grader release --classroom` writes them."
        )
    return {str(name): str(digest) for name, digest in files.items()}


def changed_files(
    given: Mapping[str, str], folder: Path, until: datetime | None = None
) -> tuple[str, ...]:
    """A sentence for each protected file of a student's submission that is not as it was given out.

    In a repository, the files of the commit that is graded are looked at, whatever lies in the folder beside it. The
    first `_MAX_NOTES` sentences, and how many more there are.

    Args:
        until: a commit that is later does not count.

    Raises:
        Fault: if git was killed by others, or this machine is far too slow.
    """
    repository = git_folder(folder) if folder.is_dir() and not folder.is_symlink() else None
    notes = None
    if repository:
        with suppress(NoCommitError, UnreadableError), CommitFiles(repository, until) as files:
            notes = list(_changed_in_commit(given, files))
    if notes is None:  # without a commit, all there is is what lies there
        notes = list(_changed_in_folder(given, folder))
    if len(notes) > _MAX_NOTES:
        more = len(notes) - _MAX_NOTES
        notes[_MAX_NOTES:] = [f"{more} more of the protected files are not as they were given out."]
    return tuple(notes)


def _changed_in_commit(given: Mapping[str, str], files: CommitFiles) -> Iterator[str]:
    names = set(files.names())
    for name, digest in sorted(given.items()):
        if name not in names:
            yield _DELETED.format(name=clean(name))
            continue
        try:
            data = files.read(name, _MAX_BYTES)
        except UnreadableError:
            data = b""
        if _digest_of(data) != digest:
            yield _CHANGED.format(name=clean(name))
    for name in sorted(names - given.keys()):
        if name.split("/")[0] in WHOLE_FOLDERS:
            yield _ADDED.format(name=clean(name))


def _changed_in_folder(given: Mapping[str, str], folder: Path) -> Iterator[str]:
    for name, digest in sorted(given.items()):
        path = folder / name
        if not os.path.lexists(path):
            yield _DELETED.format(name=clean(name))
        elif leads_out(folder, path) or _digest(path) != digest:
            yield _CHANGED.format(name=clean(name))
    for name in _found(folder):
        if name not in given:
            yield _ADDED.format(name=clean(name))


def announced_in(folder: Path) -> Announced | None:
    """The points in a `result.json` (Classroom 50) or `report.json` that lies with a submission; `None` without.

    The file may be the student's own: it is read as hostile data, and only ever compared.
    """
    for name in ("result.json", "report.json"):
        try:
            raw = read_plain(folder / name, name, _MAX_REPORT_BYTES)
            data = json.loads(raw) if len(raw) <= _MAX_REPORT_BYTES else None
        except (UnreadableError, ValueError, RecursionError):
            continue
        if isinstance(data, dict):
            score, most = data.get("score"), data.get("max-score", data.get("max_score"))
            if _whole(score) and _whole(most):
                return Announced(score, most)
    return None


def announced_in_table(file: Path) -> dict[str, Announced]:
    """The points by student of a CSV file: that of `gh classroom assignment-grades`, or Classroom 50's scores.

    Raises:
        ProtectedError: if it cannot be read or has none of these heads.
    """
    try:
        with open(file, encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except OSError as error:
        raise ProtectedError(f"{clean(str(file))} cannot be read: {error.strerror}.") from error
    except (ValueError, csv.Error) as error:
        raise ProtectedError(f"{clean(str(file))} is not a CSV file in UTF-8.") from error
    heads = set(rows[0]) if rows else set()
    for who, score, most in _HEADS:
        if {who, score, most} <= heads:
            return {
                row[who]: Announced(int(row[score]), int(row[most]))
                for row in rows
                if row[who] and _digits(row[score]) and _digits(row[most])
            }
    raise ProtectedError(
        f"{clean(str(file))} has no columns of points: expected {' or '.join(map(', '.join, _HEADS))}."
    )


def announced_in_text(text: str) -> Announced | None:
    """The points of a line such as `Points 17/20`, of the annotation that CI leaves; `None` if it is no such line."""
    found = _POINTS.fullmatch(text.strip().removeprefix("Points"))
    return Announced(int(found[1]), int(found[2])) if found else None


def disagreement(announced: Announced | None, rerun: Report) -> str:
    """A sentence where CI announced other points than the re-run gives; empty where they agree or either has none.

    Args:
        rerun: the report as CI would have made it; of an instructor's report,
            `assignment.on(course).apply(report)`, which leaves out what is kept back.
    """
    if announced is None or rerun.faults or announced == Announced(rerun.score, rerun.max_score):
        return ""
    return (
        f"CI announced {announced.score}/{announced.max_score} points; "
        f"the re-run gives {rerun.score}/{rerun.max_score}."
    )


def _found(folder: Path) -> Iterator[str]:
    """Files under the protected folders, as paths from `folder`; links are named and not followed.

    So many files and folders are looked at, and no more.
    """
    count = 0
    for name in WHOLE_FOLDERS:
        for place, folders, files in os.walk(folder / name):
            count += 1
            links = [each for each in folders if os.path.islink(os.path.join(place, each))]
            for each in sorted([*files, *links]):
                count += 1
                if count > _MAX_FILES:
                    return
                yield PurePosixPath(os.path.relpath(os.path.join(place, each), folder)).as_posix()
            if count > _MAX_FILES:
                return
            folders.sort()


def _digest(path: Path) -> str | None:
    """The digest of a regular file, `None` of anything else; a checkout on Windows does not change it."""
    try:
        data = read_plain(path, path.name, _MAX_BYTES)
    except UnreadableError:
        return None
    return _digest_of(data)


def _digest_of(data: bytes) -> str:
    if b"\0" not in data:
        data = data.replace(b"\r\n", b"\n")
    return hashlib.sha256(data).hexdigest()


def _whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_POINTS


def _digits(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10

"""What lies in a folder of submissions: who handed in what, by the layouts that the common tools leave on disk.

gh classroom clone student-repos   DIR/<assignment>-submissions/<assignment>-<login>/     repositories
gh teacher download                <classroom>-<assignment>_submissions_<time>/<classroom>-<assignment>-<login>/
Gradescope's export                submission_metadata.yml, submission_<number>/
Canvas' download                   <name>[_LATE]_<user>_<submission>_<file>
Moodle's download                  <Full Name>_<number>_assignsubmission_file_/
nbgrader                           submitted/<student>/<assignment>/, timestamp.txt
anything else                      <student>/, <student>.zip, <student>.py, <student>_<exercise>.py
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ...errors import LayoutError, UnreadableError
from ...submission.files import leads_out, read_plain
from ...submission.search import SUFFIXES

_CANVAS = re.compile(r"(?P<who>[^_]+)_(?P<late>LATE_)?(?P<user>\d+)_(?P<number>\d+)_(?P<file>.+)")
_MOODLE = re.compile(r"(?P<who>.+)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?")
_CLASSROOM = re.compile(
    r"(?P<prefix>.+?)(?:-submissions|_submissions_\d{4}_\d\d_\d\d_T_\d\d_\d\d_\d\d)"
)
_MOST_TIMESTAMPS = 1000
_LARGEST_NUMBER = 10**100  # of a student; Python makes no text of a number of 4301 digits
_METADATA = "submission_metadata.yml"
_ARCHIVES = (".zip", ".7z", ".bz2", ".gz", ".rar", ".tar", ".tgz", ".xz")


@dataclass(frozen=True, slots=True)
class HandIn:
    """Something that one student handed in.

    Attributes:
        aliases: what names the student, the surest first.
        path: a folder, a repository, a zip or a file; where there are `files`, their folder.
        files: single files, by the name that each is to have.
        name: the student's, where the layout tells.
        email: the student's, where the layout tells.
        when: when it was handed in, with its time zone, where the layout tells.
        late: whether the layout marks it as late.
    """

    aliases: tuple[str, ...]
    path: Path
    files: Mapping[str, Path] = field(default_factory=dict)
    name: str = ""
    email: str = ""
    when: datetime | None = None
    late: bool = False


def find_hand_ins(folder: Path, exercises: Sequence[str]) -> list[HandIn]:
    """What was handed in, in the order of the names on disk.

    Args:
        exercises: names that a file may have; with one alone, a file `<student>.py` is it.

    Raises:
        LayoutError: if `folder` is none, or nothing is in it.
    """
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise LayoutError(
            f"{folder} {what}. Give the folder that holds a folder, repository, zip or file per student."
        )
    try:
        folder, prefix = _descend(folder)
        if (folder / _METADATA).is_file():
            found = list(_gradescope(folder))
        else:
            found = list(_generic(folder, prefix, exercises))
    except OSError as error:
        raise LayoutError(
            f"{error.filename or folder} cannot be read: {error.strerror}."
        ) from error
    if not found:
        raise LayoutError(
            f"{folder} holds no submissions: expected a folder, repository, zip or file per student."
        )
    return found


def _visible(folder: Path) -> list[Path]:
    found = (path for path in folder.iterdir() if not path.name.startswith((".", "__")))
    # by name, since a path that was compared keeps a second copy of itself
    return sorted(found, key=lambda path: path.name)


def _descend(folder: Path) -> tuple[Path, str]:
    """The folder that the submissions lie in, and the prefix of their names, where the tool's name for it tells."""
    if (folder / "submitted").is_dir():
        return folder / "submitted", ""
    if match := _CLASSROOM.fullmatch(folder.resolve().name):
        return folder, match["prefix"] + "-"
    inner = [path for path in _visible(folder) if path.is_dir()]
    if len(inner) == 1 and (match := _CLASSROOM.fullmatch(inner[0].name)):
        return inner[0], match["prefix"] + "-"
    return folder, ""


def _generic(folder: Path, prefix: str, exercises: Sequence[str]) -> Iterator[HandIn]:
    nbgrader = folder.name == "submitted"
    files: defaultdict[str, dict[str, Path]] = defaultdict(dict)
    canvas: dict[str, re.Match[str]] = {}
    for path in _visible(folder):
        if path.is_dir() and not path.is_symlink():
            if match := _MOODLE.fullmatch(path.name):
                yield HandIn((match["number"], match["who"]), path, name=match["who"])
            else:
                name = path.name.removeprefix(prefix) or path.name
                when = _timestamp(path) if nbgrader else None
                yield HandIn(tuple(dict.fromkeys([name, path.name])), path, when=when)
        elif match := _CANVAS.fullmatch(path.name):
            # a resubmission's number, `my_linear-1.py`, is not part of its name
            plain = re.sub(r"-\d+(?=\.\w+$)", "", match["file"])
            files[match["user"]][plain] = path
            canvas.setdefault(match["user"], match)
        elif path.suffix in SUFFIXES and (named := _student_and_exercise(path.stem, exercises)):
            student, exercise = named
            files[student][exercise + path.suffix] = path
        elif path.is_symlink() or path.suffix in _ARCHIVES or path.suffix in SUFFIXES:
            # also what cannot be read or told apart: it is told rather than passed over
            if path.stem not in exercises:
                name = path.stem.removesuffix(".tar")
                yield HandIn(tuple(dict.fromkeys([name.removeprefix(prefix), name])), path)
    for who, parts in files.items():
        if match := canvas.get(who):
            late = bool(match["late"])
            yield HandIn((who, match["who"]), folder, parts, name=match["who"], late=late)
        else:
            yield HandIn((who,), folder, parts)


def _student_and_exercise(stem: str, exercises: Sequence[str]) -> tuple[str, str] | None:
    """`ada_my_linear`, `ada-my_linear` or `my_linear_ada`; with one exercise alone, `ada`. `my_linear` is nobody's."""
    for name in sorted(exercises, key=len, reverse=True):
        for pattern in (rf"(.+)[_.\- ]{re.escape(name)}", rf"{re.escape(name)}[_.\- ](.+)"):
            if match := re.fullmatch(pattern, stem):
                return match[1], name
    if len(exercises) == 1 and stem != exercises[0]:
        return stem, exercises[0]
    return None


def _gradescope(folder: Path) -> Iterator[HandIn]:
    import yaml

    try:
        raw = read_plain(folder / _METADATA, _METADATA, 256 << 20)
        data = yaml.load(raw, Loader=_loader())
    except Exception as error:  # yaml has a dozen kinds for what is broken
        raise LayoutError(
            f"{folder / _METADATA} cannot be read as YAML. Export it again."
        ) from error
    if not isinstance(data, dict):
        raise LayoutError(f"{folder / _METADATA} is not Gradescope's. Export it again.")
    for name, about in data.items():
        if not isinstance(name, str) or not isinstance(about, dict):
            continue
        path = folder / name
        if path.is_symlink() or path.parent != folder or leads_out(folder, path):
            continue
        when = about.get(":created_at")
        for submitter in _dicts(about.get(":submitters")):
            # of a group, each has handed it in
            given = [_word(submitter.get(key)) for key in (":sid", ":email", ":name")]
            yield HandIn(
                tuple(value for value in (*given, name) if value),
                path,
                name=given[2],
                email=given[1],
                when=_in_utc(when) if isinstance(when, datetime) else None,
            )


def _loader() -> Any:
    """YAML's safe loader without merged tables (`<<`), a few lines of which can stand for billions of entries."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        def flatten_mapping(self, node: Any) -> None:
            """Leaves the table as it is written."""

    return Loader


def _word(value: Any) -> str:
    """A text, or a number as one; empty for all else, since the text of a list can be without end."""
    if isinstance(value, int | float):
        return str(value) if 0 < abs(value) < _LARGEST_NUMBER else ""
    return value if isinstance(value, str) else ""


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _timestamp(folder: Path) -> datetime | None:
    """nbgrader's `timestamp.txt`, of the student's folder or of the latest assignment in it."""
    times = []
    inner = islice(folder.glob("*/timestamp.txt"), _MOST_TIMESTAMPS)
    for path in (folder / "timestamp.txt", *inner):
        try:
            day, clock, *zone = read_plain(path, path.name, 200).decode().split()
            when = datetime.fromisoformat(f"{day} {clock}")
            found = _in_utc(when.replace(tzinfo=ZoneInfo(zone[0])) if zone else when)
        except (UnreadableError, ValueError, LookupError, OSError):
            continue  # no such file, or none of nbgrader's: a student may have written it
        if found:
            times.append(found)
    return max(times, default=None)


def _in_utc(when: datetime) -> datetime | None:
    """A time without a zone is one of UTC; `None` where the calendar ends before it is there."""
    try:
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except OverflowError:
        return None

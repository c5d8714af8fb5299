"""What a service calls a student: the names in what was downloaded from it, matched as grading matches them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from ...errors import GiveBackError, UnreadableError
from ...submission.files import read_plain
from ..handin.matcher import Matcher
from ..records import Enrolled

_MOODLE = re.compile(
    r"(?P<who>[^_/\\]+)_(?P<number>\d{1,18})_assignsubmission_(?P<plugin>file|onlinetext)(?P<end>_?)"
)
_GITHUB = re.compile(
    r"(?:https://(?:[^/@\s]+@)?github\.com/|git@github\.com:|ssh://git@github\.com/)(?P<name>[^/\s]+/[^/\s]+?)(?:\.git)?/?"
)
REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
_MOST_BYTES = 1 << 20
_DEEPEST = 3


@dataclass(frozen=True)
class NameOnDisk:
    """What a service calls a student.

    Attributes:
        name: a folder's name, or a repository's.
        aliases: what names the student, the surest first.
    """

    name: str
    aliases: tuple[str, ...]


def matched(
    names: Iterable[NameOnDisk], students: Sequence[Enrolled]
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Student → the name; and, of those for whom several were found, student → all of them: none is guessed."""
    names = list(names)
    matcher = Matcher(students, (each.aliases for each in names))
    found: defaultdict[str, list[str]] = defaultdict(list)
    for each in names:
        student = matcher.find(each.aliases)
        if student is not None and each.name not in found[student]:
            found[student].append(each.name)
    single = {student: several[0] for student, several in found.items() if len(several) == 1}
    return single, {who: several for who, several in found.items() if len(several) > 1}


def moodle_names(download: Path) -> list[NameOnDisk]:
    """What Moodle called the participants, from its download: a folder or the zip, with folders in it or without.

    Raises:
        GiveBackError: if it is neither, or there is no such name in it.
    """
    numbers: dict[str, str] = {}
    for part in _names_in(download):
        if match := _MOODLE.match(part):
            # one folder for each participant: text that was typed in lies in another one
            name = f"{match['who']}_{match['number']}_assignsubmission_file{match['end']}"
            if match["plugin"] == "file" or match["number"] not in numbers:
                numbers[match["number"]] = name
    if not numbers:
        raise GiveBackError(
            f"{download} is no download of Moodle's: nothing in it is called as "
            "`Ada Lind_5000_assignsubmission_file_`. Give the folder or zip of “Download all submissions”."
        )
    return [
        NameOnDisk(name, (number, f"Participant {number}", name.split("_", 1)[0]))
        for number, name in numbers.items()
    ]


def _names_in(download: Path) -> Iterator[str]:
    """The names of all that lies in a folder or a zip, some folders deep; links are not followed."""
    if download.is_dir():
        yield from _below(download, _DEEPEST)
        return
    try:
        with ZipFile(download) as archive:
            for name in archive.namelist():
                yield from name.split("/")
    except (OSError, BadZipFile) as error:
        raise GiveBackError(
            f"{download} is neither a folder nor a zip that can be read. Give the download that was graded."
        ) from error


def _below(folder: Path, depth: int) -> Iterator[str]:
    for path in sorted(folder.iterdir()):
        yield path.name
        if depth > 1 and path.is_dir() and not path.is_symlink():
            yield from _below(path, depth - 1)


def nbgrader_names(submitted: Path) -> list[NameOnDisk]:
    """nbgrader's students, from `submitted/` or the course's folder.

    Raises:
        GiveBackError: if it is no folder.
    """
    folders = _folders(submitted_folder(submitted))
    return [NameOnDisk(path.name, (path.name,)) for path in folders]


def submitted_folder(folder: Path) -> Path:
    """`submitted/`, of itself or of nbgrader's course folder."""
    inner = folder / "submitted"
    return inner if inner.is_dir() else folder


def repository_names(clones: Path) -> list[NameOnDisk]:
    """The repositories at GitHub that the folders of `clones` were cloned from, by what their settings say.

    A folder is believed only where it is called as its repository: whoever hands in a folder can write any address into
    it.

    Raises:
        GiveBackError: if it is no folder.
    """
    folders = _folders(clones)
    if len(folders) == 1 and not (folders[0] / ".git").exists():
        folders = _folders(folders[0])  # `gh classroom clone` puts a folder around them
    names = []
    for path in folders:
        repository = _origin(path)
        called = repository.partition("/")[2].casefold()
        if repository and called == path.name.casefold():
            names.append(NameOnDisk(repository, (path.name,)))
    return names


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise GiveBackError(f"{folder} is no folder. Give the folder that was graded.")
    found = [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
    return sorted(path for path in found if not path.name.startswith("."))


def _origin(clone: Path) -> str:
    """`owner/name`; empty where that is not known."""
    if (clone / ".git").is_symlink():
        return ""
    try:
        settings = read_plain(clone / ".git" / "config", "config", _MOST_BYTES).decode("utf-8")
    except (UnreadableError, UnicodeDecodeError):
        return ""
    address = _GITHUB.fullmatch(_url_of_origin(settings))
    name = address["name"] if address else ""
    return name if REPOSITORY.fullmatch(name) else ""


def _url_of_origin(settings: str) -> str:
    """The address in a repository's settings; empty where there is none."""
    section = ""
    for line in map(str.strip, settings.splitlines()):
        if line.startswith("["):
            section = line
        elif section == '[remote "origin"]' and line.replace(" ", "").startswith("url="):
            return line.partition("=")[2].strip()
    return ""


def unsure(several: Mapping[str, Sequence[str]]) -> list[str]:
    """A sentence for each student for whom more than one name was found."""
    return [
        f"{student} may be {' or '.join(names[:5])}: left out, as nothing is guessed."
        for student, names in several.items()
    ]

"""The lock of a release: every package that it installs, in one version, with the hashes of its files.

The hashes come from the package indexes, so making a lock needs uv and the network; using one needs neither. A lock
lies beside the assignment's file, as `assignment.lock`, and says in its first line what it was made for. The command
`grader release` makes it anew when that has changed. The grader's own wheel is not in it: it lies in the release.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from importlib.util import find_spec
from pathlib import Path

from ...course.assignment import AssignedCourse
from ...errors import ReleaseError
from .shared import PinnedGrader, writing

NAME = "requirements.lock"  # what it is called in a release
# where all of these services grade; what is locked for it is not for a student's own machine
_PLATFORM = "x86_64-manylinux_2_28"
_SECONDS = 300
_FOR = "# Made by `grader release` for "
_PINNED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.+!_-]+")
_NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Lock:
    """The lock of a release, or why there is none.

    Attributes:
        text: what the file holds; empty without one.
        why_not: why there is none.
    """

    text: str = ""
    why_not: str = ""


def lock_of(assigned: AssignedCourse, grader: PinnedGrader) -> Lock:
    """The lock that lies beside the assignment; made anew where it was made for something else, or is not there.

    Raises:
        ReleaseError: if it cannot be written, or was changed so that it locks no more.
    """
    if grader.is_commit:
        return Lock(why_not="a commit has no hash that an installer checks; name a wheel in `[ci]`")
    file = assigned.assignment.path.with_suffix(".lock")
    asked = _asked(assigned, grader)
    head = f"{_FOR}Python {assigned.assignment.ci.python}: {', '.join(asked)}"
    if grader.index:
        head += f"; from {grader.index}"
    text = _read(file)
    if text.partition("\n")[0] == head:
        _expect_locked(text, file)
        _expect_all(text, asked, file)
        return Lock(text)
    uv = _uv()
    if not uv:
        return Lock(why_not="uv, which finds the hashes, is not installed (pip install uv)")
    options = ["--python-version", assigned.assignment.ci.python, "--python-platform", _PLATFORM]
    options += ["--torch-backend", "cpu", "--only-binary", ":all:", "--generate-hashes"]
    if grader.index:
        options += ["--default-index", grader.index]
    options += ["--no-header", "--no-annotate", "--no-emit-index-url", "--quiet", "-"]
    try:
        result = subprocess.run(
            [*uv, "pip", "compile", *options],
            input="\n".join(asked),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Lock(why_not=f"uv did not find the hashes ({type(error).__name__})")
    if result.returncode:
        lines = [line.strip() for line in result.stderr.splitlines() if line.strip()]
        return Lock(why_not=f"uv did not find the hashes ({'; '.join(lines[:2])[:200]})")
    text = f"{head}\n{result.stdout}"
    _expect_locked(text, file)
    with writing(file):
        file.write_text(text, encoding="utf-8")
    return Lock(text)


def _read(file: Path) -> str:
    """What a lock holds; empty where there is none.

    Raises:
        ReleaseError: if it cannot be read.
    """
    if not file.is_file():
        return ""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise ReleaseError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ReleaseError(
            f"{file} is not UTF-8 text. Remove it; `grader release` makes it anew."
        ) from error


def _uv() -> list[str]:
    """The command; empty where there is none."""
    if found := shutil.which("uv"):
        return [found]
    return [sys.executable, "-m", "uv"] if find_spec("uv") else []


def _asked(assigned: AssignedCourse, grader: PinnedGrader) -> list[str]:
    """What is asked for by name: torch, the course's packages, the grader or what its wheel asks for."""
    names = wanted(assigned)
    names += _needed_by(grader.wheel) if grader.wheel else [grader.requirement]
    return list(dict.fromkeys(names))


def _needed_by(wheel: Path) -> Iterator[str]:
    """What a wheel needs, without its extras, in the order of its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        found = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        text = archive.read(found[0]).decode() if found else ""
    for requirement in HeaderParser().parsestr(text).get_all("Requires-Dist", []):
        name, _semicolon, marker = requirement.partition(";")
        if "extra" not in marker:
            yield (
                requirement.replace(" ", "") if not marker else f"{name.strip()}; {marker.strip()}"
            )


def _expect_locked(text: str, file: Path) -> None:
    """Each package in one version, with hashes, and nothing besides: no option, no address.

    Raises:
        ReleaseError: if it is anything else.
    """
    for number, entry in _entries(text):
        pinned, *rest = entry.split(" --hash", 1)[0].split(";", 1)
        marker = rest[0] if rest else ""
        has_hashes = bool(_HASH.search(entry)) and not _HASH.sub("", entry).count("--")
        if not _PINNED.fullmatch(pinned.strip()) or not has_hashes or "/" in marker:
            raise ReleaseError(
                f"{file}, line {number}: a package needs one version and hashes, as in "
                "`name==1.0 --hash=sha256:…`. Remove the file; `grader release` makes it anew."
            )


def _expect_all(text: str, asked: Sequence[str], file: Path) -> None:
    """For a lock that was made before: somebody may have taken a line out, or changed a version.

    Raises:
        ReleaseError: if a package that was asked for is not in it, or in another version.
    """
    locked = {}
    for _number, entry in _entries(text):
        name, _equals, version = re.split(r"[\s;]", entry, maxsplit=1)[0].partition("==")
        locked[_plain_name(name)] = version
    for each in asked:
        named = _NAMED.match(each)
        if not named or ";" in each:
            continue  # whether a marker holds, the installer says
        version = locked.get(_plain_name(named[0]), "")
        exact = each[named.end() :].removeprefix("==")
        is_exact = each[named.end() :] == f"=={exact}" and "*" not in exact and "," not in exact
        if not version or (is_exact and _plain_version(version) != _plain_version(exact)):
            found = f"locks version {version} of it" if version else "does not lock it"
            raise ReleaseError(
                f"The release asks for {each}, and {file} {found}. Remove the file; `grader release` makes it anew."
            )


def _plain_version(version: str) -> str:
    """Without what names a build, as in torch's 2.13.0+cpu, and without zeros at the end (PEP 440)."""
    return re.sub(r"(\.0)+$", "", version.partition("+")[0])


def _plain_name(name: str) -> str:
    """The name of a package as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _entries(text: str) -> Iterator[tuple[int, str]]:
    """The requirements, each with the number of its first line; what is continued is one."""
    entry: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not entry and (not line.strip() or line.lstrip().startswith("#")):
            continue
        first = first if entry else number
        entry.append(line.rstrip("\\").strip())
        if not line.endswith("\\"):
            yield first, " ".join(entry)
            entry = []
    if entry:
        yield first, " ".join(entry)


def wanted(assigned: AssignedCourse) -> list[str]:
    """What is installed besides the grader, by its name and version: torch, and the course's packages."""
    return [f"torch=={assigned.assignment.ci.torch}", *assigned.course.packages]


def installs(lock: Lock, grader: PinnedGrader, others: Sequence[str], place: str) -> list[str]:
    """The arguments of each `uv pip install`, one after another.

    Args:
        others: what is installed besides, where there is no lock.
        place: the folder that the lock lies in, and the grader's wheel.
    """
    index = f"--default-index '{grader.index}' " if grader.index else ""
    named = grader.from_folder(place if place == "." else f"./{place}")  # a path, not a name
    if not lock.text:
        return [index + " ".join(f"'{each}'" for each in (*others, named))]
    locked = f"{index}--require-hashes --requirement {place}/{NAME}"
    return [locked, f"--no-deps '{named}'"] if grader.wheel else [locked]

"""Where the branches of a git repository stand: read from its files, since git is never shown the repository's own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..errors import NoCommitError, UnreadableError
from .files import read_plain

HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
MAX_LISTING = 8 << 20  # bytes of what is listed of a repository
_MAX_REFS = 1000
_BRANCHES = ("refs/heads/", "refs/remotes/")


def head_of(folder: Path) -> str:
    """The hash of the commit that HEAD stands for."""
    found = text_of(folder / "HEAD").strip()
    for _ in range(3):
        if HASH.fullmatch(found):
            return found
        name = found.removeprefix("ref:").strip()
        if found == name or ".." in name or not name.startswith("refs/"):
            break
        if name == "refs/heads/.invalid":
            raise UnreadableError(
                "The repository keeps its branches as a “reftable”. Clone it again."
            )
        try:
            found = text_of(folder / name).strip()
        except FileNotFoundError:
            found = _packed(folder, name)
            if not found:
                raise NoCommitError("The repository has no commit.") from None
    raise UnreadableError("The repository is damaged: its HEAD leads nowhere. Clone it again.")


def _packed(folder: Path, name: str) -> str:
    with suppress(FileNotFoundError):
        for line in text_of(folder / "packed-refs").splitlines():
            commit, _, ref = line.partition(" ")
            if ref == name:
                return commit
    return ""


def text_of(path: Path) -> str:
    if not os.path.lexists(path):  # also where no file could have such a name
        raise FileNotFoundError
    return read_plain(path, path.name, MAX_LISTING).decode("utf-8", "replace")


def branches_of(folder: Path) -> Iterator[tuple[str, str]]:
    """The names of a repository's branches, fetched ones included, each with the hash of its last commit.

    What cannot be read is passed over, and of a great many only some are looked at.
    """
    found = dict(_packed_branches(folder))
    for name in _loose(folder):
        with suppress(OSError, UnreadableError):
            found[name] = text_of(folder / name).strip()
    for name, commit in found.items():
        if HASH.fullmatch(commit):
            yield name.split("/", 2)[2], commit


def _packed_branches(folder: Path) -> Iterator[tuple[str, str]]:
    with suppress(OSError, UnreadableError):
        for line in text_of(folder / "packed-refs").splitlines():
            commit, _, name = line.partition(" ")
            if name.startswith(_BRANCHES):
                yield name, commit


def _loose(folder: Path) -> Iterator[str]:
    count = 0
    for branches in _BRANCHES:
        for place, inner, names in os.walk(folder / branches):
            inner.sort()
            for name in sorted(names):
                yield (Path(place) / name).relative_to(folder).as_posix()
            count += 1 + len(names)
            if count > _MAX_REFS:
                return

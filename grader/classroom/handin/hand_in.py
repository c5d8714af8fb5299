"""Something that one student handed in, before any of it is read."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

Known = Callable[[Sequence[str]], bool]  # whether one of these names a student of the class


@dataclass(frozen=True, slots=True)
class HandIn:
    """Something that one student handed in.

    Attributes:
        aliases: what names the student, the surest first.
        path: a folder, a repository, an archive or a file; where there are `files`, their folder.
        files: single files, by the name that each is to have.
        name: the student's, where the layout tells.
        email: the student's, where the layout tells.
        when: when it was handed in, with its time zone, where the layout tells.
        late: whether the layout marks it as late.
        numbered: how many of the aliases are the service's own number of the student, which may be somebody else's
            in a roster of another service.
        whole: whether the first alias is the student's name without an assignment's before it.
        longer: what may name the student and begins earlier than the first alias; a class list that has it is right.
        assignment: nbgrader's name of the assignment that it is of.
        notes: what the instructor should look at.
    """

    aliases: tuple[str, ...]
    path: Path
    files: Mapping[str, Path] = field(default_factory=dict)
    name: str = ""
    email: str = ""
    when: datetime | None = None
    late: bool = False
    numbered: int = 0
    whole: bool = False
    longer: tuple[str, ...] = ()
    assignment: str = ""
    notes: tuple[str, ...] = ()


def composed(name: str) -> str:
    """A name from a disk, with each letter as one character: macOS writes é and 김 as several."""
    return unicodedata.normalize("NFC", name)


def nobody(aliases: Sequence[str]) -> bool:
    """Where no class is known yet."""
    return False

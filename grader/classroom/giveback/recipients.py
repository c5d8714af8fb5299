"""Who gets something back: whoever has a score. Of the others it is told why they do not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..records import Record
from ..sanitize import shown

NOTHING = "nothing handed in"
NOT_GRADED = "not graded yet"
EXCUSED = "excused"


@dataclass
class Handover:
    """What came of giving back.

    Attributes:
        given: to how many students something is given.
        left_out: why somebody gets nothing, in a few words → their identifiers.
        notes: what the instructor should know besides, as sentences.
    """

    given: int = 0
    left_out: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    notes: list[str] = field(default_factory=list)

    def of(self, records: Iterable[Record]) -> Iterator[tuple[str, Record]]:
        """Identifier and record, fit to show, of whoever has a score; the others are put down with the reason."""
        for record in records:
            if reason := why_nothing(record):
                self.leave_out(record.student.id, reason)
            else:
                yield record.student.id, shown(record)

    def leave_out(self, student: str, reason: str) -> None:
        """Puts down that a student gets nothing."""
        self.left_out[reason].append(student)


def why_nothing(record: Record) -> str:
    """Why a student gets nothing back; empty where there is something. Points by hand are something."""
    state: str = record.state
    if state == "excused":
        return EXCUSED
    if state == "not graded":
        return NOT_GRADED
    return NOTHING if state == "nothing handed in" and not record.adjustments else ""

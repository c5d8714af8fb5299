"""What is to be sent to Canvas, as files to look at first; what was sent is put down there, too."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ...errors import GiveBackError
from ...outputs.escape import cell
from ..report.exports import write_csv
from ..report.file_names import slug
from ..report.own_sheet import Value
from .canvas_plan import CanvasChange, CanvasIntent, shown_grade

ABOUT = (
    "plan.csv    who is to be given what; with a token, also what Canvas has now\n"
    "comments/   the comment for each student\n"
    "sent.csv    what was sent, once something was\n"
    "Nothing is sent before the same command is given with --send."
)
_PLAN, _SENT = "plan.json", "sent.csv"


def write_plan(
    intents: Sequence[CanvasIntent],
    changes: Sequence[CanvasChange] | None,
    digest: str,
    folder: Path,
    before: Path,
) -> None:
    """Writes what is to be sent.

    Args:
        changes: as against what Canvas has; `None` where it was not asked.
        digest: of what is to be sent.
        before: the folder that this one takes the place of, if it is there; what was sent stays put down.

    Raises:
        OSError: if it cannot be written.
    """
    if (before / _SENT).is_file():
        shutil.copyfile(before / _SENT, folder / _SENT)
    (folder / "comments").mkdir()
    for intent in intents:
        if intent.comment:
            path = folder / "comments" / f"{slug(intent.student)}.txt"
            path.write_text(intent.comment + "\n", encoding="utf-8", errors="replace")
    write_csv(folder / "plan.csv", _rows(intents, changes))
    (folder / _PLAN).write_text(json.dumps({"digest": digest}) + "\n", encoding="utf-8")


def _rows(
    intents: Sequence[CanvasIntent], changes: Sequence[CanvasChange] | None
) -> Iterator[Sequence[Value]]:
    yield "student", "name", "grade", "comment", "user of Canvas", "change there"
    by_student = {change.intent.student: change for change in changes or ()}
    for intent in intents:
        change = by_student.get(intent.student)
        user, what = "", "" if changes is None else "not sent"
        if change:
            user, what = f"{change.has.name} ({change.has.user})", described(change)
        comment = f"comments/{slug(intent.student)}.txt" if intent.comment else ""
        grade = "excused" if intent.excuse else intent.grade
        yield intent.student, intent.name, grade, comment, user, what


def described(change: CanvasChange) -> str:
    """A change in words."""
    comment = "a comment" if change.comment else ""
    return ", ".join(filter(None, [shown_grade(change), comment])) or "is there already"


def expect_plan(folder: Path, digest: str) -> None:
    """Lets a folder pass that holds the plan of just what is to be sent.

    Raises:
        GiveBackError: if there is none, or something else would be sent than what was looked at.
    """
    try:
        plan = json.loads((folder / _PLAN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise GiveBackError(
            f"{folder} has no plan. Give the same command without --send first, and look at what it writes."
        ) from None
    if not isinstance(plan, dict) or plan.get("digest") != digest:
        raise GiveBackError(
            f"The gradebook or the assignment is another one than when {folder} was written. Give the command with "
            "--replace and without --send, look at the plan, and send then."
        )


def note_sent(folder: Path, change: CanvasChange) -> None:
    """Puts down that something was sent.

    Raises:
        OSError: if it cannot be written.
    """
    import csv

    path = folder / _SENT
    is_new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(["when", "student", "user of Canvas", "what"])
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        row = (now, change.intent.student, change.has.user, described(change))
        writer.writerow(map(cell, row))

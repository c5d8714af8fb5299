"""A class's report as a folder: web page, files for learning platforms, feedback, data; from one pass over the records.

The folder is made beside its place and moved there when it is whole; a report that was there before is replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path

from ..own_folder import own_folder
from ..records import Record, RosterSheet
from ..sanitize import name_of, shown
from ..similarity.pairs import Finding
from .class_summary import ClassSummary
from .exports import write_exports
from .feedback import write_feedback
from .tables import DataFolder
from .webpage import WebPage

PARTS = ("page", "csv", "feedback", "data")
WHOSE = "Made by grader report"
_ABOUT = """

As far as it was asked for:
index.html   the report; open it in a browser (it needs this folder, and no network)
scores/      the scores, for Canvas, Moodle, Blackboard and Classroom 50; scores.csv for a spreadsheet
feedback/    a file for each student, as Markdown and as a page
tables/      everything as data: records.jsonl, and tables as Parquet or CSV

These files hold personal data. The next `grader report` into this folder replaces all of it.
"""


def write_report(
    records: Iterable[Record],
    folder: Path,
    *,
    title: str = "",
    parts: Collection[str] = PARTS,
    present: Callable[[Record], Record] = lambda record: record,
    findings: Sequence[Finding] | None = None,
    deadline: datetime | None = None,
    sheet: RosterSheet | None = None,
    canvas_column: str = "",
) -> ClassSummary:
    """Writes the report of a class into `folder`.

    Args:
        records: taken one by one; none is kept.
        folder: made where it is not there; a report that it holds is replaced.
        title: the assignment's.
        parts: which of `PARTS` to write.
        present: applied to each record first, to put pseudonyms in.
        findings: similar pairs for the page, numbered in the order of the records; `None` where nobody looked.
        deadline: the class's, for the page.
        sheet: the roster as it was written, to be given back with scores.
        canvas_column: the header of Canvas' column for the scores; empty where the title is to tell.

    Raises:
        OutputError: if `folder` holds something else than a report; nothing is touched.
        OSError: if it cannot be written.
    """
    with own_folder(folder, f"{WHOSE}{_ABOUT}") as made:
        summary = _write(records, made, name_of(title), parts, present, findings, deadline)
        if "csv" in parts:
            write_exports(summary, made / "scores", sheet, canvas_column)
    return summary


def _write(
    records: Iterable[Record],
    folder: Path,
    title: str,
    parts: Collection[str],
    present: Callable[[Record], Record],
    findings: Sequence[Finding] | None,
    deadline: datetime | None,
) -> ClassSummary:
    summary = ClassSummary(title)
    paths = {"csv": folder / "scores", "feedback": folder / "feedback", "data": folder / "tables"}
    for part, path in paths.items():
        if part in parts:
            path.mkdir()
    page = WebPage(folder) if "page" in parts else None
    with DataFolder(paths["data"]) if "data" in parts else nullcontext() as data:
        for record in records:
            record = shown(present(record))
            summary.add(record)
            if page:
                page.add(record, summary)
            if data:
                data.add(record)
            if "feedback" in parts:
                write_feedback(record, title or "Feedback", paths["feedback"])
        if data:
            data.close(summary)
    if page:
        page.close(summary, findings, deadline)
    return summary

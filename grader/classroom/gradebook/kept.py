"""Results of single exercises, kept by what they follow from, so that nothing has to run twice.

What is kept has the points of the checks' own files. It is a report of one exercise, of nobody: its submission has no
name. A result of a newer grader's, or one that is damaged, is as if it was not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ...report import Report
from .kept_report import packed, unpacked
from .models import KeptResultRow
from .reader import Gradebook


def kept(gradebook: Gradebook, keys: Iterable[str]) -> dict[str, Report]:
    """Those of the results that are there, by key."""
    query = select(KeptResultRow.key, KeptResultRow.report)
    with gradebook.engine.connect() as connection:
        rows = connection.execute(query.where(KeptResultRow.key.in_([*keys]))).all()
    found = {key: unpacked(data) for key, data in rows}
    return {key: report for key, report in found.items() if report is not None}


def keep(gradebook: Gradebook, reports: Mapping[str, Report]) -> None:
    """Keeps results; what is there of the same key is replaced.

    Args:
        reports: key → a report of one exercise.

    Raises:
        GradebookError: if it cannot be written.
        ValueError: if one of them has a fault in it, and so is no result.
    """
    # in one order, so that two runs do not wait for each other
    rows = [_columns(key, report) for key, report in sorted(reports.items())]

    def write(session: Session) -> None:
        session.execute(delete(KeptResultRow).where(KeptResultRow.key.in_([*reports])))
        session.execute(insert(KeptResultRow), rows)

    if rows:
        try:
            gradebook.write(write)
        except IntegrityError:
            return  # another run kept the same at the same moment


def _columns(key: str, report: Report) -> dict[str, object]:
    [result] = report.exercises
    if result.is_fault:
        raise ValueError(f"A fault is no result, and is not kept: {result.name}.")
    return {
        "key": key,
        "exercise": result.name,
        "kept": datetime.now(UTC),
        "report": packed(report),
    }

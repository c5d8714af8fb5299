"""Everything as data for a notebook of one's own: `records.jsonl`, and tables as Parquet, or CSV without pyarrow.

Tables are written as the records come, some thousand rows at a time, so that a large class needs no more memory
than a small one.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any, Self, TextIO

from ...outputs.escape import cell
from ..records import Record
from .class_summary import ClassSummary
from .exports import stamp
from .own_sheet import Value

BATCH = 5000  # rows
# column → its type, as pyarrow names it
STUDENTS = {
    "student": "string",
    "name": "string",
    "login": "string",
    "email": "string",
    "section": "string",
    "on_roster": "bool_",
    "handed_in": "bool_",
    "state": "string",
    "submitted": "string",
    "late_days": "int64",
    "graded": "int64",
    "penalty": "int64",
    "adjusted": "int64",
    "score": "int64",
    "max_score": "int64",
    "problem": "string",
}
EXERCISES = {
    "student": "string",
    "exercise": "string",
    "status": "string",
    "score": "int64",
    "max_score": "int64",
    "seed": "int64",
    "message": "string",
}
CHECKS = {
    "student": "string",
    "exercise": "string",
    "check": "string",
    "status": "string",
    "points": "int64",
    "score": "int64",
    "seconds": "float64",
    "cause": "string",
    "message": "string",
}
MISTAKES = {
    "kind": "string",
    "exercise": "string",
    "checks": "string",
    "mistake": "string",
    "student": "string",
}


def pyarrow() -> ModuleType | None:
    """The library that writes Parquet, where it is installed."""
    try:
        import pyarrow as library
        import pyarrow.parquet
    except ImportError:
        return None
    return library  # type: ignore[no-any-return]


class TableFile:
    """A file of rows: Parquet where pyarrow is installed, else CSV. A context manager.

    Args:
        folder: where to write it.
        name: without its ending.
        columns: name → type, as pyarrow names it.
    """

    def __init__(self, folder: Path, name: str, columns: dict[str, str]) -> None:
        self._columns = columns
        self._rows: list[Sequence[Value]] = []
        self._arrow = pyarrow()
        self._writer: Any
        self._file: TextIO | None = None
        if self._arrow:
            self.path = folder / f"{name}.parquet"
            schema = [(column, getattr(self._arrow, kind)()) for column, kind in columns.items()]
            self._schema = self._arrow.schema(schema)
            self._writer = self._arrow.parquet.ParquetWriter(self.path, self._schema)
        else:
            self.path = folder / f"{name}.csv"
            self._file = self.path.open("w", encoding="utf-8", newline="")
            self._writer = csv.writer(self._file)
            self._writer.writerow(list(columns))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._flush()
        if self._file:
            self._file.close()
        else:
            self._writer.close()

    def add(self, *row: Value) -> None:
        """A row, with a value for each column."""
        self._rows.append(row)
        if len(self._rows) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        rows, self._rows = self._rows, []
        if self._arrow is None:
            self._writer.writerows(map(cell, row) for row in rows)
        elif rows:
            columns = [
                self._arrow.array(values, field.type)
                for values, field in zip(zip(*rows, strict=True), self._schema, strict=True)
            ]
            self._writer.write_table(self._arrow.Table.from_arrays(columns, schema=self._schema))


class DataFolder:
    """The folder of data. A context manager that takes the records one by one; `close` writes what needs them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        keep = self._stack.enter_context
        self._students = keep(TableFile(self._folder, "students", STUDENTS))
        self._exercises = keep(TableFile(self._folder, "exercises", EXERCISES))
        self._checks = keep(TableFile(self._folder, "checks", CHECKS))
        self._records = keep((self._folder / "records.jsonl").open("w", encoding="utf-8"))
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def add(self, record: Record) -> None:
        """Writes a record into all tables but that of the mistakes."""
        self._records.write(record_json(record) + "\n")
        student, report = record.student, record.report
        self._students.add(
            *(student.id, student.name, student.login, student.email, student.section),
            *(student.on_roster, report is not None, record.state, stamp(record.submitted)),
            *(record.late_days, record.graded, record.penalty),
            *(sum(each.points for each in record.adjustments), record.score, record.max_score),
            record.problem,
        )
        for exercise in report.exercises if report else ():
            self._exercises.add(
                *(student.id, exercise.name, exercise.status, exercise.score, exercise.max_score),
                *(exercise.seed, exercise.message),
            )
            for check in exercise.checks:
                self._checks.add(
                    *(student.id, exercise.name, check.name, check.status, check.points),
                    *(check.score, check.seconds, check.cause, check.message),
                )

    def close(self, summary: ClassSummary) -> None:
        """Writes the table of the mistakes, a row for everyone who made one, when all records are in."""
        with TableFile(self._folder, "mistakes", MISTAKES) as table:
            for row in _mistakes(summary):
                table.add(*row)


def record_json(record: Record) -> str:
    """A record as JSON; the report as `grader/report.schema.json` describes it."""
    report = record.report
    data = {
        **{name: value for name, value in vars(record).items() if name != "absence"},
        "state": record.state,
        "score": record.score,
        "submitted": stamp(record.submitted),
        "excused": record.excused and vars(record.excused) | {"when": stamp(record.excused.when)},
        "adjustments": [vars(each) | {"when": stamp(each.when)} for each in record.adjustments],
        "report": report and {"score": report.score, "max_score": report.max_score, **vars(report)},
    }
    # dataclasses are written as their fields, all the way down
    return json.dumps(data, default=vars)


def _mistakes(summary: ClassSummary) -> Iterator[Sequence[Value]]:
    for mistake in summary.mistakes:
        exercise = summary.exercises[mistake.exercise].name
        checks = ", ".join(summary.checks[number].name for number in sorted(mistake.checks))
        for student in mistake.students:
            yield mistake.kind, exercise, checks, mistake.text, summary.lines[student].id

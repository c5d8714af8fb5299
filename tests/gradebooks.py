"""Gradebooks of two students and one exercise, and runs that grade into them without a sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, inspect

from grader.classroom.gradebook import database
from grader.classroom.gradebook.enrolment import enrol
from grader.classroom.gradebook.late import LatePolicy
from grader.classroom.gradebook.reader import Gradebook, open_gradebook
from grader.classroom.gradebook.settings import (
    GradebookSettings,
    write_max_scores,
    write_settings,
)
from grader.classroom.gradebook.writer import GradebookWriter, ReceivedHandIn
from grader.classroom.handin.read import Submitted
from grader.classroom.handin.roster import RosterEntry
from grader.classroom.records import Enrolled
from grader.report import CheckResult, Environment, ExerciseResult, Report
from grader.submission import Cell, Source

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ADA, BOB = Enrolled("ada", "Ada Lovelace", "ada@x.org", "B", "ada-l"), Enrolled("bob")


@pytest.fixture(autouse=True)
def tables_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the migrations have done to one empty database is done to the others: they take five times as long.

    A file that tries the migrations has a fixture of this name that does nothing.
    """
    migrate = database._migrate

    def copied(connection: Connection, shown: str) -> None:
        if inspect(connection).get_table_names():  # of an older version
            return migrate(connection, shown)
        connection.rollback()
        name = connection.dialect.name
        if name not in DONE:
            with _noted(connection) as statements:
                migrate(connection, shown)
            DONE[name] = [each for each in statements if not each[0].startswith(PASSED_OVER)]
            return
        with connection.execution_options(writes=True).begin():
            for statement, parameters in DONE[name]:
                connection.exec_driver_sql(statement, parameters or None)

    monkeypatch.setattr(database, "_migrate", copied)


DONE: dict[str, list[tuple[str, Any]]] = {}  # by the dialect
PASSED_OVER = ("BEGIN", "PRAGMA", "SELECT")


@contextmanager
def _noted(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    """Every statement, and its parameters."""
    statements = []

    def note(_: Connection, cursor: Any, statement: str, parameters: Any, *more: Any) -> None:
        statements.append((statement.strip(), parameters))

    event.listen(connection.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(connection.engine, "before_cursor_execute", note)


@contextmanager
def small_gradebook(where: str | Path) -> Iterator[Gradebook]:
    """A new one of Bob and Ada and one exercise of ten points, with a deadline at noon."""
    policy = LatePolicy(points=2, free_days=1)
    with open_gradebook(where, create=True) as opened:
        write_settings(opened, GradebookSettings("Lab 1", ("my_linear",), NOON, policy))
        enrol(opened, [RosterEntry(BOB), RosterEntry(ADA)], [])
        write_max_scores(opened, {"my_linear": 10}, "checks")
        yield opened


def report(score: int, name: str = "ada") -> Report:
    check = CheckResult("forward", "It is right.", "passed", 10, score, "“ok” \u2028 🐍 é")
    result = ExerciseResult(
        "my_linear", "A layer", score, 10, "partial", checks=(check,), seed=2**47
    )
    return Report(name, (result,), Environment("3.11", "2.13", ("cpu",), ("limits",)))


def submitted(source: str, when: datetime | None = NOON) -> Submitted:
    cell = Cell("my_linear.py", source)
    return Submitted({"my_linear": Source("my_linear.py", (cell,))}, commit="c0ffee", when=when)


def received(writer: GradebookWriter, student: str, handed: Submitted, key: str) -> bool:
    """Whether it is to be graded."""
    [wanted] = writer.receive([ReceivedHandIn(student, handed, NOON, key)])
    return wanted


def graded(
    gradebook: Gradebook, student: str, source: str, score: int, *, forced: bool = False
) -> GradebookWriter:
    """A run that grades one submission; its key is its source."""
    writer = GradebookWriter.begin(gradebook, {"checks": "x"}, forced)
    handed = submitted(source)
    if received(writer, student, handed, f"key of {source}"):
        writer.store_result(student, f"key of {source}", handed.digest, report(score), 0.5)
    return writer

"""Gradebooks of two students and one exercise, and runs that grade into them without a sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

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

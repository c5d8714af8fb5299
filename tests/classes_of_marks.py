"""Gradebooks as totals read them, made up in a line each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from grader.classroom.gradebook.late import LatePolicy
from grader.classroom.records import Enrolled, Record
from grader.classroom.totals.assignment_marks import AssignmentMark, BookMarks, mark_of
from grader.report import CheckResult, ExerciseResult, Report
from tests.synthetic import HERE

START = datetime(2026, 9, 1, 12, tzinfo=UTC)
LATER = datetime(2027, 9, 1, 12, tzinfo=UTC)


def record(
    who: str, score: int | None, out_of: int = 10, late: int = 0, penalty: int = 0
) -> Record:
    """A student with a graded submission; `None`: nothing handed in."""
    student = Enrolled(who)
    if score is None:
        return Record(student, None, out_of)
    check = CheckResult("c", "It is right.", "passed", out_of, score)
    exercise = ExerciseResult("one", "One", score, out_of, "partial", checks=(check,))
    return Record(student, Report(who, (exercise,), HERE), out_of, late_days=late, penalty=penalty)


def mark(score: float, out_of: int = 10) -> AssignmentMark:
    return AssignmentMark(Enrolled("ada"), "counts", (Fraction(str(score)),), Fraction(out_of))


def late_mark(
    score: int, late: int, policy: LatePolicy, week: int = 0, bank: int | None = None
) -> AssignmentMark:
    """Ada's, of ten points; the penalty is the policy's."""
    penalty = policy.penalty(late, score, 10)
    due = START + timedelta(weeks=week)
    return mark_of(record("ada", score, 10, late, penalty), policy, 10, due, bank, LATER)


def book(
    name: str,
    marks: Mapping[str, AssignmentMark] | AssignmentMark,
    weight: float = 1,
    week: int = 0,
    **more: object,
) -> BookMarks:
    given = {"ada": marks} if isinstance(marks, AssignmentMark) else marks
    settings: dict[str, object] = {"may_be_dropped": True, "has_roster": True, **more}
    return BookMarks(
        name=name,
        weight=Fraction(str(weight)),
        deadline=START + timedelta(weeks=week),
        out_of=Fraction(10),
        marks=given,
        **settings,  # type: ignore[arg-type]
    )

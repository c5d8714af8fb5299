"""The gradebook's tables.

    student ──▶ standing ──▶ submission     what counts: at most one of each a student
       │            └──────▶ grading ──▶ exercise_result, check_result
       ├──▶ adjustment, excuse
       └──▶ roster_line                     the roster's lines as they were written
    run: a call of `grader grade`
    kept_result: what came of one exercise of one text, for whoever hands it in
    preview: what would change if the class was graded now
    identity_change: who was renamed, merged or removed

A row of `submission`, `grading`, `adjustment`, `excuse` and `identity_change` is written once and not changed, but for
the student's identifier: together they are the history. `standing` alone is rewritten, by each run. What a change here
needs is a new file in `migrations/versions/`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    DateTime,
    ForeignKey,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, which goes in and comes out in UTC; SQLite itself keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What all tables have in common."""

    # constraints have names, so that a later migration can change them
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[list[str]]: JSON,
    }


class GradebookRow(Base):
    """One row: what this gradebook is of.

    Attributes:
        possible: exercise → the points that can be reached in it.
        possible_by: the digest of the checks that say so.
        has_roster: whether a roster was given once, so that who is on none is listed.
        half_points: whether points that are given by hand may be halves.
        made_with: what else results follow from, as `settings.MadeWith` keeps it; empty in an older gradebook.
        roster_kind: who made the roster's file, as `handin.roster` calls it.
    """

    __tablename__ = "gradebook"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime]
    exercises: Mapped[list[str]]
    possible: Mapped[dict[str, Any]]
    possible_by: Mapped[str] = mapped_column(String(64))
    has_roster: Mapped[bool]
    deadline: Mapped[datetime | None]
    policy: Mapped[dict[str, Any]]
    half_points: Mapped[bool] = mapped_column(default=False, server_default=false())
    made_with: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    roster_kind: Mapped[str] = mapped_column(Text, default="", server_default="")


class RunRow(Base):
    """A call of `grader grade`.

    Attributes:
        finished: empty where it was killed.
        conditions: the checks, the versions and the options that results depend on.
    """

    __tablename__ = "run"

    id: Mapped[int] = mapped_column(primary_key=True)
    started: Mapped[datetime]
    finished: Mapped[datetime | None]
    forced: Mapped[bool]
    conditions: Mapped[dict[str, Any]]


class StudentRow(Base):
    """Somebody in the class.

    Attributes:
        position: the place in the roster; who is on none comes after.
        deadline: this student's own; empty where the class's holds.
        ids: the further identifiers of the roster, each with its column's name.
        removed: taken out by hand: kept with all that belongs to it, and shown nowhere.
    """

    __tablename__ = "student"

    id: Mapped[str] = mapped_column(String(300), primary_key=True)
    position: Mapped[int] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    section: Mapped[str] = mapped_column(Text)
    login: Mapped[str] = mapped_column(Text)
    on_roster: Mapped[bool]
    deadline: Mapped[datetime | None]
    ids: Mapped[list[list[str]]] = mapped_column(default=list, server_default="[]")
    removed: Mapped[bool] = mapped_column(default=False, server_default=false())


class SubmissionRow(Base):
    """Something handed in.

    Attributes:
        identity: a digest of all that tells it from the student's others: digest, commit, time, problem.
        digest: of the source text; empty where none could be read, and `problem` says why.
        sources: exercise → its source, as `handin.read.plain_sources` writes it.
    """

    __tablename__ = "submission"
    __table_args__ = (UniqueConstraint("student_id", "identity"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"))
    identity: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    commit: Mapped[str] = mapped_column(String(64))
    handed_in: Mapped[datetime | None]
    seen: Mapped[datetime]
    problem: Mapped[str] = mapped_column(Text)
    sources: Mapped[dict[str, Any]]


class GradingRow(Base):
    """A result. The same student and key are graded once, and once more by each run with `--force`.

    Attributes:
        key: a digest of what a result depends on: sources, checks, versions, options.
        forced_run: the run that asked for it again; 0 where none did.
        seconds: that grading took.
    """

    __tablename__ = "grading"
    __table_args__ = (UniqueConstraint("student_id", "key", "forced_run"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"))
    digest: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(64))
    forced_run: Mapped[int]
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"))
    graded: Mapped[datetime]
    seconds: Mapped[float]
    score: Mapped[int]
    max_score: Mapped[int]
    report: Mapped[dict[str, Any]]


class ExerciseRow(Base):
    """An exercise of a result, for queries; the report has all of it."""

    __tablename__ = "exercise_result"

    grading_id: Mapped[int] = mapped_column(ForeignKey("grading.id"), primary_key=True)
    exercise: Mapped[str] = mapped_column(String(200), primary_key=True)
    status: Mapped[str] = mapped_column(String(20))
    score: Mapped[int]
    max_score: Mapped[int]


class CheckRow(Base):
    """A check of a result, for queries; the report has all of it."""

    __tablename__ = "check_result"

    grading_id: Mapped[int] = mapped_column(ForeignKey("grading.id"), primary_key=True)
    exercise: Mapped[str] = mapped_column(String(200), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    status: Mapped[str] = mapped_column(String(20))
    score: Mapped[int]
    points: Mapped[int]
    cause: Mapped[str] = mapped_column(Text)


class StandingRow(Base):
    """What counts for a student now.

    Attributes:
        problem: why there is no result, where there is none.
        notes: what the instructor should look at.
    """

    __tablename__ = "standing"

    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"), primary_key=True)
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"))
    grading_id: Mapped[int | None] = mapped_column(ForeignKey("grading.id"))
    late_days: Mapped[int]
    problem: Mapped[str] = mapped_column(Text)
    notes: Mapped[list[str]]


class AdjustmentRow(Base):
    """Points given or taken by hand. A wrong one stays, and another one takes it back.

    Attributes:
        half: half a point besides `points`: -1, 0 or 1 of them, with the sign of the whole.
        source: the name of the file that it came from; empty where it was made one by one.
    """

    __tablename__ = "adjustment"

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"), index=True)
    exercise: Mapped[str] = mapped_column(String(200))
    points: Mapped[int]
    half: Mapped[int] = mapped_column(default=0, server_default="0")
    source: Mapped[str] = mapped_column(Text, default="", server_default="")
    who: Mapped[str] = mapped_column(Text)
    made: Mapped[datetime]
    why: Mapped[str] = mapped_column(Text)


class KeptResultRow(Base):
    """What came of one exercise of one text, whoever handed it in. A later result of the same key replaces it.

    Attributes:
        key: a digest of all that it follows from: source, checks, versions, options.
        report: of that exercise alone, as `kept.py` writes it.
    """

    __tablename__ = "kept_result"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    exercise: Mapped[str] = mapped_column(String(200))
    kept: Mapped[datetime]
    report: Mapped[bytes]


class PreviewRow(Base):
    """What would change if the class was graded now. There is one that waits, at the most; accepted ones stay.

    Attributes:
        fingerprint: a digest of what counted when it was made, and of what would count.
        changes: student → the score before and after, of those whose score would change.
        not_graded: the students whose work could not be graded.
        accepted: when it was made to count; empty where it was not.
    """

    __tablename__ = "preview"

    id: Mapped[int] = mapped_column(primary_key=True)
    made: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64))
    changes: Mapped[dict[str, Any]]
    not_graded: Mapped[list[str]]
    accepted: Mapped[datetime | None]
    accepted_by: Mapped[str] = mapped_column(Text)


class ExcuseRow(Base):
    """Somebody is excused, or is so no longer; the latest row of a student says which.

    Attributes:
        excused: false where it takes an excuse back.
    """

    __tablename__ = "excuse"

    id: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[str] = mapped_column(ForeignKey("student.id"), index=True)
    excused: Mapped[bool]
    who: Mapped[str] = mapped_column(Text)
    made: Mapped[datetime]
    why: Mapped[str] = mapped_column(Text)


class RosterLineRow(Base):
    """A line of the latest roster, as it was written, so that it can be given back with scores.

    Attributes:
        position: from 0, the header's.
        student_id: empty for the header and for lines that are no student's.
    """

    __tablename__ = "roster_line"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    student_id: Mapped[str | None] = mapped_column(ForeignKey("student.id"), index=True)
    cells: Mapped[list[str]]


class IdentityChangeRow(Base):
    """Somebody was called otherwise before.

    Attributes:
        kind: `renamed`, `merged` (into another), `removed` or `put back`.
        new: empty where `old` was removed or put back.
    """

    __tablename__ = "identity_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    old: Mapped[str] = mapped_column(String(300))
    new: Mapped[str] = mapped_column(String(300))
    who: Mapped[str] = mapped_column(Text)
    made: Mapped[datetime]
    why: Mapped[str] = mapped_column(Text)

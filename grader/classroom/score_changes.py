"""Who has other points in a second grading than in a first, student by student and check by check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import mean
from typing import Any

from .points import whole
from .records import Record

_HEADER = (
    *("student", "name", "exercise", "check", "before", "after", "change"),
    *("state_before", "state_after"),
)


@dataclass(frozen=True)
class CheckStanding:
    """How a check ended for somebody, and what it gave."""

    status: str
    score: int
    points: int


@dataclass(frozen=True)
class ScoreStanding:
    """What somebody's work counts for.

    Attributes:
        state: as a record's.
        score: `None` where there is none.
        penalty: points taken for days late.
        checks: exercise and check → how it ended.
    """

    state: str
    score: float | None
    max_score: int
    penalty: int
    checks: Mapping[tuple[str, str], CheckStanding]

    @classmethod
    def of(cls, record: Record) -> ScoreStanding:
        """What a record says of it."""
        checks = {
            (exercise.name, check.name): CheckStanding(check.status, check.score, check.points)
            for exercise in (record.report.exercises if record.report else ())
            for check in exercise.checks
        }
        return cls(record.state, record.score, record.max_score, record.penalty, checks)


@dataclass(frozen=True)
class CheckChange:
    """A check that ends otherwise, or gives other points; `None` where it is not there."""

    exercise: str
    check: str
    before: CheckStanding | None
    after: CheckStanding | None

    @property
    def is_felt(self) -> bool:
        """Whether it ends otherwise or gives other points, rather than being out of another number alone."""
        sides = [each.status if each else "" for each in (self.before, self.after)]
        return bool(self.points) or sides[0] != sides[1]

    @property
    def points(self) -> int:
        """How many more points it gives; below 0 for less."""
        return (self.after.score if self.after else 0) - (self.before.score if self.before else 0)

    def row(self, student: StudentChange) -> Sequence[str | float | None]:
        """It in the table of a class."""
        scores = tuple(each.score if each else None for each in (self.before, self.after))
        statuses = tuple(each.status if each else "" for each in (self.before, self.after))
        names = student.id, student.name, self.exercise, self.check
        return (*names, *scores, self.points, *statuses)


@dataclass(frozen=True)
class StudentChange:
    """Somebody for whom something changes; `None` for who is not in the class before, or after."""

    id: str
    name: str
    before: ScoreStanding | None
    after: ScoreStanding | None

    @property
    def points(self) -> float | None:
        """How many more points the work counts for; `None` where it has no score before or after."""
        old, new = _score(self.before), _score(self.after)
        return None if old is None or new is None else whole(new - old)

    @property
    def changes_score(self) -> bool:
        """Whether what counts is another number, or there is none any more, or is one now."""
        old, new = _score(self.before), _score(self.after)
        # who has no score has none of other points either
        return old != new or (old is not None and _most(self.before) != _most(self.after))

    @cached_property
    def checks(self) -> tuple[CheckChange, ...]:
        """The checks that end otherwise, in the reports' order; none where only one side has a result."""
        old = self.before.checks if self.before else {}
        new = self.after.checks if self.after else {}
        return tuple(
            CheckChange(*key, old.get(key), new.get(key))
            for key in dict.fromkeys([*old, *new])
            if old and new and old.get(key) != new.get(key)
        )


@dataclass(frozen=True)
class ClassChanges:
    """All that changes for a class.

    Attributes:
        students: those for whom something changes, in the order of the gradebook.
        size: how many students there are after it.
        before, after: the mean of all scores that there are; `None` where there is none.
    """

    students: tuple[StudentChange, ...]
    size: int
    before: float | None
    after: float | None

    @property
    def gain(self) -> list[StudentChange]:
        """Those who get more points."""
        return [each for each in self.students if (each.points or 0) > 0]

    @property
    def lose(self) -> list[StudentChange]:
        """Those who get fewer points."""
        return [each for each in self.students if (each.points or 0) < 0]

    def by_check(self) -> dict[tuple[str, str], list[CheckChange]]:
        """Exercise and check → its changes."""
        found: dict[tuple[str, str], list[CheckChange]] = {}
        for student in self.students:
            for change in student.checks:
                found.setdefault((change.exercise, change.check), []).append(change)
        return found

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "students": [_student_data(each) for each in self.students],
            "unchanged": self.size - sum(each.after is not None for each in self.students),
            "gain": len(self.gain),
            "lose": len(self.lose),
            "mean_before": self.before,
            "mean_after": self.after,
            "checks": [
                {
                    "exercise": exercise,
                    "check": check,
                    "students": len(several),
                    "points": sum(each.points for each in several),
                }
                for (exercise, check), several in self.by_check().items()
            ],
        }

    def rows(self) -> list[Sequence[str | float | None]]:
        """As a table: a header, and for each student a row without an exercise, and one for each check."""
        rows: list[Sequence[str | float | None]] = [_HEADER]
        for each in self.students:
            scores = _score(each.before), _score(each.after), each.points
            states = _state(each.before), _state(each.after)
            rows.append((each.id, each.name, "", "", *scores, *states))
            rows += (change.row(each) for change in each.checks)
        return rows


def changes_between(before: Mapping[str, ScoreStanding], after: Iterable[Record]) -> ClassChanges:
    """What changes for whom.

    Args:
        before: student → what the work counted for, in the order of the gradebook.
        after: everybody's record, by the second grading.
    """
    changed, scores, size = [], [], 0
    left = dict(before)
    for record in after:
        who, new = record.student, ScoreStanding.of(record)
        old = left.pop(who.id, None)
        size += 1
        scores += [] if new.score is None else [new.score]
        if old != new:
            changed.append(StudentChange(who.id, who.name, old, new))
    changed += [StudentChange(who, "", old, None) for who, old in left.items()]
    earlier = [each.score for each in before.values() if each.score is not None]
    return ClassChanges(
        tuple(changed), size, mean(earlier) if earlier else None, mean(scores) if scores else None
    )


def _score(standing: ScoreStanding | None) -> float | None:
    return standing.score if standing else None


def _most(standing: ScoreStanding | None) -> int:
    return standing.max_score if standing else 0


def _state(standing: ScoreStanding | None) -> str:
    return standing.state if standing else ""


def _student_data(change: StudentChange) -> dict[str, Any]:
    def side(standing: ScoreStanding | None) -> dict[str, Any] | None:
        if standing is None:
            return None
        names = ("state", "score", "max_score", "penalty")
        return {name: getattr(standing, name) for name in names}

    return {
        "student": change.id,
        "name": change.name,
        "before": side(change.before),
        "after": side(change.after),
        "change": change.points,
        "checks": [
            {
                "exercise": each.exercise,
                "check": each.check,
                "before": vars(each.before) if each.before else None,
                "after": vars(each.after) if each.after else None,
                "change": each.points,
            }
            for each in change.checks
        ],
    }

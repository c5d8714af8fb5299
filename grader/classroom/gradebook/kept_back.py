"""Which checks students are not to see: each run notes what its assignment keeps back, and what it shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...course.assignment import AssignedCourse
from .models import RunRow

_NOTED = "assigned"


def noted(assigned: AssignedCourse | None) -> dict[str, Any]:
    """What a run's conditions say of it; nothing where no assignment was given. A result does not depend on it."""
    if assigned is None:
        return {}
    return {
        _NOTED: {
            each.exercise.name: {
                "kept_back": sorted(each.kept_back),
                "shown": sorted(each.public_points),
            }
            for each in assigned.exercises
        }
    }


def kept_back_in(session: Session) -> dict[str, frozenset[str]]:
    """Exercise → the checks that any run kept back, but for those that a later one showed.

    So a result that stands from an earlier run shows nothing either, whatever its checks are called by now.
    """
    hidden: defaultdict[str, set[str]] = defaultdict(set)
    for conditions in session.scalars(select(RunRow.conditions).order_by(RunRow.id)):
        exercises: Mapping[str, Mapping[str, list[str]]] = conditions.get(_NOTED) or {}
        for name, told in exercises.items():
            hidden[name] -= set(told["shown"])
            hidden[name] |= set(told["kept_back"])
    return {name: frozenset(checks) for name, checks in hidden.items() if checks}

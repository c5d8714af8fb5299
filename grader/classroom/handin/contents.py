"""Which exercises are in what was handed in, looked at before any of it is graded."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from ...course.catalog import Course
from ...errors import LayoutError
from .hand_in import HandIn
from .read import read_hand_in


def holds_work(
    hand_in: HandIn, course: Course, exercises: Sequence[str], until: datetime | None
) -> bool:
    """Whether there is one of these exercises in it, and a repository holds more than its template."""
    with suppress(Exception):  # of it is told when its turn comes
        submitted = read_hand_in(hand_in, course, exercises, until)
        return bool(submitted.sources) and not submitted.untouched
    return False


def exercises_in(
    hand_ins: Sequence[HandIn], course: Course, until: datetime | None
) -> tuple[str, ...]:
    """The exercises that at least one student has handed in.

    Raises:
        LayoutError: if there is none.
    """
    found: set[str] = set()
    for each in hand_ins:
        with suppress(Exception):  # of it is told when its turn comes
            found.update(read_hand_in(each, course, course.names, until).sources)
    if not found:
        raise LayoutError(
            f"None of the {len(hand_ins)} submissions holds an exercise of the course {course.title!r}, "
            f"such as {course.names[0]}.py. `--course` names another course."
        )
    return tuple(found)

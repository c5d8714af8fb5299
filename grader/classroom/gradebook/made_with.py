"""What the results of a gradebook follow from besides its settings: course, points, assignment, devices."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from ...course.assignment import AssignedCourse
from ...course.catalog import Course
from ...course.python_files import points_in
from ...errors import CourseError


@dataclass(frozen=True)
class MadeWith:
    """As plain data; `of` takes it from a call of `grader grade`, and the gradebook keeps it.

    Attributes:
        course: the course's title.
        course_folder: where it lay.
        points: exercise → check → points, of all checks that run.
        assignment: the path of the assignment's file; empty without one.
        said: what the assignment itself says of title, deadline, late days and exercises: where it says the same as
            before, what the gradebook keeps goes before it.
        hidden: exercise → what identifies the checks that only the instructor has: kept-back names, and their text.
        devices: those that were asked for; none stands for the usual ones.
        collected: nbgrader's name of the assignment that is graded.
    """

    course: str
    course_folder: str
    points: Mapping[str, Mapping[str, int]]
    assignment: str = ""
    said: Mapping[str, Any] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[str, ...] = ()
    collected: str = ""

    @classmethod
    def of(
        cls,
        course: Course,
        assigned: AssignedCourse | None,
        exercises: Sequence[str],
        devices: Sequence[str],
    ) -> MadeWith:
        """What a call would grade with."""
        known = [name for name in exercises if name in course.names]
        points = {name: _points(course, assigned, name) for name in known}
        made = cls(course.title, str(course.folder.resolve()), points, devices=tuple(devices))
        if assigned is None:
            return made
        return cls(
            made.course,
            made.course_folder,
            points,
            str(assigned.assignment.path.resolve()),
            _said(assigned),
            {name: text for name in known if (text := _hidden(assigned, name))},
            made.devices,
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain data, which `from_dict` takes back."""
        return asdict(self) | {"devices": list(self.devices)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> MadeWith:
        """The inverse of `to_dict`."""
        return cls(**{**data, "devices": tuple(data["devices"])})


def said_by(assigned: AssignedCourse | None) -> dict[str, Any]:
    """What an assignment says of a gradebook's settings, as plain data; nothing where there is none."""
    return _said(assigned) if assigned else {}


def _said(assigned: AssignedCourse) -> dict[str, Any]:
    assignment = assigned.assignment
    return {
        "title": assignment.title,
        "deadline": assignment.deadline.isoformat() if assignment.deadline else "",
        "late": asdict(assignment.late),
        "exercises": list(assigned.names),
    }


def _points(course: Course, assigned: AssignedCourse | None, name: str) -> dict[str, int]:
    for each in assigned.exercises if assigned else ():
        if each.exercise.name == name:
            return dict(each.points if assigned and assigned.instructor else each.public_points)
    with suppress(CourseError):  # grading will tell of it, with its line
        return points_in(course[name].checks)
    return {}


def _hidden(assigned: AssignedCourse, name: str) -> str:
    """A digest of the checks of an exercise that students do not have; empty where there are none."""
    for each in assigned.exercises:
        if each.exercise.name == name and (each.kept_back or each.exercise.more_checks):
            digest = hashlib.sha256(" ".join(sorted(each.kept_back)).encode())
            for path in each.exercise.more_checks:
                digest.update(path.read_bytes() if path.is_file() else b"")
            return digest.hexdigest()
    return ""

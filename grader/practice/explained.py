"""Grades an exercise, and explains what went wrong without the solution: for `grader explain` and `grader mcp`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..course.assignment import AssignedCourse
from ..course.translation import hints_of
from ..grading import grade
from ..machines import Machines
from ..outputs import explanation
from ..report import FailedCall, Report
from ..submission import Submission
from .workspace import Workspace

# a nudge, and the way; the third one is nearly the answer
_TOLD_HINTS = 2


@dataclass(frozen=True)
class Explained:
    """A report on one exercise, with what its checks that are wrong had asked and the hints that may be told."""

    report: Report
    calls: Mapping[str, FailedCall]
    hints: tuple[str, ...]

    @property
    def data(self) -> dict[str, Any]:
        """As `grader/explanation.schema.json` describes it."""
        return explanation.data_of(self.report, self.calls, self.hints)

    @property
    def text(self) -> str:
        """For a person."""
        return explanation.text_of(self.report, self.calls, self.hints)


def explained(
    submission: Submission,
    name: str,
    machines: Machines,
    *,
    folder: Path,
    assigned: AssignedCourse | None = None,
    seed: int | None = None,
) -> Explained:
    """Grades an exercise as a student's own machine does: no check runs that is kept back.

    Args:
        submission: with a source for that exercise.
        name: the exercise's.
        folder: the student's; where its `assignment.toml` switches hints off, none is told.
        assigned, seed: as for `grade`.

    Raises:
        InputError, SandboxLost, UnsupportedVersion: as `grade`; also if `assignment.toml` cannot be read.
    """
    allowed = Workspace(folder, machines.course).hints_allowed()
    calls: dict[str, FailedCall] = {}
    report = grade(
        submission,
        (name,),
        machines=machines,
        assigned=assigned,
        seed=seed,
        asked=lambda _name, asked: calls.update(asked),
    )
    hints = hints_of(machines.course[name])[:_TOLD_HINTS] if allowed else ()
    return Explained(report, calls, hints)

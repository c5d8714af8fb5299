"""A server of tools for other programs, by the Model Context Protocol over stdin and stdout.

It serves one student's folder: what is asked, how far it is, and what went wrong, as `grader check` finds it, in the
sandbox. No tool shows a solution, writes a file of the student's, or reads one that is no exercise.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from ..course.assignment import AssignedCourse
from ..course.catalog import Course, Exercise
from ..course.meant import meant
from ..course.translation import statement_of, title_of
from ..errors import GraderError
from ..grading import grade
from ..language import _
from ..machines import Machines
from ..submission import Submission, read_submission
from ..version import __version__
from .explained import explained
from .stubs import stub_of
from .workspace import Workspace

_INSTRUCTIONS = """Exercises in PyTorch basics, and a grader that compares a student's results with autograd's.
The student works in a folder, one file for each exercise. Help them to understand their mistakes:
`explain` has the call, what came back, what was expected and the likely cause, and no solution."""


@dataclass
class StudentTools:
    """What the tools do, for one folder. Sandboxes are started when something is graded for the first time.

    Attributes:
        folder: the student's.
        course: whose exercises are there.
        assigned: the terms of an assignment, if the folder is for one.
        devices: where to run.
    """

    folder: Path
    course: Course
    assigned: AssignedCourse | None
    devices: Sequence[str]
    _machines: Machines | None = None
    _starting: threading.Lock = field(default_factory=threading.Lock)

    def close(self) -> None:
        """Ends the sandboxes."""
        if self._machines:
            self._machines.close()

    def list_exercises(self) -> list[dict[str, Any]]:
        """The exercises in their order, and how far the student is with each.

        `state` is that of the last grading: passed, partial, failed, error; changed (edited since), unknown (never
        graded), not_attempted (still the stub) or missing (no file).
        """
        with _told():
            return [
                {
                    "name": one.exercise.name,
                    "title": title_of(one.exercise),
                    "unit": _(one.exercise.unit),
                    "state": one.state,
                    "score": one.score,
                    "max_score": one.exercise.points,
                }
                for one in self._workspace.standings()
            ]

    def statement(self, name: str) -> dict[str, Any]:
        """What the exercise `name` asks: its statement in Markdown, and the stub that the student was given."""
        with _told():
            exercise = self._exercise(name)
            return {
                "name": exercise.name,
                "title": title_of(exercise),
                "statement": statement_of(exercise),
                "to_write": list(exercise.entry_points),
                "stub": stub_of(exercise, False).decode(),
            }

    def check(self, name: str) -> dict[str, Any]:
        """Grades the student's file for the exercise `name` in the sandbox: the report of `grader check`.

        The form is that of grader/report.schema.json. To help with a mistake, `explain` says more in less.
        """
        with _told():
            exercise, submission, machines = self._to_grade(name)
            names = (exercise.name,)
            report = grade(submission, names, machines=machines, assigned=self.assigned)
            if self._workspace.remembers:
                self._workspace.remember(report.exercises, submission.sources)
            # where a check itself failed, its text is nothing for a tutor
            shown = tuple(replace(each, traceback="") for each in report.exercises)
            return replace(report, exercises=shown).to_dict()

    def explain(self, name: str) -> dict[str, Any]:
        """Grades the same and explains each mistake, without the solution.

        For each check that went wrong: what it asks, the call with its inputs, what came back and what was expected,
        the likely cause, the line to look at, and what was printed. The form is that of grader/explanation.schema.json.
        """
        with _told():
            exercise, submission, machines = self._to_grade(name)
            return explained(
                submission, exercise.name, machines, folder=self.folder, assigned=self.assigned
            ).data

    @property
    def _workspace(self) -> Workspace:
        return Workspace(self.folder, self.course)

    def _exercise(self, name: str) -> Exercise:
        return self.course[meant(self.course, name)]

    def _to_grade(self, name: str) -> tuple[Exercise, Submission, Machines]:
        exercise = self._exercise(name)
        submission = read_submission(self.folder, self.course, [exercise.name])
        with self._starting:  # two calls may come at once
            self._machines = self._machines or Machines(self.course, self.devices)
        return exercise, submission, self._machines


@contextmanager
def _told() -> Iterator[None]:
    """What the grader raises on purpose is a sentence for whoever called the tool.

    Raises:
        ToolError: with that sentence.
    """
    try:
        yield
    except GraderError as error:
        raise ToolError(" ".join(str(error).splitlines())) from error


def server_of(tools: StudentTools) -> MCPServer[Any]:
    """The server that offers the tools."""
    server: MCPServer[Any] = MCPServer(
        "grader", instructions=_INSTRUCTIONS, version=__version__, log_level="WARNING"
    )
    reads = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    # what it is to remember for `grader list` is written to the folder's own place
    keeps = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
    for tool in (tools.list_exercises, tools.statement, tools.explain):
        server.add_tool(tool, description=inspect.getdoc(tool), annotations=reads)
    server.add_tool(tools.check, description=inspect.getdoc(tools.check), annotations=keeps)
    return server


def serve(
    folder: Path, course: Course, assigned: AssignedCourse | None, devices: Sequence[str]
) -> None:
    """Serves until its input ends. While it does, nothing but the protocol is written to the standard output."""
    tools = StudentTools(folder, course, assigned, devices)
    try:
        with suppress(KeyboardInterrupt):
            server_of(tools).run("stdio")
    finally:
        tools.close()

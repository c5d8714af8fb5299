"""Everything that the grader raises on purpose, in one tree.

    GraderError
    ├── InputError                    the caller can mend it: one sentence that names the file and what to do; status 2
    │   ├── CourseError               a course's folder
    │   ├── SubmissionError           there is nothing to grade
    │   │   ├── UnreadableError       a file of it, or all of it, cannot be read
    │   │   └── NoCommitError         a repository without a commit, or none in time
    │   ├── AssignmentError           an assignment's file
    │   ├── ProtectedError            a list of protected files, or a table of announced points
    │   ├── WorkspaceError            a student's folder, or a file of it
    │   ├── DeviceError               a device that was asked for is not there
    │   ├── LayoutError               a folder of submissions
    │   ├── RosterError               a class list
    │   ├── GradebookError            a gradebook
    │   │   └── ChangedMeanwhileError somebody else was faster, and what they did was not seen
    │   ├── ChangeError               another setting than a gradebook was made with, not said to be meant
    │   ├── WorkersError              the processes, or the cluster, that are to grade a class
    │   ├── ReportError               the folder of a class's report, or the key of its pseudonyms
    │   ├── TotalsError               the gradebooks of a course, or the file that names them
    │   ├── GiveBackError             what students are to get back, or the service that takes it
    │   ├── ReleaseError              what `grader release` reads or writes
    │   ├── TranslationError          a catalogue of translations
    │   ├── OutputError               a file or a folder that cannot be written
    │   ├── ServiceError              what a service's runner says of itself is missing or wrong
    │   └── MissingPackageError       an extra that is not installed
    ├── Fault                         ours or the course's, never a student's; status 2
    │   ├── CourseFault               a check or its reference
    │   ├── PackageMissing            a package that the course needs is not installed where it is graded
    │   ├── SandboxLost               the process that makes children has ended, or does not answer
    │   ├── WorkerMismatch            a worker would grade by other rules than it was asked for
    │   └── UnsupportedVersion        a library lacks a private name that the grader needs
    └── NoAnswer                      a child timed out, died, took too much or sent nonsense; what came of a check

What keeps an exercise from being judged becomes its status `fault`, in `grading/`, and the others are judged.
The command line catches `InputError` and every other `Fault` in one place. In between, a `Fault` is caught only where a
class goes on with the next student, and where somebody is told of it who goes on working (`grader watch`, a notebook).
How a case of a check ends is no error: `checking/outcome.py` has that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

# the extra that brings a package, by the name that is imported
_EXTRAS = {
    "IPython": "notebook",
    "alembic": "classroom",
    "babel": "translate",
    "canvasapi": "canvas",
    "distributed": "dask",
    "flask": "desk",
    "itables": "classroom",
    "mcp": "mcp",
    "psycopg": "postgresql",
    "pyarrow": "parquet",
    "sqlalchemy": "classroom",
    "waitress": "desk",
    "yaml": "classroom",
}
# what lies at the top of the environment that each makes for a tool; pip would reach another Python
_UV, _PIPX = "uv-receipt.toml", "pipx_metadata.json"


class GraderError(Exception):
    """The root; the message is a sentence for whoever called."""


class InputError(GraderError):
    """The caller can mend it; the message names the file and says what to do."""


class CourseError(InputError):
    """A course's folder is not as it should be."""


class SubmissionError(InputError):
    """There is nothing to grade."""


class UnreadableError(SubmissionError):
    """A file, or all of them, cannot be read.

    Attributes:
        kind: why, in a word: `link`, `encrypted`, or `unreadable` for all else.
    """

    def __init__(
        self, message: str, kind: Literal["link", "encrypted", "unreadable"] = "unreadable"
    ) -> None:
        super().__init__(message)
        self.kind = kind


class NoCommitError(SubmissionError):
    """There is no commit to grade."""


class AssignmentError(InputError):
    """An assignment's file cannot be used."""


class ProtectedError(InputError):
    """A list of protected files, or a table of announced points, cannot be used."""


class WorkspaceError(InputError):
    """A student's folder, or a file of it, cannot be used."""


class DeviceError(InputError):
    """A device that was asked for is not there."""


class LayoutError(InputError):
    """A folder of submissions cannot be used."""


class RosterError(InputError):
    """A roster cannot be read; the message names the line."""


class GradebookError(InputError):
    """A gradebook cannot be used."""


class ChangedMeanwhileError(GradebookError):
    """Somebody else has changed it since the caller looked; nothing was written.

    Attributes:
        seen: what the caller passes as `seen` the next time, having read what others did; `None` where there is no
            next time.
    """

    def __init__(self, message: str, seen: int | None = None) -> None:
        super().__init__(message)
        self.seen = seen


class ChangeError(InputError):
    """A call would change what a gradebook was made with, and does not say that it is meant."""


class WorkersError(InputError):
    """The workers cannot be used."""


class ReportError(InputError):
    """The folder of a class's report, or the key of its pseudonyms, cannot be used."""


class TotalsError(InputError):
    """The gradebooks of a course, or the file that names them, do not give totals."""


class GiveBackError(InputError):
    """What students are to get back cannot be written, or the service does not take it."""


class ReleaseError(InputError):
    """Something cannot be released as it is."""


class TranslationError(InputError):
    """A catalogue of translations cannot be read or written."""


class OutputError(InputError):
    """A file or a folder cannot be written."""


class ServiceError(InputError):
    """What a service's runner says of itself, in its environment, is missing or wrong."""


class MissingPackageError(InputError):
    """A package that only some commands need is not installed; the message names the extra that brings it."""


class Fault(GraderError):
    """The grader or the course is at fault; never a student's zero."""


class CourseFault(Fault):
    """A check, or what it compares with, is at fault.

    Attributes:
        check: the name of that check; empty where it is not one of them alone.
    """

    check = ""


class PackageMissing(Fault):
    """A package that the course needs is not installed here; the message says how to get it."""


class SandboxLost(Fault):
    """The process that makes children has ended, or does not answer."""


class WorkerMismatch(Fault):
    """A worker would grade by other rules than it was asked for."""


class UnsupportedVersion(Fault):
    """A library lacks a private name that the grader needs."""


class NoAnswer(GraderError):
    """A child gave no usable answer.

    Attributes:
        reason: what happened to it.
        template: what is told of it, in English, and the `values` in it.
        place: where in the student's code it was, as number of the cell and line, where that is known.
        statement: the line at the top level that led there, likewise.
    """

    def __init__(
        self,
        reason: Literal["timeout", "died", "excess", "malformed"],
        template: str,
        place: tuple[int, int] | None = None,
        **values: object,
    ) -> None:
        super().__init__(template.format(**values))
        self.reason = reason
        self.template = template
        self.values = values
        self.place = place
        self.statement: tuple[int, int] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Keeps its parts on the way to another process."""
        parts = self.reason, self.template, self.place, self.values
        return _no_answer, parts, {"statement": self.statement}


def _no_answer(
    reason: Any, template: str, place: tuple[int, int] | None, values: dict[str, object]
) -> NoAnswer:
    return NoAnswer(reason, template, place, **values)


@contextmanager
def extras_are_told() -> Iterator[None]:
    """Where an extra's package is imported, and is not installed, its absence is told with the extra's name.

    Raises:
        MissingPackageError: if it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRAS:
            raise  # one of ours, or one that every installation has
        raise MissingPackageError(
            f"{package} is not installed: {adding_extra(_EXTRAS[package])} brings it."
        ) from error


def adding_extra(extra: str) -> str:
    """The command that adds an extra of ours to this installation."""
    wanted = f'"torch-grader[{extra}]"'
    if _in_environment(_UV):
        return f"uv tool install {wanted}"
    return f"pipx install --force {wanted}" if _in_environment(_PIPX) else f"pip install {wanted}"


def adding_package(requirement: str) -> str:
    """The command that puts a package beside the grader."""
    if _in_environment(_UV):
        return f"uv tool install --with '{requirement}' torch-grader"
    if _in_environment(_PIPX):
        return f"pipx inject torch-grader '{requirement}'"
    return f"pip install '{requirement}'"


def _in_environment(name: str) -> bool:
    return Path(sys.prefix, name).is_file()

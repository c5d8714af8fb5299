"""A student's folder: which exercises are in it, how far each is, and which hints were shown.

What is remembered lies in `.grader/state.json` in that folder. It is a convenience and nobody's record: a file that is
damaged, absent or out of date costs a hint to be shown again and an exercise to be graded again, and no more.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ..course.catalog import Course, Exercise
from ..course.toml_file import load_toml
from ..errors import SubmissionError, WorkspaceError
from ..language import N_, _
from ..report import ExerciseResult
from ..submission import Source, read_submission
from ..submission.search import is_stub

FOLDER = ".grader"
SETTINGS = "assignment.toml"
_MAX_BYTES = 1 << 20
HINTS_OFF = N_("Hints are switched off for this assignment.")
NO_HINTS = N_("There are no hints for {name}.")
_STATUSES = ("passed", "partial", "failed", "not_attempted", "error")

State = Literal[
    "passed", "partial", "failed", "error", "not_attempted", "missing", "changed", "unknown"
]


@dataclass(frozen=True)
class Standing:
    """How far an exercise is.

    Attributes:
        state: that of its last grading; `changed` where the file is another one since, `unknown` where it was never
            graded, `missing` where there is no file.
        score: the points of the last grading, also of one that the file has changed since.
    """

    exercise: Exercise
    state: State
    score: int
    source: Source | None = None

    @property
    def done(self) -> bool:
        return self.state == "passed"

    @property
    def needs_grading(self) -> bool:
        """Whether it is not known how far it is; what could not be graded is tried again."""
        return self.state in ("unknown", "changed", "error")


@dataclass(frozen=True)
class _Remembered:
    """The last grading of an exercise, and of what."""

    fingerprint: str
    status: State
    score: int


class Workspace:
    """What a student's folder holds and remembers."""

    def __init__(self, folder: Path, course: Course) -> None:
        self.folder = folder
        self.course = course

    @property
    def remembers(self) -> bool:
        """Whether something was ever kept here: only a folder that a student works in has such a place."""
        place = self.folder / FOLDER
        return place.is_dir() and not place.is_symlink()

    # the exercises

    def source(self, exercise: Exercise) -> Source | None:
        """The exercise's file as it is now; `None` where there is none."""
        try:
            return read_submission(self.folder, self.course, [exercise.name]).sources[exercise.name]
        except SubmissionError:
            return None

    def standings(self) -> list[Standing]:
        """How far each exercise of the course is."""
        results = self._read()[1]
        return [self._standing(exercise, results) for exercise in self.course.exercises]

    def standing(self, exercise: Exercise) -> Standing:
        return self._standing(exercise, self._read()[1])

    def _standing(self, exercise: Exercise, results: dict[str, _Remembered]) -> Standing:
        source, last = self.source(exercise), results.get(exercise.name)
        score = last.score if last else 0
        if source is None:
            return Standing(exercise, "missing", 0)
        if is_stub(source, exercise):
            return Standing(exercise, "not_attempted", 0, source)
        if last is None:
            return Standing(exercise, "unknown", 0, source)
        same = last.fingerprint == _fingerprint(exercise, source)
        return Standing(exercise, last.status if same else "changed", score, source)

    def remember(self, results: Sequence[ExerciseResult], sources: dict[str, Source]) -> None:
        """Keeps what came of a grading of `sources`."""
        hints, kept = self._read()
        for result in results:
            source, state = sources.get(result.name), state_of(result)
            if source is not None and state in _STATUSES:
                print_ = _fingerprint(self.course[result.name], source)
                kept[result.name] = _Remembered(print_, state, result.score)
        self._write(hints, kept)

    # hints

    def hints_shown(self, exercise: Exercise) -> int:
        """How many of the exercise's hints were shown so far."""
        return min(self._read()[0].get(exercise.name, 0), len(exercise.hints))

    def remember_hints(self, exercise: Exercise, number: int) -> bool:
        """Keeps that the first `number` hints were shown; whether it could be kept."""
        hints, results = self._read()
        hints[exercise.name] = max(number, hints.get(exercise.name, 0))
        return self._write(hints, results)

    def hints_allowed(self) -> bool:
        """Whether the assignment leaves the hints on: `hints = false` in `assignment.toml` switches them off.

        Raises:
            WorkspaceError: if that file is there and cannot be read.
        """
        file = self.folder / SETTINGS
        try:
            settings = load_toml(file)
        except (FileNotFoundError, NotADirectoryError):
            return True
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise WorkspaceError(
                _("{file} cannot be read: {reason}. Ask your instructor for the file anew.").format(
                    file=file, reason=reason
                )
            ) from error
        return settings.get("hints", True) is not False

    # the file

    def _read(self) -> tuple[dict[str, int], dict[str, _Remembered]]:
        """Hints shown and last results, by exercise; whatever is not of the right form is left out."""
        data = read_json(self.folder / FOLDER / "state.json")
        data = data if isinstance(data, dict) else {}
        hints, results = data.get("hints"), data.get("results")
        names = self.course.names
        return (
            {
                name: number
                for name, number in (hints if isinstance(hints, dict) else {}).items()
                if name in names and type(number) is int and number > 0
            },
            {
                name: _Remembered(entry["fingerprint"], entry["status"], entry["score"])
                for name, entry in (results if isinstance(results, dict) else {}).items()
                if name in names and _is_remembered(entry)
            },
        )

    def _write(self, hints: dict[str, int], results: dict[str, _Remembered]) -> bool:
        place = self.folder / FOLDER
        data = {
            "hints": hints,
            "results": {name: asdict(result) for name, result in results.items()},
        }
        try:
            make_place(self.folder)
            # written aside and renamed: whoever reads meanwhile sees the old file or the new one
            descriptor, name = tempfile.mkstemp(dir=place, prefix="state-", suffix=".json")
            try:
                with open(descriptor, "w", encoding="utf-8") as file:
                    json.dump(data, file, indent=1)
                os.replace(name, place / "state.json")
            except BaseException:
                with suppress(OSError):
                    os.unlink(name)
                raise
        except OSError:
            return False
        return True


def state_of(result: ExerciseResult) -> State:
    """The state of an exercise by what its grading gave; where that is no verdict, nothing is known."""
    return "unknown" if result.status == "fault" else result.status


def read_json(file: Path) -> Any:
    """What a file of JSON holds; `None` where it cannot be read, or is no regular file.

    A named pipe in a folder that was handed in would keep a command until somebody writes to it.
    """
    with suppress(OSError, ValueError, RecursionError), open(file, "rb", opener=_at_once) as opened:
        if stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            return json.loads(opened.read(_MAX_BYTES))
    return None


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def make_place(folder: Path) -> None:
    """Makes the place where a workspace keeps what it remembers, hidden from git.

    Raises:
        OSError: if it cannot be made, or is a link that may lead elsewhere.
    """
    place = folder / FOLDER
    if place.is_symlink():
        raise OSError(_("{place} is a symbolic link").format(place=place))
    place.mkdir(exist_ok=True)
    ignore = place / ".gitignore"
    if not os.path.lexists(ignore):
        ignore.write_text("*\n", encoding="utf-8")


def upcoming(standings: Sequence[Standing], after: str = "") -> Standing | None:
    """The first exercise that is there and not done; with `after`, the next such one behind it, or from the start."""
    names = [standing.exercise.name for standing in standings]
    start = names.index(after) + 1 if after in names else 0
    turned = [*standings[start:], *standings[:start]]
    return next((one for one in turned if one.state != "missing" and not one.done), None)


def _fingerprint(exercise: Exercise, source: Source) -> str:
    """Of the source and of the checks: a result holds for both as they were."""
    checks = hashlib.sha256(exercise.checks.read_bytes()).hexdigest()
    return hashlib.sha256(f"{source.digest} {checks}".encode()).hexdigest()


def _is_remembered(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("fingerprint"), str)
        and entry.get("status") in _STATUSES
        and type(entry.get("score")) is int
        and 0 <= entry["score"] <= 1000
    )

"""Reads an assignment: a small TOML file that says which exercises, what they are worth, until when, what is kept back.

    title = "Gradients by hand"
    deadline = 2026-12-01T23:59:00+01:00     # with its offset from UTC
    hints = true                             # `grader hint` gives them
    notebooks = false                        # hand out notebooks instead of Python files
    wrong_answers = "wrong"                  # a folder with wrong/EXERCISE/*.py, which a release is tried with
    half_points = false                      # may points that are given by hand be halves?

    [late]                                   # what a day late costs; without this table, nothing is taken
    points = 10
    percent = true

    [ci]                                     # what `grader release --classroom` writes
    grader = "torch_grader-0.1.0-py3-none-any.whl" # or git+https://…@<40 hexadecimal digits>, or a version and
    index = "https://example.org/simple"     # the package index that has it, and all else that is installed

    [[exercise]]
    name = "line_fit"

    [[exercise]]
    name = "my_linear"
    points = 20                              # default: what its checks say
    visibility = { autograd = "instructor" } # checks kept back; "instructor" alone keeps all of them back
    instructor_checks = "hidden/my_linear.py" # more of them, in a file that students never get

The copy that students get names no check that is kept back: each exercise lists those that run, with their points
(`checks`), and how many points more there are (`held_back`).

A message about a mistake says where in the file it is and what belongs there.
"""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from ..errors import AssignmentError
from ..text import clean
from .assignment import CI, Assignment, Late, Part
from .toml_file import read_toml

FILENAME = "assignment.toml"
_MAX_POINTS = 10_000
_KEYS = (
    "title", "deadline", "hints", "notebooks", "half_points", "wrong_answers", "late", "ci", "exercise",
)  # fmt: skip
_PART_KEYS = ("name", "points", "checks", "visibility", "held_back", "instructor_checks")
_COMMIT = re.compile(r"git\+https://[\w.:/~%-]+@[0-9a-f]{40}")
# without a name and a password, since a release may be public
_INDEX = re.compile(r"https://[\w.-]+(:\d+)?(/[\w.~%+-]+)*/?", re.ASCII)
_VERSION = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.(post|dev)\d+)?")
_IMAGE = re.compile(r"[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}")
_TORCH = re.compile(r"\d+\.\d+(\.\d+)?")
_PYTHON = re.compile(r"3\.\d{1,2}")
Table = dict[str, Any]


def read_assignment(path: Path) -> Assignment:
    """Reads an assignment's file; `Assignment.on` holds it against a course.

    Raises:
        AssignmentError: if it cannot be read or something in it is not as it should be.
    """
    return _Reader(path).assignment(read_toml(path, AssignmentError))


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path

    def assignment(self, settings: Table) -> Assignment:
        self.known(settings, _KEYS, "")
        entries = settings.get("exercise", [])
        if not isinstance(entries, list) or not entries:
            self.fail(
                "exercise", 'is missing: name at least one, under `[[exercise]]`, `name = "…"`'
            )
        parts = tuple(self.part(entry, index) for index, entry in enumerate(entries, 1))
        names = [part.name for part in parts]
        if twice := [name for name in names if names.count(name) > 1]:
            self.fail("exercise", f"names {twice[0]!r} twice")
        return Assignment(
            path=self.path,
            title=self.text(settings, "title", "", self.path.resolve().parent.name),
            parts=parts,
            deadline=self.deadline(settings.get("deadline")),
            hints=self.flag(settings, "hints", "", True),
            notebooks=self.flag(settings, "notebooks", "", False),
            wrong_answers=self.wrong_answers(settings, names),
            half_points=self.flag(settings, "half_points", "", False),
            late=self.late(self.table(settings, "late")),
            ci=self.ci(self.table(settings, "ci")),
        )

    def part(self, entry: object, index: int) -> Part:
        where = f"exercise {index}: "
        if not isinstance(entry, dict):
            self.fail("exercise", 'has to be tables: `[[exercise]]`, then `name = "…"`')
        self.known(entry, _PART_KEYS, where)
        name = self.text(entry, "name", where, "")
        if not name:
            self.fail(f"{where}name", "is missing: an exercise's name, as `grader list` shows it")
        where = f"{name}: "
        points = self.number(entry, "points", where, 1) if "points" in entry else None
        checks = self.checks(entry["checks"], where) if "checks" in entry else None
        visibility = entry.get("visibility", {})
        if checks is not None and set(entry) & {"points", "visibility", "instructor_checks"}:
            self.fail(
                f"{where}checks",
                "lists all that runs: leave out `points`, `visibility` and `instructor_checks`",
            )
        everything = visibility == "instructor"
        kept = {} if isinstance(visibility, str) else visibility
        if isinstance(visibility, str) and visibility not in ("instructor", "students"):
            self.fail(f"{where}visibility", 'is "instructor", "students", or a table of checks')
        if not isinstance(kept, dict) or any(
            v not in ("instructor", "students") for v in kept.values()
        ):
            self.fail(f"{where}visibility", 'gives a check another value than "instructor"')
        return Part(
            name=name,
            points=points,
            checks=checks,
            kept_back=frozenset(check for check, who in kept.items() if who == "instructor"),
            all_kept_back=everything,
            held_back=self.number(entry, "held_back", where, 0),
            instructor_checks=self.instructor_checks(entry, name, where),
        )

    def checks(self, table: object, where: str) -> dict[str, int]:
        if not isinstance(table, dict):
            self.fail(f"{where}checks", "has to be a table of checks with their points")
        return {name: self.number(table, name, f"{where}checks: ", 0) for name in table}

    def instructor_checks(self, entry: Table, name: str, where: str) -> Path | None:
        given = self.text(entry, "instructor_checks", where, "")
        if not given:
            return None
        path = self.path.parent / given
        # pytest and the report know an exercise by its checks' file name
        if PurePosixPath(given).name != f"{name}.py":
            self.fail(f"{where}instructor_checks", f"has to be a file called {name}.py")
        if not path.is_file():
            self.fail(f"{where}instructor_checks", f"is {given!r}, and there is no {path}")
        return path

    def wrong_answers(self, settings: Table, names: list[str]) -> Path | None:
        given = self.text(settings, "wrong_answers", "", "")
        if not given:
            return None
        folder = self.path.parent / given
        if not any((folder / name).is_dir() for name in names):
            self.fail(
                "wrong_answers",
                f"is {given!r}, and {folder} has no folder that is called as an exercise, such as {names[0]}",
            )
        return folder

    def deadline(self, value: object) -> datetime | None:
        if value is None:
            return None
        if not isinstance(value, datetime) or value.tzinfo is None:
            self.fail(
                "deadline",
                "needs date, time and the offset from UTC, without quotes: 2026-12-01T23:59:00+01:00",
            )
        return value

    def late(self, table: Table) -> Late:
        self.known(table, [each.name for each in fields(Late)], "late: ")
        accepted = (
            self.number(table, "accepted_days", "late: ", 0) if "accepted_days" in table else None
        )
        late = Late(
            points=self.number(table, "points", "late: ", 0),
            percent=self.flag(table, "percent", "late: ", False),
            free_days=self.number(table, "free_days", "late: ", 0),
            accepted_days=accepted,
        )
        if late.percent and late.points > 100:
            self.fail("late: points", "are a percentage here, of 100 at most")
        return late

    def ci(self, table: Table) -> CI:
        self.known(table, [each.name for each in fields(CI)], "ci: ")
        default = CI()
        ci = CI(
            grader=self.text(table, "grader", "ci: ", ""),
            index=self.text(table, "index", "ci: ", ""),
            torch=self.text(table, "torch", "ci: ", default.torch),
            python=self.text(table, "python", "ci: ", default.python),
            minutes=self.number(table, "minutes", "ci: ", 1) if "minutes" in table else 15,
            reporter=self.flag(table, "reporter", "ci: ", False),
            image=self.text(table, "image", "ci: ", ""),
        )
        if ci.grader.startswith("git+") and not _COMMIT.fullmatch(ci.grader):
            self.fail("ci: grader", "has to end in @ and a commit's 40 hexadecimal digits")
        if not (
            not ci.grader
            or ci.grader.startswith("git+")
            or ci.grader.endswith(".whl")
            or _VERSION.fullmatch(ci.grader)
        ):
            self.fail("ci: grader", "is a wheel's path, a version, or git+https://…@<commit>")
        if ci.index and not _INDEX.fullmatch(ci.index):
            self.fail("ci: index", 'is an address without a password: "https://…/simple"')
        if ci.image and not _IMAGE.fullmatch(ci.image):
            self.fail("ci: image", 'names an image by its digest: "ghcr.io/…/…@sha256:…"')
        if not _TORCH.fullmatch(ci.torch):
            self.fail("ci: torch", 'is a version such as "2.13.0"')
        if not _PYTHON.fullmatch(ci.python) or int(ci.python[2:]) < 11:
            self.fail("ci: python", 'is a version such as "3.12", and 3.11 at least')
        return ci

    # values

    def table(self, settings: Table, key: str) -> Table:
        value = settings.get(key, {})
        if not isinstance(value, dict):
            self.fail(key, f"has to be a table, `[{key}]`")
        return value

    def text(self, table: Table, key: str, where: str, default: str) -> str:
        value = table.get(key, default)
        if not isinstance(value, str) or any(not each.isprintable() for each in value):
            self.fail(f"{where}{key}", "has to be a text of one line, in quotes")
        return value

    def flag(self, table: Table, key: str, where: str, default: bool) -> bool:
        value = table.get(key, default)
        if not isinstance(value, bool):
            self.fail(f"{where}{key}", "has to be true or false, without quotes")
        return value

    def number(self, table: Table, key: str, where: str, least: int) -> int:
        value = table.get(key, least)
        if (
            isinstance(value, bool)
            or not isinstance(value, int)
            or not least <= value <= _MAX_POINTS
        ):
            self.fail(f"{where}{key}", f"has to be a whole number from {least} to {_MAX_POINTS:,}")
        return value

    def known(self, table: Table, keys: tuple[str, ...] | list[str], where: str) -> None:
        for key in table:
            if key not in keys:
                self.fail(f"{where}{key}", f"is not known here. There are {', '.join(keys)}")

    def fail(self, where: str, problem: str) -> NoReturn:
        where = clean(" ".join(where.split()), 80)
        raise AssignmentError(f"{clean(str(self.path))}: `{where}` {problem}.")

"""A course is a folder: `course.toml`, `exercises/`, `solutions/` and `checks/`. This reads it; nothing is run.

The built-in course is the checkout's own folder, or the copy of it inside an installed package; its checks are in
`grader/checks/`. An exercise is found by its check's file name; `course.toml` gives the order and the units, and an
exercise that it does not name comes last.
"""

from __future__ import annotations

import ast
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parent


class CourseError(Exception):
    """A course's folder is not as it should be; the message names the file."""


@dataclass(frozen=True)
class Exercise:
    """One exercise and where its three files are; an assignment may bring `more_checks`."""

    name: str
    unit: str
    stub: Path
    solution: Path
    checks: Path
    more_checks: tuple[Path, ...] = ()

    @cached_property
    def statement(self) -> str:
        """The module docstring of the stub, in Markdown; its first line is the title."""
        tree = _parse(self.stub) or _parse(self.solution)
        return (ast.get_docstring(tree) or "") if tree else ""

    @cached_property
    def entry_points(self) -> tuple[str, ...]:
        """The functions and classes that the stub asks for."""
        tree = _parse(self.stub) or _parse(self.solution)
        body = tree.body if tree else []
        return tuple(n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef))

    @cached_property
    def forbidden(self) -> dict[str, dict[str, list[str]]]:
        """What the check's file says in `FORBIDDEN`: rules and their options, as `rules.py` reads them."""
        return dict(_literal(self.checks, "FORBIDDEN", {}))

    @cached_property
    def hints(self) -> tuple[str, ...]:
        """What the check's file says in `HINTS`, from a nudge to nearly the answer."""
        return tuple(_literal(self.checks, "HINTS", ()))

    @property
    def title(self) -> str:
        return self.statement.split("\n", 1)[0].strip() or self.name


@dataclass(frozen=True)
class Course:
    """The exercises in the order in which they are worked on."""

    title: str
    folder: Path
    exercises: tuple[Exercise, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(exercise.name for exercise in self.exercises)

    def __getitem__(self, name: str) -> Exercise:
        for exercise in self.exercises:
            if exercise.name == name:
                return exercise
        raise KeyError(name)


def load_course(folder: Path | None = None) -> Course:
    """Reads a course; without `folder`, the built-in one.

    Raises:
        CourseError: if the folder is no course, with the reason.
    """
    if folder is None:
        bundled = _PACKAGE / "course"
        folder = bundled if bundled.is_dir() else _PACKAGE.parent
        checks = _PACKAGE / "checks"
    else:
        checks = folder / "checks"
    file = folder / "course.toml"
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
        units = [
            (str(unit.get("title", "")), [str(name) for name in unit.get("exercises", [])])
            for unit in settings.get("unit", [])
        ]
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise CourseError(f"{file} cannot be read as a course: {error}.") from error
    found = sorted(path.stem for path in checks.glob("*.py") if not path.stem.startswith("_"))
    exercises = []
    for title, names in units:
        for name in names:
            if name not in found:
                raise CourseError(f"{file} names {name!r}, but there is no {checks}/{name}.py.")
            found.remove(name)
            exercises.append(_exercise(name, title, folder, checks))
    exercises += [_exercise(name, "", folder, checks) for name in found]
    return Course(str(settings.get("title", folder.name)), folder, tuple(exercises))


def _exercise(name: str, unit: str, folder: Path, checks: Path) -> Exercise:
    return Exercise(
        name=name,
        unit=unit,
        stub=folder / "exercises" / f"{name}.py",
        solution=folder / "solutions" / f"{name}.py",
        checks=checks / f"{name}.py",
    )


def _parse(path: Path) -> ast.Module | None:
    return ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else None


def _literal(path: Path, name: str, default: Any) -> Any:
    """The literal that a module of ours gives to `name`, without importing it."""
    tree = _parse(path)
    for node in tree.body if tree else []:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == name:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
                try:
                    return ast.literal_eval(node.value)
                except ValueError as error:
                    raise CourseError(f"{path}: {name} is not a plain literal.") from error
    return default

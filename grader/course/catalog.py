"""A course is a folder: `course.toml`, `exercises/`, `solutions/` and `checks/`. This reads it; nothing is run.

The built-in course is the checkout's own folder, or the copy of it inside an installed package; its checks are in
`grader/checks/`. An exercise is found by its check's file name; `course.toml` gives the order and the units, and an
exercise that it does not name comes last.
"""

from __future__ import annotations

import ast
import inspect
import tomllib
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parents[1]


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
        """What the check's file says in `HINTS`, from a nudge to nearly the answer; Markdown."""
        return tuple(inspect.cleandoc(hint) for hint in _literal(self.checks, "HINTS", ()))

    @cached_property
    def points(self) -> int:
        """What its checks are worth together."""
        tree = _parse(self.checks)
        checks = [node for node in tree.body if isinstance(node, ast.FunctionDef)] if tree else []
        return sum(points_of(check) or 0 for check in checks)

    @property
    def title(self) -> str:
        return self.statement.split("\n", 1)[0].strip() or self.name


@dataclass(frozen=True)
class Course:
    """The exercises in the order in which they are worked on.

    Attributes:
        limits: what `[limits]` in `course.toml` says, by the names of `grader.sandbox.Limits`.
    """

    title: str
    folder: Path
    exercises: tuple[Exercise, ...]
    limits: dict[str, float] = field(default_factory=dict)

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
    limits = settings.get("limits", {})
    return Course(str(settings.get("title", folder.name)), folder, tuple(exercises), dict(limits))


def _exercise(name: str, unit: str, folder: Path, checks: Path) -> Exercise:
    return Exercise(
        name=name,
        unit=unit,
        stub=folder / "exercises" / f"{name}.py",
        solution=folder / "solutions" / f"{name}.py",
        checks=checks / f"{name}.py",
    )


def points_of(check: ast.FunctionDef) -> int | None:
    """The n of a check's `@points(n)`; `None` without one, or where n is not a whole number."""
    for decorator in check.decorator_list:
        match decorator:
            case ast.Call(ast.Name("points"), [ast.Constant(int(number))]) if number is not True:
                return number
    return None


def _parse(path: Path) -> ast.Module | None:
    return _parsed(path, path.stat().st_mtime_ns) if path.is_file() else None


@lru_cache(256)
def _parsed(path: Path, changed: int) -> ast.Module:
    """The tree of a file of ours as it was when it was `changed`; a class has the same few parsed again and again."""
    return ast.parse(path.read_text(encoding="utf-8"))


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

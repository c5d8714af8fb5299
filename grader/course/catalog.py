"""A course is a folder: `course.toml`, `exercises/`, `solutions/` and `checks/`. This reads it; nothing is run.

An exercise is found by its check's file name. `course.toml` gives the order and the units, an exercise that it does not
name comes last, and its `checks` may name another folder for them. The built-in course is a course like any other: the
checkout's own folder, or the copy of it inside an installed package.
"""

from __future__ import annotations

import ast
import inspect
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from ..errors import CourseError

_PACKAGE = Path(__file__).resolve().parents[1]
T = TypeVar("T")


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
        rules = _literal(self.checks, "FORBIDDEN", {})
        if not _are_rules(rules):
            raise CourseError(
                f"{self.checks}: FORBIDDEN has to be a dictionary such as "
                '{"by hand": {"except": ["name"]}}, with `except` or `names` for options.'
            )
        return dict(rules)

    @cached_property
    def hints(self) -> tuple[str, ...]:
        """What the check's file says in `HINTS`, from a nudge to nearly the answer; Markdown."""
        hints = _literal(self.checks, "HINTS", ())
        if not isinstance(hints, tuple | list) or not all(isinstance(hint, str) for hint in hints):
            raise CourseError(f"{self.checks}: HINTS has to be a tuple of texts in quotes.")
        return tuple(map(inspect.cleandoc, hints))

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
        CourseError: if the folder is no course, or one without exercises, with the reason.
    """
    folder = folder or built_in_folder()
    file = folder / "course.toml"
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CourseError(
            f"{file} cannot be read as a course: {error.strerror}. Name a folder that holds a course.toml."
        ) from error
    except ValueError as error:
        raise CourseError(f"{file} cannot be read as a course: {error}.") from error
    checks = folder / _setting(settings, "checks", str, "checks", file)
    found = sorted(
        path.stem
        for path in checks.glob("*.py")
        if not path.stem.startswith("_") and path.is_file()
    )
    exercises: list[Exercise] = []
    for title, names in _units(settings, file):
        for name in names:
            if name in (each.name for each in exercises):
                raise CourseError(f"{file} names {name!r} twice. Remove one.")
            if name not in found:
                raise CourseError(f"{file} names {name!r}, but there is no {checks / name}.py.")
            found.remove(name)
            exercises.append(_exercise(name, title, folder, checks))
    exercises += [_exercise(name, "", folder, checks) for name in found]
    if not exercises:
        raise CourseError(f"{checks} holds no exercise. Put the checks of one there, as NAME.py.")
    return Course(
        title=_setting(settings, "title", str, folder.name, file),
        folder=folder,
        exercises=tuple(exercises),
        limits=_setting(settings, "limits", dict, {}, file),
    )


def built_in_folder() -> Path:
    """The checkout's own folder, or the copy of it inside an installed package."""
    bundled = _PACKAGE / "built_in"
    return bundled if bundled.is_dir() else _PACKAGE.parent


def _units(settings: dict[str, Any], file: Path) -> Iterator[tuple[str, list[str]]]:
    """Title and names of each unit."""
    for unit in _setting(settings, "unit", list, [], file):
        if not isinstance(unit, dict):
            raise CourseError(f"{file}: `unit` has to be tables, each headed [[unit]].")
        names = _setting(unit, "exercises", list, [], file)
        if not all(isinstance(name, str) for name in names):
            raise CourseError(f"{file}: `exercises` has to be names in quotes.")
        yield _setting(unit, "title", str, "", file), names


_KINDS: dict[type, str] = {str: "a text in quotes", list: "a list", dict: "a table"}


def _setting(table: dict[str, Any], key: str, kind: type[T], default: T, file: Path) -> T:
    value = table.get(key, default)
    if not isinstance(value, kind):
        raise CourseError(f"{file}: `{key}` has to be {_KINDS[kind]}.")
    return value


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


def text_of(path: Path) -> str:
    """The text of a course's file.

    Raises:
        CourseError: if it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise CourseError(f"{path}, line {line}: not UTF-8 text. Save it as UTF-8.") from error


def syntax_of(text: str, path: Path) -> ast.Module:
    """The tree of Python that stands in a course's file, or is made of it.

    Raises:
        CourseError: if it is no Python; the message names the file and the line.
    """
    try:
        return ast.parse(text)
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise CourseError(f"{path}{line}: {error.msg}.") from error
    except ValueError as error:  # a NUL byte, from Python 3.12 on
        raise CourseError(f"{path}: {error}.") from error
    except (RecursionError, MemoryError) as error:
        raise CourseError(f"{path} is nested too deeply to be read.") from error


def _parse(path: Path) -> ast.Module | None:
    return _parsed(path, path.stat().st_mtime_ns) if path.is_file() else None


@lru_cache(256)
def _parsed(path: Path, changed: int) -> ast.Module:
    """The tree of a course's file as it was when it was `changed`; a class has the same few parsed again and again."""
    return syntax_of(text_of(path), path)


def _literal(path: Path, name: str, default: Any) -> Any:
    """The literal that a module of ours gives to `name`, without importing it."""
    tree = _parse(path)
    for node in tree.body if tree else []:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == name:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
                try:
                    return ast.literal_eval(node.value)
                except (ValueError, TypeError) as error:
                    raise CourseError(f"{path}: {name} is not a plain literal.") from error
    return default


def _are_rules(rules: Any) -> bool:
    """Whether these are the names of rules, each with lists of names for options."""
    return isinstance(rules, dict) and all(
        isinstance(rule, str)
        and isinstance(options, dict)
        and all(map(_are_names, options.values()))
        for rule, options in rules.items()
    )


def _are_names(names: Any) -> bool:
    return isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)

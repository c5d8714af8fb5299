"""A course is a folder: `course.toml`, `exercises/`, `solutions/` and `checks/`. This reads it; nothing is run.

An exercise is found by the file name of its checks. `course.toml` gives the order and the units, and `checks` in it
names another folder for the checks; an exercise that it does not name comes last. The built-in course is a course like
any other: its folder is the checkout, or a copy of it inside an installed package.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeGuard, TypeVar

from ..errors import CourseError, SubmissionError
from ..language import _
from .given_files import require_usable
from .online import Online, online_of
from .packages import package_of
from .python_files import assigned_in, fail, literal_of, module_of, points_in
from .toml_file import read_toml

_PACKAGE = Path(__file__).resolve().parents[1]
# the rules that `FORBIDDEN` may hold, and what each may say; `checking/rules.py` applies them
_RULES = ("by hand", "from scratch")
_RULE_KEYS = ("except", "names")
# it is written into command lines, notebooks and Markdown
_NAME = re.compile(r"\w[\w.-]*")
T = TypeVar("T")


@dataclass(frozen=True)
class Exercise:
    """One exercise and where its three files are; an assignment may bring `more_checks`.

    The files are read when they are asked about. What cannot be read, or says what it may not, is a `CourseError` that
    names file and line.

    Attributes:
        files: what students get beside the stub, as paths from their own folder.
        packages: the course's.
    """

    name: str
    unit: str
    stub: Path
    solution: Path
    checks: Path
    more_checks: tuple[Path, ...] = ()
    files: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()

    @property
    def given(self) -> dict[str, Path]:
        """What students get beside the stub, by its path in their folder; `given_files` reads it."""
        return {name: self.stub.parent / name for name in self.files}

    @cached_property
    def statement(self) -> str:
        """The module docstring of the stub, in Markdown; its first line is the title."""
        return ast.get_docstring(self._given) or ""

    @cached_property
    def entry_points(self) -> tuple[str, ...]:
        """The functions and classes that the stub asks for: those that it brings along begin with `_`."""
        defined = ast.FunctionDef | ast.ClassDef
        names = (node.name for node in self._given.body if isinstance(node, defined))
        return tuple(name for name in names if not name.startswith("_"))

    @cached_property
    def parameters(self) -> frozenset[str]:
        """The names of all parameters in the stub: a student knows what is handed in by these."""
        nodes = ast.walk(self._given)
        return frozenset(node.arg for node in nodes if isinstance(node, ast.arg))

    @cached_property
    def forbidden(self) -> dict[str, dict[str, list[str]]]:
        """What `FORBIDDEN` in the checks' file says: rules and their options, as `checking/rules.py` reads them."""
        value = assigned_in(self.checks, "FORBIDDEN")
        if value is None:
            return {}
        forbidden = literal_of(self.checks, value, "FORBIDDEN")
        if not _are_rules(forbidden):
            fail(
                self.checks,
                value,
                '`FORBIDDEN` has to be rules, such as {"by hand": {"except": ["helper"]}} or '
                '{"from scratch": {"names": ["torch.optim"]}}',
            )
        return forbidden

    @cached_property
    def hints(self) -> tuple[str, ...]:
        """What `HINTS` in the checks' file says, from a nudge to nearly the answer; Markdown."""
        value = assigned_in(self.checks, "HINTS")
        if value is None:
            return ()
        hints = literal_of(self.checks, value, "HINTS")
        if not _are_texts(hints):
            fail(self.checks, value, "`HINTS` has to be a list of texts")
        return tuple(map(inspect.cleandoc, hints))

    @cached_property
    def comparison(self) -> str:
        """What `COMPARE` in the checks' file says to who has solved it: other right ways, and torch's; Markdown."""
        value = assigned_in(self.checks, "COMPARE")
        if value is None:
            return ""
        text = literal_of(self.checks, value, "COMPARE")
        if not isinstance(text, str):
            fail(self.checks, value, "`COMPARE` has to be a text")
        return inspect.cleandoc(text)

    @cached_property
    def points(self) -> int:
        """What its checks are worth together."""
        return sum(points_in(self.checks).values())

    @property
    def _given(self) -> ast.Module:
        """The stub; where it has not been made yet, the solution."""
        for path in (self.stub, self.solution):
            if path.is_file():
                return module_of(path)
        return ast.Module([], [])

    @property
    def title(self) -> str:
        return self.statement.split("\n", 1)[0].strip() or self.name


@dataclass(frozen=True)
class Course:
    """The exercises in the order in which they are worked on.

    Attributes:
        limits: what `[limits]` in `course.toml` says, by the names of `grader.sandbox.Limits`.
        packages: what students' code needs besides torch, as pip is given it.
        online: how its notebooks start where nothing is installed.
    """

    title: str
    folder: Path
    exercises: tuple[Exercise, ...]
    limits: dict[str, float] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    online: Online = field(default_factory=Online)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(exercise.name for exercise in self.exercises)

    @property
    def built_in(self) -> bool:
        """Whether every grader has this course, so that it need not go along with an assignment."""
        return self.folder.resolve() == built_in_folder()

    def require(self, names: Iterable[str]) -> None:
        """For names that somebody gave.

        Raises:
            SubmissionError: if the course has no exercise of one of the names.
        """
        for name in names:
            if name not in self.names:
                sentence = _("There is no exercise {name!r}. `grader list` shows them: {names}.")
                raise SubmissionError(sentence.format(name=name, names=", ".join(self.names)))

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
    settings = read_toml(file, CourseError, "Name a folder that holds a course.toml.")
    checks = _checks_folder(_setting(settings, "checks", str, "checks", file), file)
    found = sorted(
        path.stem
        for path in checks.glob("*.py")
        if not path.stem.startswith("_") and path.is_file()
    )
    for name in found:
        if not _NAME.fullmatch(name):
            raise CourseError(
                f"{checks}: {name!r} is no name for an exercise. Use letters, digits, `_`, `-` and dots."
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
    packages = _packages(settings, file)
    files = _given_files(settings, [each.name for each in exercises], folder, file)
    exercises = [
        replace(each, files=files.get(each.name, ()), packages=packages) for each in exercises
    ]
    if not exercises:
        raise CourseError(f"{checks} holds no exercise. Put the checks of one there, as NAME.py.")
    return Course(
        title=_setting(settings, "title", str, folder.name, file),
        folder=folder,
        exercises=tuple(exercises),
        limits=_setting(settings, "limits", dict, {}, file),
        packages=packages,
        online=online_of(_setting(settings, "online", dict, {}, file), packages, file),
    )


def built_in_folder() -> Path:
    """The checkout's own folder, or the copy of it inside an installed package."""
    bundled = _PACKAGE / "built_in"
    return bundled if bundled.is_dir() else _PACKAGE.parent


def _checks_folder(named: str, file: Path) -> Path:
    checks = file.parent / named
    if "\0" in named or Path(named).is_absolute() or ".." in Path(named).parts:
        raise CourseError(
            f"{file}: `checks` is {named!r}, which lies outside the course. Name a folder in it."
        )
    if not checks.is_dir():
        raise CourseError(
            f'{file}: there is no folder {checks}. Make it, or name the one with the checks: `checks = "…"`.'
        )
    return checks


def _units(settings: dict[str, Any], file: Path) -> Iterator[tuple[str, list[str]]]:
    """Title and names of each unit."""
    for unit in _setting(settings, "unit", list, [], file):
        if not isinstance(unit, dict):
            raise CourseError(f"{file}: `unit` has to be tables, each headed [[unit]].")
        names = _setting(unit, "exercises", list, [], file)
        if not all(isinstance(name, str) for name in names):
            raise CourseError(f"{file}: `exercises` has to be names in quotes.")
        yield _setting(unit, "title", str, "", file), names


def _packages(settings: dict[str, Any], file: Path) -> tuple[str, ...]:
    packages = _setting(settings, "packages", list, [], file)
    for each in packages:
        package = package_of(each) if isinstance(each, str) else None
        if package is None:
            raise CourseError(
                f"{file}: `packages` has {each!r}. Write a name, as in "
                '"pandas", with versions if need be: "pandas>=2.2,<3".'
            )
        if package.name.lower() == "torch":
            raise CourseError(
                f"{file}: `packages` has {each!r}. torch is always there; an assignment names its version in `[ci]`."
            )
    return tuple(packages)


def _given_files(
    settings: dict[str, Any], names: list[str], folder: Path, file: Path
) -> dict[str, tuple[str, ...]]:
    """By exercise, what its students get beside the stub: `files` in the tables `[[exercise]]`."""
    given: dict[str, tuple[str, ...]] = {}
    for table in _setting(settings, "exercise", list, [], file):
        if not isinstance(table, dict) or set(table) != {"name", "files"}:
            raise CourseError(f"{file}: each [[exercise]] has a `name` and `files`, and no more.")
        name = _setting(table, "name", str, "", file)
        if name in given:
            raise CourseError(f"{file} has two tables [[exercise]] for {name!r}. Make one of them.")
        if name not in names:
            raise CourseError(
                f"{file}: an [[exercise]] names {name!r}, which is none of {', '.join(names)}."
            )
        files = _setting(table, "files", list, [], file)
        if not _are_texts(files):
            raise CourseError(f"{file}: `files` of {name} has to be paths in quotes.")
        for each in files:
            require_usable(each, folder / "exercises", names, file)
        given[name] = tuple(dict.fromkeys(files))
    return given


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


def _are_texts(value: object) -> TypeGuard[list[str] | tuple[str, ...]]:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)


def _are_rules(value: object) -> TypeGuard[dict[str, dict[str, list[str]]]]:
    return isinstance(value, dict) and all(
        rule in _RULES
        and isinstance(options, dict)
        and all(key in _RULE_KEYS and _are_texts(names) for key, names in options.items())
        for rule, options in value.items()
    )

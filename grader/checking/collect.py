"""The cases of a check file, as pytest collects them: once per file, however many submissions are graded.

A check file is an ordinary pytest file, and pytest alone says which cases it has: parametrizations, identifiers, marks,
fixtures. A whole session of pytest takes some 60 ms, though, and a case 1 ms beside the check itself; so the cases
are kept here and called by `run.py`.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from importlib.util import cache_from_source
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ..course.python_files import assigned_in, checks_in, literal_of, module_of
from ..errors import CourseFault, UnsupportedVersion
from ..language import _
from .memo import CaseMemo
from .plugin import FIXTURES, CollectionPlugin

_PYTEST_INI = Path(__file__).with_name("checks.ini")
# what pytest brings along and collecting has no use for
_UNUSED_PLUGINS = (
    "cacheprovider",
    "capture",
    "doctest",
    "faulthandler",
    "junitxml",
    "logging",
    "nose",
    "pastebin",
    "setuponly",
    "setupplan",
    "stepwise",
    "terminal",
    "threadexception",
    "unittest",
    "unraisableexception",
    "warnings",
)


@dataclass(frozen=True)
class Case:
    """One call of a check's function.

    Attributes:
        name: as pytest names it; the case's random numbers follow from it.
        arguments: the names of the function's arguments.
        params: the parametrized values, `dtype`, `device` and `home` among them.
        memo: how it went before.
    """

    name: str
    function: Callable[..., object]
    arguments: tuple[str, ...]
    params: Mapping[str, Any]
    memo: CaseMemo = field(default_factory=CaseMemo, compare=False)


@dataclass(frozen=True)
class Check:
    """A check as its file states it."""

    name: str
    description: str
    points: int
    needs: tuple[str, ...]
    follows: tuple[str, ...]
    file: Path
    cases: list[Case] = field(default_factory=list)


_kept: dict[tuple[object, ...], tuple[list[tuple[int, int]], dict[str, Check]]] = {}


def collect(files: Sequence[Path], devices: Sequence[str]) -> dict[str, Check]:
    """The checks of an exercise's files by name, in their order; read anew when a file has changed.

    Args:
        files: that of the course first, then those of an assignment, if it has any.
        devices: where they are to run; see `CollectionPlugin`.

    Raises:
        CourseError: if one of the files cannot be read, or is no Python.
        CourseFault: if pytest cannot collect them, or a check asks for what it may not have.
        UnsupportedVersion: if this pytest keeps a case's parameters where they are not looked for.
    """
    files = [file.absolute() for file in files]  # the current folder may be another one next time
    for file in files:
        module_of(file)
    key = *files, *devices
    changed = [(status.st_mtime_ns, status.st_size) for status in map(Path.stat, files)]
    if key not in _kept or _kept[key][0] != changed:
        if any(set(files).intersection(known) for known in _kept):
            _forget_compiled(files)
        _forget(files)
        _kept[key] = changed, _collected(files, devices)
    return _kept[key][1]


def _forget_compiled(files: Sequence[Path]) -> None:
    """By whole seconds and its size Python tells whether a file is the one that it has compiled: not well enough."""
    for file in files:
        with suppress(OSError, NotImplementedError):
            Path(cache_from_source(str(file))).unlink()


def _forget(files: Sequence[Path]) -> None:
    """Has Python import the files anew."""
    places = {str(place) for file in files for place in (file, file.resolve())}
    for name, module in list(sys.modules.items()):
        if getattr(module, "__file__", None) in places:
            del sys.modules[name]


def _collected(files: Sequence[Path], devices: Sequence[str]) -> dict[str, Check]:
    for file in files:
        _expect_each_name_once(file)
    for file in files[1:]:
        if assigned_in(file, "FORBIDDEN") is not None:
            raise CourseFault(
                f"{file} cannot be used: `FORBIDDEN` has to stand in {files[0]}, with the checks of the course."
            )
    plugin = CollectionPlugin(devices)
    options = [
        "--collect-only",
        f"--confcutdir={files[0].parent}",
        # unique module names for the same file name in two courses
        f"--rootdir={files[0].anchor}",
        f"-c{_PYTEST_INI}",
        "--import-mode=importlib",
        # neither the student's conftest.py nor a plugin that happens to be installed has a say in a score
        "--noconftest",
        "--disable-plugin-autoload",
        "--assert=plain",
        *(f"-pno:{name}" for name in _UNUSED_PLUGINS),
    ]
    hidden = {name: os.environ.pop(name, None) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    try:
        # what pytest says of a failure is among the plugin's faults, and what a file prints is for its author
        with redirect_stdout(sys.stderr), redirect_stderr(StringIO()):
            status = pytest.main([*options, *map(str, files)], plugins=[plugin])
    finally:
        os.environ.update({name: value for name, value in hidden.items() if value is not None})
    if status == pytest.ExitCode.INTERRUPTED and not plugin.faults:
        raise KeyboardInterrupt
    if plugin.faults:
        file = _file_of(plugin.faults[0][0], files)
        reason = " ".join(reason for _, reason in plugin.faults)
        raise CourseFault(f"{file} cannot be used: {reason}")
    for file in files:
        if not any(item.path == file for item in plugin.items):
            reason = _("there is no function test_… in it.")
            raise CourseFault(f"{file} cannot be used: {reason}")
    if status != pytest.ExitCode.OK:
        raise CourseFault(f"{files[0]} cannot be used: pytest ended with status {status}")
    _expect_rules_are_read(files[0], plugin.items[0].module)
    checks = _grouped(plugin.items)
    _require_order(checks)
    return checks


def _expect_each_name_once(file: Path) -> None:
    """Of two functions of one name Python keeps the second, and the first check would be gone.

    Raises:
        CourseFault: if a check has the name of another.
    """
    lines: dict[str, int] = {}
    for check in checks_in(file):
        if check.name in lines:
            first, second = lines[check.name], check.lineno
            raise CourseFault(
                f"{file} cannot be used: {check.name} is defined twice, in lines {first} and {second}."
            )
        lines[check.name] = check.lineno


def _expect_rules_are_read(file: Path, module: ModuleType) -> None:
    """The rules are read off the file's text, so that text has to say what the module has.

    Raises:
        CourseError: if the text is no literal.
        CourseFault: if the module has other rules, by an import or a later statement.
    """
    stated = assigned_in(file, "FORBIDDEN")
    read = None if stated is None else literal_of(file, stated, "FORBIDDEN")
    if getattr(module, "FORBIDDEN", None) != read:
        raise CourseFault(
            f"{file} cannot be used: `FORBIDDEN` has to be written out in one statement at the top level."
        )


def _file_of(node: str, files: Sequence[Path]) -> Path:
    """The file that pytest's name of a node is about."""
    name = node.partition("::")[0]
    return next((file for file in files if name and str(file).endswith(name)), files[0])


def _grouped(items: Sequence[pytest.Function]) -> dict[str, Check]:
    checks: dict[str, Check] = {}
    homes: dict[str, str] = {}
    for item in items:
        check = _check_of(item)
        home = item.nodeid.partition("[")[0]
        if homes.setdefault(check.name, home) != home:
            other = checks[check.name].file
            raise CourseFault(
                f"{item.path} cannot be used: it has a check {check.name}, and so has {other}."
            )
        checks.setdefault(check.name, check).cases.append(_case_of(item, check.name))
    return checks


def _require_order(checks: Mapping[str, Check]) -> None:
    """A check's `needs`, and what it `follows`, name checks that come before it.

    Raises:
        CourseFault: if they do not.
    """
    earlier: set[str] = set()
    for check in checks.values():
        named = dict.fromkeys(check.needs, "needs") | dict.fromkeys(check.follows, "follows")
        for name, how in named.items():
            if name not in earlier:
                raise CourseFault(
                    f"{check.file} cannot be used: {check.name} {how} {name}, which is no earlier check."
                )
        earlier.add(check.name)


def _check_of(item: pytest.Function) -> Check:
    worth = item.get_closest_marker("points")
    wanted, before = item.get_closest_marker("needs"), item.get_closest_marker("follows")
    name = item.originalname.removeprefix("test_")
    if inspect.iscoroutinefunction(item.obj):
        raise CourseFault(f"{item.path} cannot be used: {name} is `async`, and would never be run.")
    number = (worth.args or (None,))[0] if worth else 0
    if type(number) is not int or number < 0:
        sentence = _("{name} is worth {points!r} points, which is no whole number.")
        sentence = sentence.format(name=name, points=number)
        raise CourseFault(f"{item.path} cannot be used: {sentence}")
    text = inspect.getdoc(item.obj) or name
    return Check(
        name=name,
        description=" ".join(text.split("\n\n")[0].split()),
        points=number,
        needs=wanted.args if wanted else (),
        follows=before.args if before else (),
        file=item.path,
    )


def _case_of(item: pytest.Function, check: str) -> Case:
    arguments = tuple(inspect.signature(item.obj).parameters)
    params, fixtures = _params_and_fixtures(item)
    for name in (*arguments, *fixtures):
        if name not in (*params, *FIXTURES):
            raise CourseFault(
                f"{item.path} cannot be used: {check} asks for {name!r}. A check may ask for "
                f"{', '.join(FIXTURES)}, and for what it is parametrized with."
            )
    return Case(item.name, item.obj, arguments, params)


def _params_and_fixtures(item: pytest.Function) -> tuple[dict[str, Any], Sequence[str]]:
    """What a case is parametrized with, and the fixtures that pytest would make for it, asked for or not.

    `callspec` and `fixturenames` are in no documentation of pytest's; versions 8.4 to 9.2 have them.

    Raises:
        UnsupportedVersion: if this pytest does not.
    """
    try:
        parametrized = hasattr(item, "callspec") or item.name != item.originalname
        return dict(item.callspec.params) if parametrized else {}, item.fixturenames
    except AttributeError as error:
        raise UnsupportedVersion(
            f"pytest {pytest.__version__} does not tell what the cases of a check ask for. Install pytest 9.2."
        ) from error

"""The cases of a check file, as pytest collects them: once per file, however many submissions are graded.

A check file is an ordinary pytest file, and pytest alone says which cases it has: parametrizations, identifiers, marks,
fixtures. A whole session of pytest takes some 60 ms, though, and a case 1 ms beside the check itself; so the cases
are kept here and called by `runner.py`.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ..course.catalog import syntax_of, text_of
from ..errors import CourseFault
from .memo import Memory
from .plugin import OURS, CollectionPlugin

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
        params: the parametrized values, `dtype`, `device` and `home` among them.
        fixtures: the functions behind the file's own fixtures, by name.
        memory: how it went before.
    """

    name: str
    function: Callable[..., object]
    arguments: tuple[str, ...]
    params: Mapping[str, Any]
    fixtures: Mapping[str, Callable[..., object]]
    memory: Memory = field(default_factory=Memory, compare=False)


@dataclass(frozen=True)
class Check:
    """A check as its file states it."""

    name: str
    description: str
    points: int
    needs: tuple[str, ...]
    cases: list[Case] = field(default_factory=list)


_kept: dict[tuple[object, ...], tuple[list[int], dict[str, Check]]] = {}


def collect(files: Sequence[Path], devices: Sequence[str]) -> dict[str, Check]:
    """The checks of an exercise's files by name, in their order; read anew when a file has changed.

    Raises:
        CourseError: if one of the files cannot be read, or is no Python.
        CourseFault: if pytest cannot collect them.
    """
    changed = [file.stat().st_mtime_ns for file in files]
    key = *files, *devices
    if key not in _kept or _kept[key][0] != changed:
        places = {str(file) for file in files}
        for name, module in list(sys.modules.items()):
            if getattr(module, "__file__", None) in places:
                del sys.modules[name]
        _kept[key] = changed, _collected(files, devices)
    return _kept[key][1]


def _collected(files: Sequence[Path], devices: Sequence[str]) -> dict[str, Check]:
    for file in files:
        syntax_of(text_of(file), file)
    file = files[0]
    plugin = CollectionPlugin(devices)
    options = [
        "--collect-only",
        f"--confcutdir={file.parent}",
        # unique module names for the same file name in two courses
        f"--rootdir={file.anchor}",
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
        status = pytest.main([*options, *map(str, files)], plugins=[plugin])
    finally:
        os.environ.update({name: value for name, value in hidden.items() if value is not None})
    if status == pytest.ExitCode.INTERRUPTED and not plugin.faults:
        raise KeyboardInterrupt
    if plugin.faults or status != pytest.ExitCode.OK:
        told = " ".join(plugin.faults) or f"pytest ended with status {status}"
        if status == pytest.ExitCode.NO_TESTS_COLLECTED:
            told = "there is no function test_… in it."
        raise CourseFault(f"{file} cannot be used: {told}")
    checks: dict[str, Check] = {}
    for item in plugin.items:
        check = _check_of(item)
        checks.setdefault(check.name, check).cases.append(_case_of(item, check.name))
    earlier: set[str] = set()
    for check in checks.values():
        for name in check.needs:
            if name not in earlier:
                raise CourseFault(
                    f"{file} cannot be used: {check.name} needs {name}, which is no earlier check."
                )
        earlier.add(check.name)
    return checks


def _check_of(item: pytest.Function) -> Check:
    worth = item.get_closest_marker("points")
    wanted = item.get_closest_marker("needs")
    name = item.originalname.removeprefix("test_")
    number = worth.args[0] if worth else 0
    if type(number) is not int or number < 0:
        raise CourseFault(f"{item.path} cannot be used: {name} is worth {number!r} points.")
    text = inspect.getdoc(item.obj) or name
    return Check(
        name=name,
        description=" ".join(text.split("\n\n")[0].split()),
        points=number,
        needs=wanted.args if wanted else (),
    )


def _case_of(item: pytest.Function, check: str) -> Case:
    params = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    known = {*params, *OURS}
    fixtures = {
        name: definitions[-1].func
        for name, definitions in item._fixtureinfo.name2fixturedefs.items()
        if name not in known
    }
    arguments = tuple(inspect.signature(item.obj).parameters)
    for name in {*arguments, *fixtures}:
        function = fixtures.get(name)
        of_the_file = function is not None and function.__module__ == item.module.__name__
        if name not in known and (not of_the_file or inspect.isgeneratorfunction(function)):
            raise CourseFault(
                f"{item.path} cannot be used: {check} asks for {name!r}. A check may ask for "
                f"{', '.join(OURS)}, and for fixtures of its own file without `yield`."
            )
    return Case(item.name, item.obj, arguments, params, fixtures)

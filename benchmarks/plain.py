"""A plugin for plain pytest: `pytest -p benchmarks.plain --submission DIR CHECKS...` runs check files unsandboxed.

This is what a course without a grader has: the tests and the student's code in one process, a process a submission.
"""

from __future__ import annotations

import importlib.util
import types
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from grader.checking.drawing.rounds import PUBLISHED
from grader.checking.memo import MemoizedSession
from grader.checking.plugin import CollectionPlugin
from grader.checking.session import Session
from grader.checking.student import Draw, Student, seed_of

from .inprocess import InProcess


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--submission", help="The folder that holds NAME.py.")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Plain(Path(str(config.getoption("--submission")))))


class _Plain(CollectionPlugin):
    def __init__(self, folder: Path) -> None:
        super().__init__(("cpu",))
        self._folder = folder

    @cache  # noqa: B019  # lives as long as the process
    def _module(self, name: str) -> types.ModuleType:
        spec = importlib.util.spec_from_file_location(name, self._folder / f"{name}.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    @pytest.fixture
    def dtype(self, request: pytest.FixtureRequest) -> Any:
        return request.param

    @pytest.fixture
    def device(self, request: pytest.FixtureRequest) -> Any:
        return request.param

    @pytest.fixture
    def home(self, request: pytest.FixtureRequest) -> Any:
        return request.param

    @pytest.fixture
    def round(self, request: pytest.FixtureRequest) -> Any:
        return getattr(request, "param", PUBLISHED)

    @pytest.fixture
    def draw(self, request: pytest.FixtureRequest, dtype: Any, home: Any, round: Any) -> Any:
        return Draw(seed_of(1, request.node.name), dtype, home, round)

    @pytest.fixture
    def student(self, request: pytest.FixtureRequest, device: Any, round: Any) -> Any:
        torch.manual_seed(1)
        here = MemoizedSession(cast(Session, InProcess(self._module(request.path.stem))))
        return Student(here, device, seed_of(1, request.node.name), round.default_dtype)

    @pytest.fixture
    def elsewhere(self, student: Any) -> Any:
        return student

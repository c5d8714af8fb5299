"""A report that the tests of its parts share."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.classroom.report.report_folder import write_report
from tests.synthetic import hostile_class, made_class


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of sixty students and of those whose names are attacks."""
    where = tmp_path_factory.mktemp("report") / "class"
    write_report([*made_class(60), *hostile_class()], where, title='Class of "26" </title><b>')
    return where

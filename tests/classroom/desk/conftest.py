"""A class of three, opened at a desk: in SQLite, in which a test costs milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.classroom.gradebook.reader import Gradebook
from tests.classroom.gradebook.conftest import (  # noqa: F401 fixtures of both databases
    gradebook,
    server,
    where,
)
from tests.desks import Visitor, class_at_a_desk


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Gradebook]:
    with class_at_a_desk(tmp_path / "grades.db", half_points=True) as opened:
        yield opened


@pytest.fixture
def visitor(book: Gradebook) -> Visitor:
    return Visitor(book)

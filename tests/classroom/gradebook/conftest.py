"""Gradebooks in SQLite and in PostgreSQL: a test that asks for `gradebook` or `where` runs with both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from grader.classroom.gradebook.reader import Gradebook
from tests.gradebooks import small_gradebook
from tests.servers import postgresql


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a new gradebook."""
    if request.param == "sqlite":
        return str(tmp_path / "grades.db")
    url, name = request.getfixturevalue("server"), f"g{abs(hash(tmp_path))}"
    engine = create_engine(f"{url}/postgres".replace("postgresql", "postgresql+psycopg"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"{url}/{name}"


@pytest.fixture
def gradebook(where: str) -> Iterator[Gradebook]:
    """Of two students and one exercise of ten points."""
    with small_gradebook(where) as opened:
        yield opened


@pytest.fixture
def sqlite_gradebook(tmp_path: Path) -> Iterator[Gradebook]:
    """The same in SQLite alone, for what does not depend on the database."""
    with small_gradebook(tmp_path / "grades.db") as opened:
        yield opened

"""The way to a gradebook: what cannot be opened is told in a sentence, and SQLite is set up to lose nothing."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.command import upgrade
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from grader.classroom.gradebook import database
from grader.classroom.gradebook.database import connect, damage_is_told
from grader.classroom.gradebook.reader import open_gradebook
from grader.errors import GradebookError, MissingPackageError
from tests.gradebooks import graded, small_gradebook


@pytest.fixture(autouse=True)
def tables_at_once() -> None:
    """Here the migrations make them."""


@contextmanager
def connected(where: str | Path, *, create: bool = False) -> Iterator[Engine]:
    engine = connect(where, create=create)
    yield engine
    engine.dispose()


def refused(where: str | Path, create: bool = False) -> str:
    with pytest.raises(GradebookError) as error:
        connect(where, create=create)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_gradebook_of_a_newer_version(where: str) -> None:
    with (
        connected(where, create=True) as engine,
        engine.execution_options(writes=True).begin() as connection,
    ):
        connection.execute(text("UPDATE alembic_version SET version_num = '9'"))
    assert "newer version" in refused(where)


def test_no_gradebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "There is no gradebook" in refused(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()
    assert "Make the folder first" in refused(tmp_path / "none" / "x.db", create=True)
    assert "is a folder" in refused(tmp_path)
    (tmp_path / "text").write_text("hello, this is not a database at all, whatever its name says")
    assert "something else than a gradebook" in refused(tmp_path / "text")
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE x (y)")
    assert "not a gradebook" in refused(tmp_path / "other.db", create=True)
    (tmp_path / "empty.db").touch()
    assert "is empty" in refused(tmp_path / "empty.db")
    assert "not in mysql" in refused("mysql://x/y")
    assert "cannot be read" in refused("://")
    assert "cannot be opened" in refused("postgresql://grader:secret@127.0.0.1:1/x")
    assert "secret" not in refused("postgresql://grader:secret@127.0.0.1:1/x")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingPackageError, match=r"grader\[postgresql\]"):
        connect("postgresql://grader@127.0.0.1:1/x", create=False)


@pytest.mark.parametrize("name", ["grades.db", "a b #1?.db", "100%.db", "성적.db"])
def test_a_file_is_made_under_its_own_name(tmp_path: Path, name: str) -> None:
    with connected(tmp_path / name, create=True):
        pass
    assert (tmp_path / name).is_file()
    with connected(str(tmp_path / name)) as engine, engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM student")) == 0


@pytest.mark.parametrize(
    "begin", [b"\0", b"x", b"SQLite format 3", b"SQLite format 3\0", b"\n" * 600]
)
def test_what_is_no_database_is_left_as_it_is(tmp_path: Path, begin: bytes) -> None:
    """SQLite takes a file of a few bytes for a new database."""
    file = tmp_path / "grades.db"
    file.write_bytes(begin)
    assert "grades.db" in refused(file, create=True)
    assert file.read_bytes() == begin
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    """To read of a pipe would wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    assert "is no file" in refused(tmp_path / "pipe", create=True)
    (tmp_path / "link").symlink_to(tmp_path / "link")
    assert "gradebook" in refused(tmp_path / "link")


def test_a_url_names_a_file_too(tmp_path: Path) -> None:
    with connected(f"sqlite:///{tmp_path}/grades.db", create=True):
        assert (tmp_path / "grades.db").is_file()


def test_sqlite_is_set_up_to_lose_nothing(tmp_path: Path) -> None:
    with (
        connected(tmp_path / "grades.db", create=True) as engine,
        engine.connect() as connection,
    ):
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1


def test_who_will_write_asks_for_the_lock_at_once(tmp_path: Path) -> None:
    """Who asks for it later, after reading, could be refused then."""
    with connected(tmp_path / "grades.db", create=True) as engine:
        writes = engine.execution_options(writes=True)
        with writes.connect() as one, one.begin(), engine.connect() as other:
            other.exec_driver_sql("PRAGMA busy_timeout = 0")
            assert other.scalar(text("SELECT count(*) FROM student")) == 0
            other.rollback()
            with pytest.raises(OperationalError, match="locked"):
                other.execution_options(writes=True).begin()


def test_a_migration_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import op

    class FullDisk(Exception):
        pass

    def full(*_: object, **__: object) -> None:
        raise FullDisk

    with monkeypatch.context() as patched:
        patched.setattr(op, "create_index", full)
        with pytest.raises(FullDisk):
            connect(tmp_path / "grades.db", create=True)
    with closing(sqlite3.connect(tmp_path / "grades.db")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    with connected(tmp_path / "grades.db", create=True):
        pass


def test_a_gradebook_of_the_first_version_keeps_working(where: str) -> None:
    """Made by the first migration alone, with a student and a hand-in."""
    rows = (
        "INSERT INTO gradebook VALUES (1, 'Lab', '2026-11-20', '[\"my_linear\"]', '{\"my_linear\": 10}', 'x', "
        "{true}, NULL, '{}')",
        "INSERT INTO student VALUES ('ada', 0, 'Ada', '', '', 'ada-l', {true}, NULL)",
        "INSERT INTO submission VALUES (1, 'ada', 'i', '', '', NULL, '2026-11-20', 'no zip', '{}')",
        "INSERT INTO standing VALUES ('ada', 1, NULL, 0, 'no zip', '[]')",
        "INSERT INTO adjustment VALUES (1, 'ada', '', 2, 'me', '2026-11-20', 'kind')",
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(database, "HEAD", "0001")
        patched.setattr(command, "upgrade", lambda config, _: upgrade(config, "0001"))
        engine = connect(where, create=True)
    true = "1" if engine.dialect.name == "sqlite" else "true"
    with engine.execution_options(writes=True).begin() as connection:
        for row in rows:
            connection.exec_driver_sql(row.replace("{true}", true))
    engine.dispose()
    with open_gradebook(where) as gradebook:
        record = gradebook.record("ADA-L")
        assert (record.state, record.score, record.student.ids) == ("could not be read", 2, ())
        assert gradebook.made_with is None
        gradebook.excuse("ada", why="ill", who="me")
        assert [each.state for each in gradebook.records()] == ["excused"]
        assert gradebook.check() == []


def test_damage_is_told_in_a_sentence(tmp_path: Path) -> None:
    with small_gradebook(tmp_path / "grades.db") as opened:
        graded(opened, "ada", "one", 5)
        opened.write(lambda session: session.execute(text("UPDATE grading SET report = '{'")))
        told = r"The gradebook x\.db cannot be used: .*`grader gradebook check` tells what is wrong"
        with pytest.raises(GradebookError, match=told), damage_is_told("x.db"):
            opened.record("ada")
        opened.write(lambda session: session.execute(text("DROP TABLE adjustment")))
        with pytest.raises(GradebookError, match=told) as error, damage_is_told("x.db"):
            opened.record("bob")
        assert "\n" not in str(error.value)

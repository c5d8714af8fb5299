"""The tables are what the migrations make, and keep what goes into them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from grader.classroom.gradebook import database, models
from grader.classroom.gradebook.reader import Gradebook, open_gradebook
from tests.gradebooks import NOON


@pytest.fixture(autouse=True)
def tables_at_once() -> None:
    """Here the migrations make them."""


def test_the_migrations_make_what_the_models_say(where: str) -> None:
    with open_gradebook(where, create=True) as opened, opened.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, models.Base.metadata) == []
        assert context.get_current_revision() == database.HEAD
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == database.HEAD


@pytest.mark.parametrize("hours", [-11, 0, 9])
def test_an_instant_goes_in_with_any_zone_and_comes_out_in_utc(
    gradebook: Gradebook, hours: int
) -> None:
    local = NOON.astimezone(timezone(timedelta(hours=hours)))

    def put(session: Session) -> None:
        session.get_one(models.StudentRow, "ada").deadline = local

    gradebook.write(put)
    with gradebook.engine.connect() as connection, Session(connection) as session:
        found = session.get_one(models.StudentRow, "ada").deadline
        assert found == NOON
        assert found.tzinfo is UTC
        assert session.get_one(models.StudentRow, "bob").deadline is None


def test_only_a_database_that_keeps_no_zone_is_given_none() -> None:
    local = NOON.astimezone(timezone(timedelta(hours=9)))
    kind = models.UtcDateTime()
    assert kind.process_bind_param(local, sqlite.dialect()) == NOON.replace(tzinfo=None)
    server: Any = postgresql.dialect  # it has no annotations
    for_server = kind.process_bind_param(local, server())
    assert for_server
    assert (for_server, for_server.tzinfo) == (NOON, UTC)


def submission(student: str, identity: str) -> models.SubmissionRow:
    return models.SubmissionRow(
        student_id=student,
        identity=identity,
        digest="",
        commit="",
        handed_in=None,
        seen=datetime.now(UTC),
        problem="",
        sources={"my_linear": {"text": "é🐍\u2028"}},
    )


def test_a_submission_is_there_once(sqlite_gradebook: Gradebook) -> None:
    sqlite_gradebook.write(lambda session: session.add(submission("ada", "x")))
    sqlite_gradebook.write(
        lambda session: session.add_all([submission("ada", "y"), submission("bob", "x")])
    )
    with pytest.raises(IntegrityError):
        sqlite_gradebook.write(lambda session: session.add(submission("ada", "x")))
    with sqlite_gradebook.engine.connect() as connection, Session(connection) as session:
        rows = session.query(models.SubmissionRow).all()
        assert len(rows) == 3
        assert rows[0].sources == {"my_linear": {"text": "é🐍\u2028"}}


def test_what_counts_for_nobody_is_refused(sqlite_gradebook: Gradebook) -> None:
    with pytest.raises(IntegrityError):
        sqlite_gradebook.write(lambda session: session.add(submission("nobody", "x")))


def test_a_result_is_there_once_for_each_forced_run(sqlite_gradebook: Gradebook) -> None:
    run = models.RunRow(started=NOON, finished=None, forced=False, conditions={})
    sqlite_gradebook.write(lambda session: session.add(run))

    def put(forced_run: int) -> None:
        statement = text(
            "INSERT INTO grading (student_id, digest, key, forced_run, run_id, graded, seconds, score, max_score, "
            f"report) VALUES ('ada', '', 'k', {forced_run}, 1, '2026-11-20', 0, 0, 0, '{{}}')"
        )
        sqlite_gradebook.write(lambda session: session.execute(statement))

    put(0)
    put(7)
    with pytest.raises(IntegrityError):
        put(7)

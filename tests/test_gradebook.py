"""The gradebook: what goes in comes out, in SQLite and in PostgreSQL, and what is broken in it is found."""

from __future__ import annotations

import sqlite3
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, insert, text

from grader.classroom.gradebook import database, models
from grader.classroom.gradebook.late import LatePolicy
from grader.classroom.gradebook.reader import NOTHING, Gradebook, open_gradebook
from grader.classroom.gradebook.writer import GradebookWriter, ReceivedHandIn, enrol, write_max_scores, write_settings
from grader.classroom.handin.read import Submitted
from grader.classroom.handin.roster import RosterEntry
from grader.classroom.records import Enrolled
from grader.errors import GradebookError
from grader.report import CheckResult, Environment, ExerciseResult, Report
from grader.submission import Cell, Source

from .servers import postgresql

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ADA, BOB = Enrolled("ada", "Ada Lovelace", "ada@x.org", "B", "ada-l"), Enrolled("bob")


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
    with open_gradebook(where, create=True) as opened:
        write_settings(
            opened,
            title="Lab 1",
            exercises=["my_linear"],
            deadline=NOON,
            policy=LatePolicy(points=2, free_days=1),
        )
        enrol(opened, [RosterEntry(BOB), RosterEntry(ADA)], [])
        write_max_scores(opened, {"my_linear": 10}, "checks")
        yield opened


def report(score: int, name: str = "ada") -> Report:
    check = CheckResult("forward", "It is right.", "passed", 10, score, "“ok” \u2028 🐍 é")
    result = ExerciseResult(
        "my_linear", "A layer", score, 10, "partial", checks=(check,), seed=2**47
    )
    return Report(name, (result,), Environment("3.11", "2.13", ("cpu",), ("limits",)))


def work(source: str, when: datetime | None = NOON) -> Submitted:
    cell = Cell("my_linear.py", source)
    return Submitted({"my_linear": Source("my_linear.py", (cell,))}, commit="c0ffee", when=when)


def received(writer: GradebookWriter, student: str, handed: Submitted, key: str) -> bool:
    return writer.receive([ReceivedHandIn(student, handed, NOON, key)]) == [True]


def graded(
    gradebook: Gradebook, student: str, source: str, score: int, *, forced: bool = False
) -> GradebookWriter:
    """A run that grades one submission; its key is its source."""
    writer = GradebookWriter.begin(gradebook, {"checks": "x"}, forced)
    handed = work(source)
    if received(writer, student, handed, f"key of {source}"):
        writer.store_result(student, f"key of {source}", handed.digest, report(score), 0.5)
    return writer


def test_what_goes_in_comes_out(gradebook: Gradebook, where: str) -> None:
    writer = GradebookWriter.begin(gradebook, {}, False)
    late = work("x = 'é🐍'\n", NOON + timedelta(days=2, hours=1))
    assert received(writer, "ada", late, "key")
    assert gradebook.record("ada").problem == "Not graded yet."
    writer.store_result("ada", "key", late.digest, report(8), 0.5)
    writer.finish()
    made = gradebook.adjust("ADA-L", 3, why="kind", who="me", exercise="my_linear")
    gradebook.adjust("ada", -2, why="copied", who="you")
    with open_gradebook(where) as again:
        assert (again.title, again.exercises, again.max_score) == ("Lab 1", ("my_linear",), 10)
        bob, ada = again.records()
        assert bob == again.record("bob")
        assert (bob.student, bob.report, bob.problem, bob.score) == (BOB, None, NOTHING, 0)
        assert bob.max_score == 10
        assert ada.student == ADA
        assert ada.report == report(8)
        assert (ada.late_days, ada.penalty, ada.score) == (3, 4, 8 - 4 + 3 - 2)
        assert (ada.submitted, ada.commit) == (late.when, "c0ffee")
        assert ada.adjustments[0] == made
        assert again.sources("ada") == {"my_linear": "x = 'é🐍'\n"}
        assert again.sources("bob") == {}
        assert again.check() == []
        kinds = [event.kind for event in again.history("ada")]
        assert sorted(kinds) == ["adjusted", "adjusted", "graded", "handed in"]
        told = " ".join(event.text for event in again.history("ada"))
        assert "+3 in my_linear by me: kind" in told
        assert "-2 by you: copied" in told


def test_the_roster_changes(gradebook: Gradebook) -> None:
    graded(gradebook, "bob", "x", 5)
    eve = Enrolled("eve")
    enrol(gradebook, [RosterEntry(ADA, NOON), RosterEntry(eve)], [Enrolled("stranger")])
    records = list(gradebook.records())
    assert [record.student.id for record in records] == ["ada", "eve", "bob", "stranger"]
    assert [record.student.on_roster for record in records] == [True, True, False, False]
    assert records[2].score == 5
    assert gradebook.deadlines() == {"ada": NOON}
    enrol(gradebook, None, [eve, Enrolled("stranger")])
    assert [record.student.id for record in gradebook.records()] == [
        "ada",
        "eve",
        "bob",
        "stranger",
    ]


def test_a_roster_that_comes_later(gradebook: Gradebook) -> None:
    enrol(gradebook, None, [Enrolled("eve-x"), Enrolled("fay")])
    graded(gradebook, "eve-x", "x", 5)
    gradebook.adjust("eve-x", 1, why="kind", who="me")
    enrol(gradebook, [RosterEntry(Enrolled("007", "Eve", login="eve-x"))], [])
    records = {record.student.id: record for record in gradebook.records()}
    assert set(records) == {"007", "ada", "bob", "fay"}
    assert (records["007"].score, records["007"].student.on_roster) == (6, True)
    assert not records["fay"].student.on_roster
    assert gradebook.check() == []


def test_what_was_graded_is_not_graded_again(gradebook: Gradebook) -> None:
    graded(gradebook, "ada", "one", 5).finish()
    graded(gradebook, "ada", "one", 9).finish()
    assert gradebook.record("ada").score == 5
    graded(gradebook, "ada", "two", 7).finish()
    assert gradebook.record("ada").score == 7
    graded(gradebook, "ada", "one", 9).finish()  # back to what was handed in first
    assert gradebook.record("ada").score == 5
    assert [event.score for event in gradebook.history("ada") if event.score] == [5, 7]
    assert gradebook.check() == []


def test_force_keeps_the_history(gradebook: Gradebook) -> None:
    graded(gradebook, "ada", "one", 5).finish()
    forced = graded(gradebook, "ada", "one", 9, forced=True)
    assert gradebook.record("ada").score == 9
    # killed before its end: the same command goes on with it, and does nothing twice
    again = graded(gradebook, "ada", "one", 1, forced=True)
    assert again.run == forced.run
    assert gradebook.record("ada").score == 9
    again.finish()
    graded(gradebook, "ada", "one", 2, forced=True).finish()
    events = [event for event in gradebook.history("ada") if event.kind == "graded"]
    assert [(event.score, event.counts) for event in events] == [(5, False), (9, False), (2, True)]
    graded(gradebook, "ada", "one", 1).finish()
    assert gradebook.record("ada").score == 2


def test_two_at_once_do_not_double(gradebook: Gradebook) -> None:
    one, two = GradebookWriter.begin(gradebook, {}, False), GradebookWriter.begin(gradebook, {}, False)
    handed = work("x")
    assert received(one, "ada", handed, "key")
    assert received(two, "ada", handed, "key")
    one.store("ada", "key", handed.digest, report(5), 0.5)
    two.store("ada", "key", handed.digest, report(5), 0.5)
    assert len([event for event in gradebook.history("ada") if event.kind == "graded"]) == 1
    assert gradebook.record("ada").score == 5
    assert gradebook.check() == []


def test_trouble_is_no_result_and_is_tried_again(gradebook: Gradebook) -> None:
    writer = GradebookWriter.begin(gradebook, {}, False)
    handed = work("one")
    assert received(writer, "ada", handed, "key of one")
    writer.store_fault("ada", "The grader\x1b[31m failed")
    record = gradebook.record("ada")
    assert (record.report, record.problem) == (None, "The grader\\x1b[31m failed")
    graded(gradebook, "ada", "one", 5)
    assert (gradebook.record("ada").problem, gradebook.record("ada").score) == ("", 5)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"student": "nobody"}, "no student is called 'nobody'"),
        ({"exercise": "losses"}, "no exercise 'losses'"),
        ({"why": " "}, "needs a reason"),
        ({"who": ""}, "needs a reason"),
        ({"points": 0}, "0 points"),
        ({"points": 10**9}, "no adjustment"),
    ],
)
def test_an_adjustment_that_is_none(
    gradebook: Gradebook, arguments: dict[str, object], told: str
) -> None:
    good = {"student": "ada", "points": 1, "why": "x", "who": "me", "exercise": ""}
    given = good | arguments
    with pytest.raises(GradebookError, match=told):
        gradebook.adjust(given.pop("student"), given.pop("points"), **given)  # type: ignore[arg-type]
    assert gradebook.record("ada").adjustments == ()


def test_names_from_outside_do_no_harm(gradebook: Gradebook) -> None:
    name = "'; DROP TABLE student; --"
    enrol(gradebook, None, [Enrolled(name, "<b>x</b>"), Enrolled("100%"), Enrolled("a_a")])
    assert gradebook.record(name).student.name == "<b>x</b>"
    with pytest.raises(GradebookError, match="no student"):
        gradebook.record("a%")
    assert len(list(gradebook.records())) == 5


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE grading SET score = 10", "its report says 5 of 10"),
        ("UPDATE check_result SET score = 9", "do not add up"),
        ("DELETE FROM check_result", "do not add up"),
        ("UPDATE submission SET digest = 'x'", "not what was handed in"),
        ("UPDATE submission SET sources = '{}'", "not what was handed in"),
        ("UPDATE grading SET report = '{}'", "cannot be read"),
        ("UPDATE standing SET problem = 'x'", "both a result and a problem"),
        ("UPDATE grading SET student_id = 'bob'", "is bob's"),
        ("UPDATE submission SET student_id = 'bob'", "handed in by bob"),
        ("UPDATE grading SET digest = 'x'", "of another submission"),
        ("DELETE FROM standing WHERE student_id = 'bob'", "bob has no standing"),
    ],
)
def test_what_does_not_fit_is_found(gradebook: Gradebook, statement: str, told: str) -> None:
    graded(gradebook, "ada", "one", 5)
    assert gradebook.check() == []
    gradebook.write(lambda session: session.execute(text(statement)))
    assert told in " ".join(gradebook.check())


def test_the_migrations_make_what_the_models_say(where: str) -> None:
    with open_gradebook(where, create=True) as opened, opened.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, models.Base.metadata) == []
        assert context.get_current_revision() == database.HEAD
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == database.HEAD


def test_a_gradebook_of_a_newer_version(where: str) -> None:
    with open_gradebook(where, create=True) as opened:
        opened.write(
            lambda session: session.execute(text("UPDATE alembic_version SET version_num = '9'"))
        )
    with pytest.raises(GradebookError, match="newer version"):
        open_gradebook(where)


def test_no_gradebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(where: str | Path, create: bool = False) -> str:
        with pytest.raises(GradebookError) as error:
            open_gradebook(where, create=create)
        assert "\n" not in str(error.value)
        return str(error.value)

    assert "There is no gradebook" in told(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()
    assert "Make the folder first" in told(tmp_path / "none" / "x.db", create=True)
    assert "is a folder" in told(tmp_path)
    (tmp_path / "text").write_text("hello, this is not a database at all, whatever its name says")
    assert "not a database" in told(tmp_path / "text")
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE x (y)")
    connection.close()
    assert "not a gradebook" in told(tmp_path / "other.db", create=True)
    (tmp_path / "empty.db").touch()
    assert "is empty" in told(tmp_path / "empty.db")
    assert "not in mysql" in told("mysql://x/y")
    assert "cannot be read" in told("://")
    assert "cannot be opened" in told("postgresql://grader:secret@127.0.0.1:1/x")
    assert "secret" not in told("postgresql://grader:secret@127.0.0.1:1/x")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert 'pip install "grader[postgresql]"' in told("postgresql://grader@127.0.0.1:1/x")


def test_sqlite_is_set_up_to_lose_nothing(tmp_path: Path) -> None:
    with (
        open_gradebook(tmp_path / "grades.db", create=True) as opened,
        opened.engine.connect() as connection,
    ):
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1


def test_thousands_of_students_are_not_in_memory_at_once(tmp_path: Path) -> None:
    with open_gradebook(tmp_path / "grades.db", create=True) as opened:
        write_settings(opened, title="x", exercises=["my_linear"], deadline=None, policy=None)
        message = "m" * 10_000
        plain = report(5).to_dict()
        plain["exercises"][0]["checks"][0]["message"] = message
        with opened.engine.execution_options(writes=True).begin() as connection:
            connection.execute(
                insert(models.Run), {"id": 1, "started": NOON, "forced": False, "conditions": {}}
            )
            student = {"name": "", "email": "", "section": "", "login": "", "on_roster": True}
            result = {"digest": "", "key": "", "forced_run": 0, "run_id": 1, "graded": NOON, "seconds": 0,
                      "score": 5, "max_score": 10, "report": plain}  # fmt: skip
            standing = {"late_days": 0, "problem": "", "notes": []}
            numbers = range(3000)
            connection.execute(
                insert(models.StudentRow),
                [{"id": f"s{n:05}", "position": n, **student} for n in numbers],
            )
            connection.execute(
                insert(models.GradingRow),
                [{"id": n, "student_id": f"s{n:05}", **result} for n in numbers],
            )
            connection.execute(
                insert(models.StandingRow),
                [{"student_id": f"s{n:05}", "grading_id": n, **standing} for n in numbers],
            )
        opened.refresh()
        tracemalloc.start()
        count = sum(record.score == 5 for record in opened.records())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert count == 3000
    assert peak < 8 << 20  # all of them would be more than 30 MiB

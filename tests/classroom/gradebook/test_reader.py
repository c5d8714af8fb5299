"""The gradebook as it is read and adjusted: what goes in comes out, in SQLite and in PostgreSQL."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from grader.classroom.gradebook import models
from grader.classroom.gradebook.enrolment import enrol
from grader.classroom.gradebook.reader import (
    NOTHING_HANDED_IN,
    Gradebook,
    open_gradebook,
)
from grader.classroom.gradebook.settings import GradebookSettings, write_settings
from grader.classroom.gradebook.writer import GradebookWriter
from grader.classroom.handin.read import Submitted
from grader.classroom.records import Enrolled
from grader.errors import GradebookError
from tests.gradebooks import ADA, BOB, NOON, graded, received, report, small_gradebook, submitted


def test_what_goes_in_comes_out(gradebook: Gradebook, where: str) -> None:
    writer = GradebookWriter.begin(gradebook, {}, False)
    late = submitted("x = 'é🐍'\n", NOON + timedelta(days=2, hours=1))
    assert received(writer, "ada", late, "key")
    waiting = gradebook.record("ada")
    assert (waiting.problem, waiting.state, waiting.score) == (
        "Not graded yet.",
        "not graded",
        None,
    )
    writer.store_result("ada", "key", late.digest, report(8), 0.5)
    writer.finish()
    made = gradebook.adjust("ADA-L", 3, why="kind", who="me", exercise="my_linear")
    gradebook.adjust("ada", -2, why="copied", who="you")
    with open_gradebook(where) as again:
        assert (again.title, again.exercises, again.max_score) == ("Lab 1", ("my_linear",), 10)
        bob, ada = again.records()
        assert bob == again.record("bob")
        assert (bob.student, bob.report, bob.problem, bob.score) == (
            BOB,
            None,
            NOTHING_HANDED_IN,
            None,
        )
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


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"student": "nobody"}, "no student is called 'nobody'"),
        ({"exercise": "losses"}, "no exercise 'losses'"),
        ({"why": " "}, "needs a reason"),
        ({"who": ""}, "needs a reason"),
        ({"points": 0}, "adjustment of 0 points cannot be made"),
        ({"points": 10**9}, "Give 1 to 999999 points"),
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


def test_thousands_of_students_are_not_in_memory_at_once(tmp_path: Path) -> None:
    with open_gradebook(tmp_path / "grades.db", create=True) as opened:
        write_settings(opened, GradebookSettings("x", ("my_linear",)))
        message = "m" * 10_000
        plain = report(5).to_dict()
        plain["exercises"][0]["checks"][0]["message"] = message
        with opened.engine.execution_options(writes=True).begin() as connection:
            connection.execute(
                insert(models.RunRow), {"id": 1, "started": NOON, "forced": False, "conditions": {}}
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


def test_why_there_is_no_result(gradebook: Gradebook) -> None:
    """Nothing handed in and an unreadable hand-in earn nothing; what is not graded has no score."""
    writer = GradebookWriter.begin(gradebook, {}, False)
    broken = Submitted({}, problem="It is not a zip file.")
    assert not received(writer, "ada", broken, "")
    states = {record.student.id: (record.state, record.score) for record in gradebook.records()}
    assert states == {"ada": ("could not be read", 0), "bob": ("nothing handed in", None)}
    assert not received(writer, "ada", Submitted({}), "")
    writer.store_fault("ada", "", "OSError: Input/output error")
    gradebook.adjust("ada", 3, why="kind", who="me")
    record = gradebook.record("ada")
    assert (record.state, record.score, record.graded) == ("not graded", None, None)
    assert record.problem == "OSError: Input/output error"
    assert gradebook.check() == []


def test_an_empty_gradebook_is_opened_only_to_be_filled(tmp_path: Path) -> None:
    with open_gradebook(tmp_path / "grades.db", create=True) as opened:
        assert opened.new
    with pytest.raises(GradebookError, match="is empty"):
        open_gradebook(tmp_path / "grades.db")


@pytest.mark.parametrize("called", ["ada", "ADA", "Ada-L", "ADA@x.org"])
def test_a_student_is_found_by_identifier_login_or_mail(
    sqlite_gradebook: Gradebook, called: str
) -> None:
    assert sqlite_gradebook.record(called).student == ADA


def test_a_name_that_two_students_have_is_told(sqlite_gradebook: Gradebook) -> None:
    enrol(sqlite_gradebook, None, [Enrolled("one", login="same"), Enrolled("two", email="Same")])
    with pytest.raises(GradebookError, match="several students are called 'same'"):
        sqlite_gradebook.record("same")


def test_all_pages_show_the_same_moment(gradebook: Gradebook) -> None:
    enrol(gradebook, None, [Enrolled(f"s{number:03}") for number in range(120)])
    records = gradebook.records()
    next(records)
    graded(gradebook, "s119", "one", 5).finish()
    assert [record.score for record in records][-1] is None
    assert list(gradebook.records())[-1].score == 5


class Step:
    """Fails a few times before it is done."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    def __call__(self, session: Session) -> str:
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def locked(message: str = "database is locked") -> OperationalError:
    return OperationalError("INSERT", {}, Exception(message))


def test_a_lock_or_a_lost_connection_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("grader.classroom.gradebook.reader.time.sleep", waited.append)
    lost = OperationalError("INSERT", {}, Exception("gone"), connection_invalidated=True)
    with small_gradebook(tmp_path / "grades.db") as gradebook:
        assert gradebook.write(Step(locked(), lost, locked())) == "done"
        assert len(waited) == 3
        with pytest.raises(GradebookError, match="cannot be written: database is locked"):
            gradebook.write(Step(*[locked() for _ in range(9)]))


def test_what_waiting_does_not_help_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.classroom.gradebook.reader.time.sleep", pytest.fail)
    with small_gradebook(tmp_path / "grades.db") as gradebook:
        with pytest.raises(GradebookError, match="disk is full"):
            gradebook.write(Step(locked("disk is full")))
        with pytest.raises(IntegrityError):
            gradebook.write(Step(IntegrityError("INSERT", {}, Exception("twice"))))


def test_a_step_is_written_whole_or_not_at_all(sqlite_gradebook: Gradebook) -> None:
    def half(session: Session) -> None:
        session.execute(text("UPDATE standing SET problem = 'half'"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sqlite_gradebook.write(half)
    assert sqlite_gradebook.record("ada").problem == NOTHING_HANDED_IN

"""Who belongs to a class, whatever becomes of its roster."""

from __future__ import annotations

from pathlib import Path

from grader.classroom.gradebook.enrolment import await_results, enrol
from grader.classroom.gradebook.reader import NOTHING_HANDED_IN, Gradebook, open_gradebook
from grader.classroom.gradebook.settings import GradebookSettings, write_settings
from grader.classroom.handin.roster import RosterEntry
from grader.classroom.records import Enrolled
from tests.gradebooks import ADA, NOON, graded


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
    for student in ("eve-x", "fay"):
        graded(gradebook, student, "x", 5)
    gradebook.adjust("eve-x", 1, why="kind", who="me")
    enrol(gradebook, [RosterEntry(Enrolled("007", "Eve", login="eve-x"))], [])
    records = {record.student.id: record for record in gradebook.records()}
    # of Ada and Bob, who are on the roster no more, there is nothing
    assert set(records) == {"007", "fay"}
    assert (records["007"].score, records["007"].student.on_roster) == (6, True)
    assert not records["fay"].student.on_roster
    assert gradebook.check() == []


def test_what_the_roster_says_of_a_student_is_brought_up_to_date(
    sqlite_gradebook: Gradebook,
) -> None:
    renamed = Enrolled("ada", "Ada King", "king@x.org", "C", "ada-k")
    enrol(sqlite_gradebook, [RosterEntry(renamed)], [])
    assert sqlite_gradebook.record("ada").student == renamed
    enrol(sqlite_gradebook, [RosterEntry(renamed, NOON)], [])
    assert sqlite_gradebook.deadlines() == {"ada": NOON}
    enrol(sqlite_gradebook, [RosterEntry(renamed)], [])
    assert sqlite_gradebook.deadlines() == {}


def test_who_hands_in_again_is_not_changed_by_that(sqlite_gradebook: Gradebook) -> None:
    enrol(sqlite_gradebook, None, [Enrolled("ada", "Somebody Else")])
    assert sqlite_gradebook.record("ada").student == ADA


def test_without_a_roster_everybody_is_on_it(tmp_path: Path) -> None:
    with open_gradebook(tmp_path / "grades.db", create=True) as opened:
        write_settings(opened, GradebookSettings("x", ("my_linear",)))
        enrol(opened, None, [Enrolled("zoe"), Enrolled("adam")])
        assert [student.id for student in opened.students()] == ["adam", "zoe"]
        assert all(student.on_roster for student in opened.students())
        assert not opened.has_roster
        graded(opened, "adam", "x", 5)
        enrol(opened, [RosterEntry(Enrolled("zoe"))], [])
        assert opened.has_roster
        assert [student.on_roster for student in opened.students()] == [True, False]


def test_a_class_larger_than_a_batch(tmp_path: Path) -> None:
    names = [f"s{number:04}" for number in range(1201)]
    with open_gradebook(tmp_path / "grades.db", create=True) as opened:
        write_settings(opened, GradebookSettings("x", ("my_linear",)))
        enrol(opened, [RosterEntry(Enrolled(name)) for name in reversed(names)], [])
        records = list(opened.records())
        assert [record.student.id for record in records] == names[::-1]
        assert {record.problem for record in records} == {NOTHING_HANDED_IN}
        assert opened.check() == []


def test_a_student_who_is_listed_twice_is_one(sqlite_gradebook: Gradebook) -> None:
    twice = [RosterEntry(Enrolled("eve", "First")), RosterEntry(Enrolled("eve", "Second"))]
    enrol(sqlite_gradebook, twice, [])
    assert [each.name for each in sqlite_gradebook.students() if each.id == "eve"] == ["Second"]


def test_who_waits_for_a_result_is_not_absent(gradebook: Gradebook) -> None:
    enrol(gradebook, None, [Enrolled(f"s{number:04}") for number in range(1100)])
    graded(gradebook, "ada", "x", 5)
    await_results(gradebook, ["ada", *(f"s{number:04}" for number in range(0, 1100, 2))])
    states = {record.student.id: (record.state, record.score) for record in gradebook.records()}
    assert states["ada"] == ("graded", 5)
    assert states["bob"] == ("nothing handed in", None)
    for number in range(1100):
        expected = ("nothing handed in", None) if number % 2 else ("not graded", None)
        assert states[f"s{number:04}"] == expected
    assert gradebook.check() == []

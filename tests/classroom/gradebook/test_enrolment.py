"""Who belongs to a class, whatever becomes of its roster."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from grader.classroom.gradebook.enrolment import (
    await_results,
    count_late_days,
    enrol,
    listed_students,
    roster_sheet,
)
from grader.classroom.gradebook.identities import merge, remove, rename
from grader.classroom.gradebook.late import late_note
from grader.classroom.gradebook.reader import NOTHING_HANDED_IN, Gradebook, open_gradebook
from grader.classroom.gradebook.settings import GradebookSettings, write_settings
from grader.classroom.handin.roster import Roster, RosterEntry, RosterLine
from grader.classroom.records import FORMERLY, Enrolled
from tests.gradebooks import ADA, BOB, NOON, graded


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


def canvas(*ids: int, identifier: str = "ID") -> Roster:
    """A class list of Canvas' with these students, whose numbers at the university begin with 9."""
    header = ("Student", "ID", "SIS User ID", "Section", "Lab 1 (4711)")
    lines = [RosterLine("", header), RosterLine("", ("    Points Possible", "", "", "", "10"))]
    entries = []
    for number in ids:
        both = {"ID": f"{number}", "SIS User ID": f"9{number}"}
        who = both.pop(identifier)
        entries.append(RosterEntry(Enrolled(who, f"Student {number}", ids=tuple(both.items()))))
        lines.append(RosterLine(who, (f"Student {number}", f"{number}", f"9{number}", "A", "")))
    return Roster(entries, "Canvas", lines)


def test_a_roster_is_kept_as_it_was_written(gradebook: Gradebook) -> None:
    assert roster_sheet(gradebook) is None
    roster = canvas(1, 2, 3)
    enrol(gradebook, roster, [])
    sheet = roster_sheet(gradebook)
    assert sheet
    assert (sheet.kind, sheet.header) == ("Canvas", roster.lines[0].cells)
    assert sheet.lines == tuple((line.student, line.cells) for line in roster.lines[1:])
    rename(gradebook, "1", "one", why="x", who="me")
    merge(gradebook, "2", "3", why="x", who="me")
    for _ in range(2):  # by hand, and by the same roster once more
        sheet = roster_sheet(gradebook)
        assert sheet
        assert [student for student, _ in sheet.lines] == ["", "one", "3"]
        enrol(gradebook, roster, [])
    remove(gradebook, "3", why="x", who="me")
    sheet = roster_sheet(gradebook)
    assert sheet
    assert [student for student, _ in sheet.lines] == ["", "one"]
    # a list that was made by hand has no lines
    enrol(gradebook, [RosterEntry(ADA)], [])
    assert roster_sheet(gradebook) is None


def test_who_has_left_the_roster_is_gone_unless_there_is_something_of_them(
    gradebook: Gradebook,
) -> None:
    enrol(gradebook, canvas(1, 2, 3, 4, 5), [])
    graded(gradebook, "2", "x", 5)
    gradebook.excuse("3", why="ill", who="me")
    gradebook.adjust("4", 2, why="kind", who="me")
    enrol(gradebook, canvas(1), [])
    found = {record.student.id: record.student.on_roster for record in gradebook.records()}
    assert found == {"1": True, "2": False, "3": False, "4": False}
    assert gradebook.check() == []


def test_another_column_of_the_same_roster_is_the_same_students(gradebook: Gradebook) -> None:
    enrol(gradebook, canvas(1, 2), [])
    graded(gradebook, "1", "x", 5)
    for identifier, expected in (("SIS User ID", ["91", "92"]), ("ID", ["1", "2"])):
        enrol(gradebook, canvas(1, 2, identifier=identifier), [])
        assert [record.student.id for record in gradebook.records()] == expected
        assert next(iter(gradebook.records())).score == 5
    assert gradebook.check() == []


def test_what_was_merged_stays_so_when_the_roster_gives_other_identifiers(
    gradebook: Gradebook,
) -> None:
    enrol(gradebook, canvas(1, 2), [Enrolled("visitor")])
    graded(gradebook, "visitor", "x", 5)
    merge(gradebook, "visitor", "1", why="a second account", who="me")
    for identifier, expected in (("SIS User ID", "91"), ("SIS User ID", "91"), ("ID", "1")):
        roster = canvas(1, 2, identifier=identifier)
        [own] = [each for each in listed_students(gradebook, roster) if each.id == expected]
        assert (FORMERLY, "visitor") in own.ids
        enrol(gradebook, roster, [])
        assert gradebook.record("visitor").student.id == expected
        assert [each.kind for each in gradebook.history(expected)].count("merged") == 1
        assert [each.kind for each in gradebook.history(expected.replace("1", "2"))] == []
    assert gradebook.check() == []


def test_who_has_the_name_of_somebody_who_left_is_somebody_else(gradebook: Gradebook) -> None:
    enrol(gradebook, [RosterEntry(Enrolled("1", "Ada Lind"))], [])
    graded(gradebook, "1", "x", 5)
    enrol(gradebook, [RosterEntry(Enrolled("2", "Ada Lind"))], [])
    assert (gradebook.record("1").score, gradebook.record("2").score) == (5, None)


def test_a_stranger_whom_a_new_roster_names_is_no_ghost(gradebook: Gradebook) -> None:
    """He is on the roster already, without the login that he hands in with."""
    enrol(gradebook, [RosterEntry(Enrolled("7", "Eve"))], [Enrolled("eve-x")])
    graded(gradebook, "eve-x", "x", 5)
    enrol(gradebook, [RosterEntry(Enrolled("7", "Eve", login="eve-x"))], [])
    assert [(each.student.id, each.score) for each in gradebook.records()] == [("7", 5)]
    assert gradebook.check() == []


def test_two_strangers_who_are_one_student_of_a_new_roster_are_one(gradebook: Gradebook) -> None:
    enrol(gradebook, None, [Enrolled("eve"), Enrolled("eve-x")])
    for student in ("eve", "eve-x"):
        graded(gradebook, student, student, 5)
    enrol(gradebook, [RosterEntry(Enrolled("7", "Eve", "eve@x.org", login="eve-x"))], [])
    assert [(each.student.id, each.score) for each in gradebook.records()] == [("7", 5)]
    assert gradebook.check() == []


def test_two_of_a_roster_who_both_handed_in_are_two(gradebook: Gradebook) -> None:
    both = [RosterEntry(Enrolled("1", login="x")), RosterEntry(Enrolled("2", login="y"))]
    enrol(gradebook, both, [])
    for student in ("1", "2"):
        graded(gradebook, student, student, 5)
    enrol(gradebook, [RosterEntry(Enrolled("2", login="x"))], [])
    found = {each.student.id: (each.student.on_roster, each.score) for each in gradebook.records()}
    assert found == {"2": (True, 5), "1": (False, 5)}


def test_a_list_without_deadlines_leaves_them_as_they_are(gradebook: Gradebook) -> None:
    enrol(gradebook, [RosterEntry(Enrolled("1"), NOON), RosterEntry(Enrolled("2"), NOON)], [])
    enrol(gradebook, canvas(1, 2, 3), [])
    assert gradebook.deadlines() == {"1": NOON, "2": NOON}
    with_column = Roster([RosterEntry(Enrolled("1")), RosterEntry(Enrolled("2"))], deadlines=True)
    enrol(gradebook, with_column, [])
    assert gradebook.deadlines() == {}


def test_another_deadline_is_everybodys(sqlite_gradebook: Gradebook) -> None:
    gradebook = sqlite_gradebook
    graded(gradebook, "ada", "x", 5)
    graded(gradebook, "bob", "x", 5)

    def late() -> dict[str, tuple[int, tuple[str, ...]]]:
        return {each.student.id: (each.late_days, each.notes) for each in gradebook.records()}

    assert late() == {"ada": (0, ()), "bob": (0, ())}
    write_settings(gradebook, GradebookSettings(deadline=NOON - timedelta(days=2)))
    count_late_days(gradebook)
    assert late() == dict.fromkeys(("ada", "bob"), (2, (late_note(2),)))
    enrol(gradebook, [RosterEntry(ADA, NOON - timedelta(hours=1)), RosterEntry(BOB, NOON)], [])
    count_late_days(gradebook)
    assert late() == {"ada": (1, (late_note(1),)), "bob": (0, ())}

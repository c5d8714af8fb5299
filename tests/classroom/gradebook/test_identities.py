"""Who is renamed, merged or removed leaves no ghost, loses nothing, and is known by all earlier identifiers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TypedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grader.classroom.gradebook.enrolment import enrol, listed_students
from grader.classroom.gradebook.identities import former_ids, merge, references, remove, rename
from grader.classroom.gradebook.models import AdjustmentRow, GradingRow, SubmissionRow
from grader.classroom.gradebook.reader import Gradebook
from grader.classroom.gradebook.writer import GradebookWriter
from grader.classroom.handin.matcher import Matcher
from grader.classroom.handin.roster import RosterEntry
from grader.classroom.records import Enrolled
from grader.errors import GradebookError
from tests.gradebooks import ADA, BOB, NOON, graded, received, report, small_gradebook, submitted


class Reason(TypedDict):
    why: str
    who: str


WHY = Reason(why="a second account", who="me")


def ids(gradebook: Gradebook) -> list[str]:
    return [record.student.id for record in gradebook.records()]


def rows(gradebook: Gradebook) -> int:
    with gradebook.engine.connect() as connection, Session(connection) as session:
        tables = (SubmissionRow, GradingRow, AdjustmentRow)
        return sum(session.scalar(select(func.count()).select_from(one)) or 0 for one in tables)


def handed_in(gradebook: Gradebook, student: str, text: str, hours: int, score: int) -> None:
    writer = GradebookWriter.begin(gradebook, {}, False)
    handed = submitted(text, NOON + timedelta(hours=hours))
    assert received(writer, student, handed, text)
    writer.store_result(student, text, handed.digest, report(score), 0.5)


@pytest.mark.parametrize("hours", [-2, 2])
def test_two_identities_become_one_and_the_later_hand_in_counts(
    gradebook: Gradebook, hours: int
) -> None:
    enrol(gradebook, None, [Enrolled("ada-x", email="x@x.org")])
    handed_in(gradebook, "ada", "one", 0, 5)
    handed_in(gradebook, "ada-x", "two", hours, 7)
    gradebook.adjust("ada-x", 1, why="kind", who="me")
    gradebook.excuse("ada-x", why="ill", who="me")
    gradebook.unexcuse("ada-x", why="well", who="me")
    before = rows(gradebook)
    assert merge(gradebook, "ada-x", "ada", **WHY) == ("ada-x", "ada")
    assert ids(gradebook) == ["bob", "ada"]
    record = gradebook.record("ada")
    assert (record.graded, record.late_days) == ((7, 1) if hours > 0 else (5, 0))
    assert record.score == (8 if hours > 0 else 6)  # a late day is free
    assert replace(record.student, ids=()) == ADA
    assert rows(gradebook) == before
    assert gradebook.check() == []
    for earlier in ("ada-x", "x@x.org"):
        assert gradebook.record(earlier).student.id == "ada"
    [event] = [each for each in gradebook.history("ada") if each.kind == "merged"]
    assert event.text == "ada-x is ada now, by me: a second account"
    with pytest.raises(GradebookError, match="the same student already"):
        merge(gradebook, "ada-x", "ada", **WHY)


def test_the_same_text_handed_in_by_both_is_kept_twice(gradebook: Gradebook) -> None:
    enrol(gradebook, None, [Enrolled("ada-x")])
    for student in ("ada", "ada-x"):
        handed_in(gradebook, student, "one", 0, 5)
    before = rows(gradebook)
    merge(gradebook, "ada-x", "ada", **WHY)
    assert (rows(gradebook), gradebook.record("ada").score) == (before, 5)
    assert gradebook.check() == []
    # what was graded stands
    writer = GradebookWriter.begin(gradebook, {}, False)
    assert not received(writer, "ada", submitted("one"), "one")


def test_a_stranger_s_work_goes_to_whom_the_roster_names(gradebook: Gradebook) -> None:
    enrol(gradebook, None, [Enrolled("bobby")])
    handed_in(gradebook, "bobby", "one", 0, 5)
    merge(gradebook, "bobby", "bob", **WHY)
    assert (gradebook.record("bob").state, gradebook.record("bob").score) == ("graded", 5)
    # and the other way round: the roster's place goes along
    enrol(gradebook, None, [Enrolled("bert")])
    merge(gradebook, "bob", "bert", **WHY)
    assert ids(gradebook) == ["bert", "ada"]
    assert gradebook.record("bert").student.on_roster
    assert gradebook.record("bobby").student.id == "bert"
    assert gradebook.check() == []


def test_a_new_identifier_takes_everything_along(gradebook: Gradebook) -> None:
    handed_in(gradebook, "ada", "one", 0, 5)
    gradebook.adjust("ada", 2, why="kind", who="me")
    assert rename(gradebook, "ADA-L", " 0042 ", **WHY) == "ada"
    assert ids(gradebook) == ["bob", "0042"]
    record = gradebook.record("ada")
    assert (record.student.id, record.score) == ("0042", 7)
    assert [event.kind for event in gradebook.history("0042")][-1] == "renamed"
    assert gradebook.check() == []
    rename(gradebook, "0042", "ada", **WHY)
    assert ids(gradebook) == ["bob", "ada"]


@pytest.mark.parametrize(
    ("new", "why", "told"),
    [("bob", "x", "Merge the two instead"), (" ", "x", "is empty"), ("new", " ", "needs a reason")],
)
def test_a_name_that_cannot_be_given(
    sqlite_gradebook: Gradebook, new: str, why: str, told: str
) -> None:
    with pytest.raises(GradebookError, match=told):
        rename(sqlite_gradebook, "ada", new, why=why, who="me")
    assert ids(sqlite_gradebook) == ["bob", "ada"]


def test_who_is_removed_is_shown_nowhere_and_kept(gradebook: Gradebook) -> None:
    handed_in(gradebook, "ada", "one", 0, 5)
    assert remove(gradebook, "ada", **WHY) == "ada"
    assert ids(gradebook) == [student.id for student in gradebook.students()] == ["bob"]
    # a roster that still names her does not bring her back, and her hand-in is known as hers
    enrol(gradebook, [RosterEntry(BOB), RosterEntry(ADA)], [])
    assert ids(gradebook) == ["bob"]
    assert Matcher(listed_students(gradebook, None)).find(["ada-l"]) == "ada"
    assert Matcher(listed_students(gradebook, [RosterEntry(BOB)])).find(["ada-l"]) == "ada"
    with pytest.raises(GradebookError, match="ada is removed already"):
        remove(gradebook, "ada", **WHY)
    assert gradebook.check() == []
    remove(gradebook, "ada", back=True, **WHY)
    assert (ids(gradebook), gradebook.record("ada").score) == (["bob", "ada"], 5)
    with pytest.raises(GradebookError, match="ada is not removed"):
        remove(gradebook, "ada", back=True, **WHY)
    assert [event.kind for event in gradebook.history("ada")][-2:] == ["removed", "put back"]


def test_an_old_roster_does_not_bring_an_identity_back(gradebook: Gradebook) -> None:
    old = [RosterEntry(BOB), RosterEntry(ADA), RosterEntry(Enrolled("ada-x", "Ada L."))]
    enrol(gradebook, old, [])
    handed_in(gradebook, "ada-x", "one", 0, 5)
    merge(gradebook, "ada-x", "ada", **WHY)
    rename(gradebook, "bob", "0007", **WHY)
    students = listed_students(gradebook, old)
    assert [student.id for student in students] == ["0007", "ada"]
    assert [Matcher(students).find([one]) for one in ("bob", "ada-x")] == ["0007", "ada"]
    enrol(gradebook, old, [])
    assert ids(gradebook) == ["0007", "ada"]
    assert gradebook.record("ada").student.name == "Ada Lovelace"
    # somebody else may be called what another gave up
    enrol(gradebook, [RosterEntry(Enrolled("0007")), RosterEntry(BOB)], [])
    assert ids(gradebook)[:2] == ["0007", "bob"]
    assert gradebook.check() == []


def test_every_table_that_names_a_student_is_known() -> None:
    assert {column.table.name for column in references()} >= {
        *("submission", "grading", "standing", "adjustment", "excuse", "roster_line")
    }


NAMES = ["a", "b", "c", "d"]


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=5)
)
def test_nothing_is_lost_whatever_is_done(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, str, str]]
) -> None:
    with small_gradebook(tmp_path_factory.mktemp("identities") / "g.db") as book:
        enrol(book, [RosterEntry(Enrolled(name)) for name in NAMES[:3]], [])
        for name in NAMES[:3]:
            graded(book, name, name, 5)
        before = rows(book)
        for renamed, one, other in steps:
            try:
                (rename if renamed else merge)(book, one, other, **WHY)
            except GradebookError:
                continue
        assert rows(book) == before
        assert book.check() == []
        everybody = set(ids(book))
        former = book.write(former_ids)
        assert {new for _, new in former.values()} <= everybody
        if not any(renamed for renamed, *_ in steps):  # else somebody may have taken a name over
            assert not former.keys() & everybody
            assert all(book.record(name).score is not None for name in NAMES[:3])


def test_nobody_is_merged_into_one_who_is_removed(sqlite_gradebook: Gradebook) -> None:
    remove(sqlite_gradebook, "bob", why="left", who="me")
    with pytest.raises(GradebookError, match="bob is removed, and so would ada be"):
        merge(sqlite_gradebook, "ada", "bob", why="the same", who="me")
    assert merge(sqlite_gradebook, "bob", "ada", why="the same", who="me") == ("bob", "ada")
    assert [each.student.id for each in sqlite_gradebook.records()] == ["ada"]

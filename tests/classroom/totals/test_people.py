"""Students over several gradebooks: matched by their identifier, and never by a guess."""

from __future__ import annotations

from dataclasses import replace

from grader.classroom.records import Enrolled
from grader.classroom.totals.assignment_marks import BookMarks
from grader.classroom.totals.people import people_of
from tests.classes_of_marks import book, mark


def roster(name: str, *students: Enrolled, week: int = 0) -> BookMarks:
    marks = {each.id: replace(mark(5), student=each) for each in students}
    return book(name, marks, week=week)


def test_the_same_identifier_is_the_same_student() -> None:
    one, two = roster("Lab 1", Enrolled("ada"), Enrolled("bob")), roster("Lab 2", Enrolled("bob"))
    people = people_of([one, two])
    assert [each.student.id for each in people] == ["bob", "ada"]
    assert not any(each.doubts or each.notes for each in people)


def test_a_new_name_is_told_and_is_no_doubt() -> None:
    before, after = Enrolled("7", "Ada Byron", "a@x.org"), Enrolled("7", "Ada Lovelace", "A@x.org")
    [person] = people_of([roster("Lab 1", before), roster("Lab 2", after)])
    assert person.student.name == "Ada Lovelace"
    assert person.notes == ["In Lab 1, 7 is called Ada Byron, not Ada Lovelace."]
    assert not person.doubts
    [person] = people_of(
        [roster("Lab 1", Enrolled("7", "Lind, Ada")), roster("Lab 2", Enrolled("7", "Ada Lind"))]
    )
    assert not person.notes


def test_another_name_with_another_address_is_a_doubt() -> None:
    one, two = Enrolled("7", "Ada Byron", "a@x.org"), Enrolled("7", "Bob Hope", "b@x.org")
    [person] = people_of([roster("Lab 1", one), roster("Lab 2", two)])
    assert len(person.doubts) == 1
    assert "they may be two students" in person.doubts[0]


def test_what_is_not_known_differs_from_nothing() -> None:
    [person] = people_of(
        [roster("Lab 1", Enrolled("7")), roster("Lab 2", Enrolled("7", "Ada", "a@x.org"))]
    )
    assert not person.doubts
    assert not person.notes


def test_two_identifiers_of_one_student_are_told_to_both() -> None:
    for one, other, kind in (
        (Enrolled("4711", email="ada@x.org"), Enrolled("ada", email="Ada@x.org"), "mail address"),
        (Enrolled("4711", login="ada"), Enrolled("ada"), "identifier or login"),
        (Enrolled("4711", email="ada@x.org"), Enrolled("ada@x.org"), "identifier or login"),
        (Enrolled("4711", "Ada Lind"), Enrolled("ada", "Ada  lind"), "name"),
        (Enrolled("4711", "Lind, Ada"), Enrolled("ada", "Ada Lind"), "name"),
        (Enrolled("ADA"), Enrolled("ada"), "identifier or login"),
        (Enrolled("7", ids=(("formerly", "ada"),)), Enrolled("ada"), "identifier or login"),
    ):
        people = people_of([roster("Lab 1", one), roster("Lab 2", other)])
        assert [len(each.doubts) for each in people] == [1, 1]
        assert f"may be {one.id} in Lab 1: they have the same {kind}" in people[0].doubts[0]
        assert f"may be {other.id} in Lab 2" in people[1].doubts[0]


def test_two_students_of_one_name_in_one_gradebook_are_two() -> None:
    both = Enrolled("1", "Kim Min-jun"), Enrolled("2", "Kim Min-jun")
    people = people_of([roster("Lab 1", *both), roster("Lab 2", both[0])])
    assert not any(each.doubts for each in people)

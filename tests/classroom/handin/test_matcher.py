"""Whose a hand-in is: by an identifier, an end of a name, or a name that one student alone has."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from grader.classroom.handin.matcher import Matcher
from grader.classroom.records import Enrolled

IDS = st.text(st.characters(categories=["L", "N"]), min_size=1).map(str.casefold)


def test_who_a_submission_belongs_to() -> None:
    matcher = Matcher(
        [
            Enrolled("1", "Ada Lovelace", "ada@x.org", login="ada"),
            Enrolled("2", "Bob Ada", "bob@x.org", login="b-ada"),
            Enrolled("3", "Sam Lee", login="sam"),
            Enrolled("4", "Sam Lee"),
        ]
    )
    assert matcher.find(["lab-b-ada"]) == "2"  # not `ada`
    assert matcher.find(["lab-ada-1"]) == "1"
    assert matcher.find(["ADA@x.org"]) == "1"
    assert matcher.find(["99", "lovelaceada"]) == "1"
    assert matcher.find(["bob"]) == "2"
    assert matcher.find(["Sam Lee"]) is None  # there are two
    assert matcher.find(["nobody", ""]) is None


@given(st.lists(IDS, min_size=1, unique=True), st.text())
def test_an_identifier_finds_its_student(ids: list[str], prefix: str) -> None:
    matcher = Matcher(Enrolled(one) for one in ids)
    for one in ids:
        assert matcher.find([one]) == one
        assert matcher.find(["no such", f" {one.upper()} "]) in (one, None)
    assert matcher.find([prefix]) in {*ids, None}


def test_a_name_is_matched_in_each_way_to_write_it_where_one_student_has_it() -> None:
    students = [Enrolled("1", "김민준"), Enrolled("2", "Lind, Ada"), Enrolled("3", "Kim Lee")]
    matcher = Matcher([*students, Enrolled("4", "Lee Kim")])
    assert matcher.find(["5007", "민준 김"]) == "1"
    assert matcher.find(["Ada Lind"]) == matcher.find(["lind ada"]) == "2"
    assert matcher.find(["Kim Lee"]) == "3"  # as it is written goes before
    assert matcher.find(["Lee, Kim"]) is None  # two may be meant
    assert matcher.find_surely(["Ada Lind"]) is None


def test_which_column_is_meant_follows_from_what_is_handed_in() -> None:
    """Canvas' ID of one student may be another's number at the university."""
    students = [
        Enrolled("1", "Ada", login="ada", ids=(("SIS User ID", "2"),)),
        Enrolled("2", "Bob", login="bob", ids=(("SIS User ID", "3"),)),
        Enrolled("3", "Cy", login="cy", ids=(("SIS User ID", "4"),)),
    ]
    assert Matcher(students).find(["2"]) == "2"
    by_number = [["2"], ["3"], ["4"]]
    matcher = Matcher(students, by_number)
    assert [matcher.find(aliases) for aliases in by_number] == ["1", "2", "3"]
    by_id = [["1"], ["2"], ["3"]]
    matcher = Matcher(students, by_id)
    assert [matcher.find(aliases) for aliases in by_id] == ["1", "2", "3"]
    assert matcher.find_surely(["Ada"]) == "1"
    assert matcher.find_surely(["Bo", "CY"]) == "3"
    assert Matcher([Enrolled("7", "Ada")]).find_surely(["Ada"]) is None

"""Class lists, told apart by their headers; and whom a hand-in belongs to."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.classroom.handin.roster import ID_LENGTH, Matcher, read_roster, read_time
from grader.classroom.records import Enrolled
from grader.errors import RosterError
from tests.hand_ins import NOON

ROSTERS = {
    "github": '"identifier","github_username","github_id","name"\n"0042","ada-l","7",""\n"0043","","",""\n',
    "classroom50": "username,first_name,last_name,email,section,github_id\nada-l,Ada,Lovelace,a@x.org,B,7\n",
    "canvas": "Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"
    '"Lovelace, Ada",11,s1,ada-l,B\n',
    "plain": "\ufeffid;name;deadline\nada-l;Ada;2026-11-21\n",
}


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        ("github", Enrolled("0042", login="ada-l")),
        ("classroom50", Enrolled("ada-l", "Ada Lovelace", "a@x.org", "B", "ada-l")),
        ("canvas", Enrolled("11", "Lovelace, Ada", "", "B", "ada-l", ids=(("SIS User ID", "s1"),))),
        ("plain", Enrolled("ada-l", "Ada")),
    ],
)
def test_a_roster_is_known_by_its_header(tmp_path: Path, kind: str, first: Enrolled) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(ROSTERS[kind], encoding="utf-8")
    entries = read_roster(path)
    assert entries[0].student == first
    assert Matcher(entry.student for entry in entries).find(["lab-1-ada-l"]) == first.id
    if kind == "plain":
        assert entries[0].deadline == read_time("2026-11-21T23:59:59")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"name,points\n", "none of the headers"),
        (b"", "none of the headers"),
        (b"identifier,name\nada,x\nADA,y\n", "twice"),
        (b"identifier,name\n,x\n", "line 2: there is no identifier"),
        (b"identifier,deadline\nada,tomorrow\n", "line 2: 'tomorrow' is no date"),
        (b"identifier\n\x81\xff\n", "not UTF-8"),
        (b'identifier\n"' + b"a" * 200_000, "line"),
    ],
)
def test_a_roster_that_is_none(tmp_path: Path, text: bytes, told: str) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(text)
    with pytest.raises(RosterError, match=told):
        read_roster(path)


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


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["", "id,name,deadline\n", "identifier\n", "Student,ID,SIS Login ID\n"]),
    st.binary() | st.text().map(lambda text: text.encode("utf-8", "replace")),
)
@example("id,name,deadline\n", b"ada,Ada,0001-01-01T00:00+14:00\n")
@example("id,name,deadline\n", b"ada,Ada,0001-01-01\nbob,Bob,9999-12-31\n")
@example("id,name,deadline\n", b"ada,\0\n")
def test_any_bytes_are_a_roster_or_told(
    tmp_path_factory: pytest.TempPathFactory, header: str, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("rosters") / "roster.csv"
    path.write_bytes(header.encode() + data)
    with suppress(RosterError):
        entries = read_roster(path)
        assert all(entry.student.id for entry in entries)
        assert len({entry.student.id.casefold() for entry in entries}) == len(entries)
        assert all(len(entry.student.id) <= ID_LENGTH for entry in entries)
        Matcher(entry.student for entry in entries).find(["x", "", "ada-1"])


def test_a_roster_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match="cannot be read: No such file"):
        read_roster(tmp_path / "roster.csv")


def test_a_deadline_has_a_zone() -> None:
    assert read_time("2026-11-20T12:00+00:00") == NOON
    assert read_time("2026-11-20T12:00").utcoffset() is not None
    assert read_time("20261120") == read_time("2026-11-20T23:59:59")
    with pytest.raises(ValueError, match="no calendar here"):
        read_time("0001-01-01T00:00+14:00")


IDS = st.text(st.characters(categories=["L", "N"]), min_size=1).map(str.casefold)


@given(st.lists(IDS, min_size=1, unique=True), st.text())
def test_an_identifier_finds_its_student(ids: list[str], prefix: str) -> None:
    matcher = Matcher(Enrolled(one) for one in ids)
    for one in ids:
        assert matcher.find([one]) == one
        assert matcher.find(["no such", f" {one.upper()} "]) in (one, None)
    assert matcher.find([prefix]) in {*ids, None}

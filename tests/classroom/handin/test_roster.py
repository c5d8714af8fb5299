"""Class lists, told apart by their headers; and whom a hand-in belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.classroom.handin.roster import Matcher, read_roster, read_time
from grader.classroom.records import Enrolled
from grader.errors import RosterError

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
        ("canvas", Enrolled("11", "Lovelace, Ada", "", "B", "ada-l")),
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
        ("identifier\n\xfc\n".encode("latin-1"), "not UTF-8"),
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

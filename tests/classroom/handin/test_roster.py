"""Class lists, told apart by their headers; and whom a hand-in belongs to."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.classroom.handin.matcher import Matcher
from grader.classroom.handin.roster import ID_LENGTH, Roster, read_roster, read_time
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
    assert entries.deadlines == (kind == "plain")
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
        # the quote would swallow Bob
        (b'id,name\n1,"Ada\n2,Bob\n', r"line 3: .* a quotation mark that stands alone"),
        (b'id,name\n1,"Ada\n2,"Bob"\n', r"line 3: .* a quotation mark that stands alone"),
        (b"id,name\n", "no student in it"),
        (b'Student,ID,SIS Login ID,Section\n"Student, Test",7,x,A\n', "no student in it"),
        (b"PK\x03\x04\x14\x00", "is a workbook"),
    ],
)
def test_a_roster_that_is_none(tmp_path: Path, text: bytes, told: str) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(text)
    with pytest.raises(RosterError, match=told):
        read_roster(path)


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


# ── what services write ─────────────────────────────────────────────────────────────────────────


def roster_of(folder: Path, text: str | bytes, identifier: str = "") -> Roster:
    path = folder / "roster.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_roster(path, identifier)


CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Lab 1 (4711)\r\n"
    ",,,,,Manual Posting\r\n"
    "    Mögliche Punkte,,,,,10.0\r\n"
    '"Lind, Ada",70000,20260000,ada,A,\r\n'
    '"Student, Test",79999,,5e2d9c,A,\r\n'
)


def test_canvas_keeps_each_identifier_in_its_column(tmp_path: Path) -> None:
    roster = roster_of(tmp_path, CANVAS)
    ada = Enrolled("70000", "Lind, Ada", "", "A", "ada", ids=(("SIS User ID", "20260000"),))
    assert [entry.student for entry in roster] == [ada]
    assert [line.student for line in roster.lines] == ["", "", "", "70000"]
    assert roster.lines[2].cells[0].strip() == "Mögliche Punkte"
    for carried in ("70000", "20260000", "ADA", "lindada"):
        assert Matcher([ada]).find([carried]) == "70000"
    [named] = roster_of(tmp_path, CANVAS, "SIS User ID")
    assert (named.student.id, named.student.ids) == ("20260000", (("ID", "70000"),))


def test_somebody_may_be_called_test_student(tmp_path: Path) -> None:
    text = "Student,ID,SIS User ID,SIS Login ID,Section\nTest Student,1,s1,ts,A\n"
    assert len(roster_of(tmp_path, text)) == 1
    assert len(roster_of(tmp_path, "id,name\n1,Test Student\n")) == 1


def test_somebody_of_canvas_without_an_identifier_is_told(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match="line 3: there is no identifier"):
        roster_of(tmp_path, 'Student,ID,SIS Login ID\n,,\n"Lind, Ada",,ada\n')


def test_moodle_s_participants_and_worksheet_are_the_same_students(tmp_path: Path) -> None:
    participants = roster_of(
        tmp_path,
        "\ufeffFirst name,Last name,ID number,Email address\nAda,Lind,4711,ada@x.org\nBob,Ray,,bob@x.org\n",
    )
    worksheet = roster_of(
        tmp_path,
        "Identifier,Full name,ID number,Email address,Status,Grade\n"
        "Participant 5000,Ada Lind,4711,ada@x.org,No submission,\n"
        "Participant 5001,Bob Ray,,bob@x.org,No submission,\n",
    )
    # not all have a number, and all have a mail address
    for roster in (participants, worksheet):
        assert [entry.student.id for entry in roster] == ["ada@x.org", "bob@x.org"]
        assert [entry.student.name for entry in roster] == ["Ada Lind", "Bob Ray"]
    matcher = Matcher(entry.student for entry in worksheet)
    assert matcher.find(["5001", "Somebody Else"]) == "bob@x.org"
    assert matcher.find(["Participant 5000"]) == matcher.find(["4711"]) == "ada@x.org"
    [blind] = roster_of(tmp_path, "Identifier,Status,Grade\nParticipant 7,No submission,-\n")
    assert (blind.student.id, blind.student.ids) == ("Participant 7", (("Identifier", "7"),))


def test_who_teaches_is_no_student(tmp_path: Path) -> None:
    text = (
        "First Name,Last Name,SID,Email,Role\nAda,Lind,1,a@x.org,Student\nProf,X,9,p@x.org,Instructor\n"
        'Tea,Ay,8,t@x.org,TA\nBob,Ray,2,b@x.org,\nCy,Lee,3,c@x.org,"Student, TA"\n'
        "Dan,Ou,4,d@x.org,Team lead\n"
    )
    assert [entry.student.id for entry in roster_of(tmp_path, text)] == ["1", "2", "3", "4"]


def test_brightspace_s_signs_are_none_of_the_identifier(tmp_path: Path) -> None:
    text = "OrgDefinedId,Username,Last Name,First Name,Email\n#007,#ada,Lind,Ada,a@x.org\n"
    [entry] = roster_of(tmp_path, text)
    assert (entry.student.id, entry.student.login, entry.student.name) == ("007", "ada", "Ada Lind")


@pytest.mark.parametrize("header", ["First name,Last name", "이름,성"])
def test_a_korean_name_has_the_family_first_whichever_column_is_first(
    tmp_path: Path, header: str
) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(
        f"{header},ID number,Email address\n민준,김,20260008,kim@x.org\n", encoding="utf-8"
    )
    (entry,) = read_roster(path)
    assert entry.student.name == "김민준"


KOREAN = "학번,이름,이메일,분반\n20260001,김민준,kim@x.org,2\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_korean_list_in_any_encoding(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = KOREAN.replace(",", delimiter)
    [entry] = roster_of(tmp_path, text.encode(encoding))
    assert entry.student == Enrolled("20260001", "김민준", "kim@x.org", "2")


def test_excel_s_own_first_line_and_commas_within_quotes(tmp_path: Path) -> None:
    [entry] = roster_of(tmp_path, 'sep=;\nid;name\n1;"Lind, Ada"\n')
    assert entry.student.name == "Lind, Ada"
    [entry] = roster_of(tmp_path, '"name, as written, in full";id\n"Lind, Ada";1\n')
    assert entry.student.id == "1"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,name,login\n1,a,u\n2,b,U\n", "'U' twice as login: in line 2 and in line 3"),
        ("id,name,email\n1,a,a@x\n\n2,b,a@x\n", "twice as mail address: in line 2 and in line 4"),
        ("Student,ID,SIS User ID,Section\na,1,s,\nb,2,s,\n", "twice as SIS User ID"),
        ("학번,이름\n1,a\n1,b\n", "'1' twice as 학번"),
    ],
)
def test_an_identifier_twice_is_refused_with_both_lines(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(RosterError, match=told):
        roster_of(tmp_path, text)


def test_a_column_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match=r"no column '학번'\. Its columns are: Wer, Punkte"):
        roster_of(tmp_path, "Wer,Punkte\nada,3\n", "학번")
    with pytest.raises(RosterError, match="Name the column that identifies a student with --id"):
        roster_of(tmp_path, "Wer,Punkte\nada,3\n")
    assert roster_of(tmp_path, "Wer,Punkte\nada,3\n", "Wer")[0].student == Enrolled("ada")

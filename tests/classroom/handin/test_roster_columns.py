"""What the columns of a class list mean, as each service writes its header."""

from __future__ import annotations

import pytest

from grader.classroom.handin.roster_columns import columns_of, normalized

WORKSHEET = (
    "Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments"
)


@pytest.mark.parametrize(
    ("header", "kind", "identifier", "further"),
    [
        ("identifier,github_username,github_id,name", "GitHub Classroom", "identifier", []),
        ("identifier,name", "GitHub Classroom", "identifier", []),
        ("username,first_name,last_name,email,section,github_id", "Classroom 50", "username", []),
        (
            "Student,ID,SIS User ID,SIS Login ID,Integration ID,Root Account,Section,Lab 1 (4711)",
            "Canvas",
            "ID",
            ["SIS User ID", "Integration ID"],
        ),
        ("Student,ID,Section,Lab 1 (4711)", "Canvas", "ID", []),
        (WORKSHEET, "Moodle's grading worksheet", "ID number", ["Identifier"]),
        ("Identifier,Status,Grade", "Moodle's grading worksheet", "Identifier", []),
        ("First name,Last name,ID number,Email address,Groups", "Moodle", "ID number", []),
        ("First name,Surname,Email address", "Moodle", "Email address", []),
        ("이름,성,ID 번호,이메일 주소", "Moodle", "ID 번호", []),
        ("Vorname,Nachname,ID-Nummer,E-Mail-Adresse", "Moodle", "ID-Nummer", []),
        (
            "Prénom,Nom,Numéro d'identification,Adresse de courriel",
            "Moodle",
            "Numéro d'identification",
            [],
        ),
        ("Nombre,Apellido(s),Dirección de correo", "Moodle", "Dirección de correo", []),
        (
            "Last Name,First Name,Username,Student ID,Last Access,Availability",
            "Blackboard",
            "Username",
            ["Student ID"],
        ),
        (
            "OrgDefinedId,Username,Last Name,First Name,Email,End-of-Line Indicator",
            "Brightspace",
            "OrgDefinedId",
            [],
        ),
        ("First Name,Last Name,SID,Email,Section", "Gradescope", "SID", []),
        ("Name,SID,Email,Role", "Gradescope", "SID", []),
        ("학번,이름,이메일,분반", "a table", "학번", []),
        ("name,points,Student Number,NetID", "a table", "Student Number", []),
        ("name,Login", "a table", "Login", []),
        ("name,e-mail", "a table", "e-mail", []),
    ],
)
def test_a_header_tells_who_made_it(
    header: str, kind: str, identifier: str, further: list[str]
) -> None:
    names = header.split(",")
    found = columns_of(names)
    assert found
    assert (found.kind, names[found.id[0]], [*found.further]) == (kind, identifier, further)


def test_names_are_put_together_as_they_are_read() -> None:
    for header, places in (
        (["Last Name", "First Name", "id"], (1, 0)),
        (["성", "이름", "학번"], (0, 1)),
        (["id", "이름"], (1,)),
        (["id", "given name"], (1,)),
        (["id"], ()),
    ):
        found = columns_of(header)
        assert found
        assert found.name == places


def test_any_column_can_be_named() -> None:
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Student ID"]
    found = columns_of(header, "sis_user_id")
    assert found
    assert (found.kind, found.id) == ("Canvas", (2,))
    assert set(found.further) == {"ID", "Student ID"}
    assert columns_of(["Wer", "Punkte"], "wer")
    with pytest.raises(KeyError):
        columns_of(header, "학번")
    assert columns_of(["Wer", "Punkte"]) is None
    assert columns_of([]) is None


def test_headers_are_compared_by_their_words() -> None:
    for text in ("First Name", " first_name ", "FIRST-NAME", "First Name (given)"):
        assert normalized(text) == "first name"
    assert normalized("학번 (ID)") == "학번"

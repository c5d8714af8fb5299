"""What the columns of a class list mean, by who made it: told by the header, or by the column that is named.

Headers are compared without case, spaces, signs and what stands in brackets: `First Name`, `first_name` and
`FIRST NAME` are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

CANVAS, MOODLE_WORKSHEET = "Canvas", "Moodle's grading worksheet"
# as Moodle says it in other languages
_OTHER_EMAIL = (
    *("e mail adresse", "adresse de courriel", "dirección de correo", "correo electrónico"),
    *("이메일 주소",),
)
_OTHER_ID = ("id 번호", "id nummer", "numéro d identification", "número de id")
# what holds one thing of a student, in the words of those who make such lists; the first that is there is taken
_LOGIN = (
    *("login", "username", "user name", "github username", "sis login id", "netid", "net id"),
    *("아이디", "로그인", "로그인 id", "사용자 아이디"),
)
_EMAIL = (
    *("email", "email address", "e mail", "e mail address", "mail", "mail address"),
    *("이메일", "이메일 주소", "전자우편", "전자우편 주소", "메일"),
    *_OTHER_EMAIL,
)
_ID = (
    *("id", "student id", "student number", "student no", "studentid", "id number", "sid"),
    *("orgdefinedid", "org defined id", "sis user id", "matriculation number", "matrikelnummer"),
    *("학번", "학생 번호", "학생번호", "integration id", "university id", "user id", "userid"),
    *_OTHER_ID,
)
_NAME = (
    *("name", "full name", "student name", "student", "display name"),
    *("이름", "성명", "학생명", "학생 이름"),
)
_FIRST = (
    "first name",
    "firstname",
    "given name",
    "given names",
    "forename",
    "이름",
    "vorname",
    "prénom",
    "nombre",
)
_LAST = (
    "last name",
    "lastname",
    "surname",
    "family name",
    "성",
    "nachname",
    "nom de famille",
    "nom",
    "apellido",
    "apellidos",
)
_SECTION = ("section", "sections", "group", "groups", "class", "분반", "반", "그룹")
_DEADLINE = ("deadline", "마감", "마감일", "마감 시각")
_ROLE = ("role", "roles", "역할")


@dataclass(frozen=True)
class Columns:
    """Which places of a line hold what; places are counted from 0.

    Attributes:
        kind: who made the list.
        id: where the identifier may be: the first of these that every student has.
        single: `login`, `email`, `section`, `deadline` and `role`, where they are.
        name: the parts of the name, in the order in which they are read.
        further: what identifies a student besides, by the header's own name.
    """

    kind: str
    id: tuple[int, ...]
    single: Mapping[str, int]
    name: tuple[int, ...]
    further: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Kind:
    """A maker of lists. `needed` are headers, of each tuple one; `id` where the identifier may be."""

    name: str
    needed: tuple[tuple[str, ...], ...]
    id: tuple[str, ...]


# the first kind of which all is there that it needs
_KINDS = (
    _Kind("GitHub Classroom", (("identifier",), ("github username", "github id")), ("identifier",)),
    _Kind(
        MOODLE_WORKSHEET,
        (
            ("identifier",),
            ("full name", "email address", "status", "grade", "maximum grade"),
        ),
        ("id number", "email address", "identifier"),
    ),
    _Kind("GitHub Classroom", (("identifier",),), ("identifier",)),
    _Kind(
        CANVAS,
        (("student",), ("id",), ("sis login id", "sis user id", "section")),
        ("id",),
    ),
    _Kind(CANVAS, (("id",), ("sis login id",)), ("id",)),
    _Kind("Brightspace", (("orgdefinedid",),), ("orgdefinedid", "username")),
    _Kind("Gradescope", (("sid",), _EMAIL), ("sid", "email")),
    _Kind(
        "Blackboard",
        (("username",), ("student id",), _LAST),
        ("username",),
    ),
    _Kind("Classroom 50", (("username",), ("first name", "github id")), ("username",)),
    _Kind(
        "Moodle",
        (("email address", *_OTHER_EMAIL), _FIRST, _LAST),
        ("id number", *_OTHER_ID, "username", "email address", *_OTHER_EMAIL),
    ),
)


def normalized(header: str) -> str:
    """A header as it is compared."""
    return " ".join(re.sub(r"\([^)]*\)|[\W_]", " ", header.casefold()).split())


def columns_of(header: Sequence[str], named: str = "") -> Columns | None:
    """What the columns of a list mean; `None` where none is known to identify a student.

    Args:
        header: the first line.
        named: the column that holds the identifier; empty where the header is to tell.

    Raises:
        KeyError: if there is no column of that name.
    """
    there: dict[str, int] = {}
    for place, one in enumerate(header):
        there.setdefault(normalized(one), place)
    kind = next((kind for kind in _KINDS if _fits(kind, there)), None)
    candidates = kind.id if kind else (*_ID, *_LOGIN, *_EMAIL)
    places = tuple(there[one] for one in candidates if one in there)
    if not kind:
        places = places[:1]
    if named:
        places = (_place(header, there, named),)
    if not places:
        return None
    single = _single(there)
    if kind and kind.name == "Classroom 50":
        single["login"] = there["username"]
    taken = {*places[:1], single.get("login"), single.get("email")}
    further = {
        header[place].strip(): place
        for one, place in there.items()
        if one in {*_ID, *_LOGIN, *candidates} and place not in taken
    }
    return Columns(kind.name if kind else "a table", places, single, _name(there), further)


def _fits(kind: _Kind, there: Mapping[str, int]) -> bool:
    return all(any(one in there for one in some) for some in kind.needed)


def _place(header: Sequence[str], there: Mapping[str, int], named: str) -> int:
    for place, one in enumerate(header):
        if one.strip().casefold() == named.strip().casefold():
            return place
    return there[normalized(named)]


def _single(there: Mapping[str, int]) -> dict[str, int]:
    words = {
        "login": _LOGIN,
        "email": _EMAIL,
        "section": _SECTION,
        "deadline": _DEADLINE,
        "role": _ROLE,
    }
    found = {what: _first(there, several) for what, several in words.items()}
    return {what: place for what, place in found.items() if place is not None}


def _name(there: Mapping[str, int]) -> tuple[int, ...]:
    first, last = _first(there, _FIRST), _first(there, _LAST)
    if first is not None and last is not None:
        # in Korean the family name comes first
        return (last, first) if "성" in there else (first, last)
    whole = _first(there, _NAME)
    return tuple(place for place in (whole if whole is not None else first,) if place is not None)


def _first(there: Mapping[str, int], words: Iterable[str]) -> int | None:
    return next((there[word] for word in words if word in there), None)

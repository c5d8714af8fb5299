"""What Canvas is to be given: who is who there is known for sure or told, and nothing that it has is sent."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from grader.classroom.giveback.canvas_plan import (
    UNKNOWN,
    CanvasHas,
    CanvasIntent,
    change_of,
    changes_of,
    digest_of_plan,
    has_of,
    intents_of,
    shown_grade,
    typed,
)
from grader.classroom.giveback.recipients import Handover
from grader.classroom.records import Enrolled
from tests.given_back import ADA as ADA_LIND
from tests.given_back import SECRET, excused, graded_record, nothing, unreadable, waiting

ADA = CanvasIntent(
    "ada", "Ada Lind", ("ada", "ada-l", "ada@x.org"), "7.5", comment="Well done.\n\nYes."
)
HAS = CanvasHas(70, "Lind, Ada", frozenset({"70", "ada-l"}))


def test_everybody_with_a_score_is_given_it() -> None:
    records = [
        *(graded_record(replace(ADA_LIND, ids=(("ID", "70"),))), nothing()),
        waiting(Enrolled("zoe")),
        *(unreadable(Enrolled("eve")), excused(Enrolled("dan"))),
    ]
    intents, handover = intents_of(records, "Lab 1")
    assert [(each.student, each.grade, each.excuse) for each in intents] == [
        *(("ada", "4", False), ("eve", "0", False), ("dan", "", True)),
    ]
    assert intents[0].identifiers == ("ada", "70", "ada-l", "Ada@x.org")
    assert intents[0].comment.startswith("Lab 1\n\nAda Lind: 4 of 7 points")
    assert SECRET not in intents[0].comment
    assert intents[2].comment == ""
    assert handover.given == 3
    assert dict(handover.left_out) == {
        "nothing handed in": ["bob"],
        "not graded yet": ["zoe"],
    }


def test_what_canvas_says_is_read() -> None:
    user = {"id": 70, "name": "Ada Lind", "login_id": "ADA-L", "sis_user_id": None}
    plain = {
        **{"user_id": 70, "user": user, "score": 3.0, "entered_score": 5.5, "excused": None},
        "submission_comments": [{"comment": "a"}, {"comment": None}],
    }
    assert has_of(plain) == CanvasHas(
        *(70, "Ada Lind", frozenset({"70", "ada-l"}), Fraction("5.5"), False, ("a", "")),
    )
    assert has_of({"user_id": 70}) == CanvasHas(70, "", frozenset({"70"}))


def test_what_canvas_has_is_not_sent_again() -> None:
    assert change_of(ADA, HAS).grade == "7.5"
    done = replace(HAS, score=Fraction("7.5"), comments=("x", "Well done.\r\n\r\nYes.\n"))
    assert change_of(ADA, done).is_nothing
    other = change_of(ADA, replace(done, score=Fraction(7)))
    assert (other.grade, other.comment, shown_grade(other)) == ("7.5", "", "7 → 7.5")
    again = change_of(ADA, replace(done, comments=("Well done.",)))
    assert (again.grade, again.comment) == ("", ADA.comment)


def test_an_excuse_is_sent_once_and_a_score_takes_its_place() -> None:
    excuse = CanvasIntent("ada", "", ("ada",), excuse=True)
    assert shown_grade(change_of(excuse, replace(HAS, score=Fraction(3)))) == "3 → excused"
    assert change_of(excuse, replace(HAS, excused=True)).is_nothing
    back = change_of(ADA, replace(HAS, excused=True))
    assert shown_grade(back) == "excused → 7.5"


def found(
    *users: CanvasHas, intents: tuple[CanvasIntent, ...] = (ADA,)
) -> tuple[list[int], Handover]:
    handover = Handover()
    changes = changes_of(intents, users, handover)
    return [change.has.user for change in changes], handover


@pytest.mark.parametrize("key", ["ada", "ada-l", "ada@x.org"])
def test_any_identifier_finds_a_user(key: str) -> None:
    assert found(
        CanvasHas(1, "Bob", frozenset({"1", "bob"})), replace(HAS, keys=frozenset({"70", key}))
    )[0] == [70]


def test_who_is_not_there_is_told() -> None:
    users, handover = found(CanvasHas(1, "Bob", frozenset({"1", "bob"})))
    assert (users, dict(handover.left_out)) == ([], {UNKNOWN: ["ada"]})


def test_two_users_for_one_student_are_told() -> None:
    users, handover = found(HAS, CanvasHas(71, "Ada Lind", frozenset({"71", "ada@x.org"})))
    assert users == []
    assert handover.notes == ["ada may be Lind, Ada (70) or Ada Lind (71) of Canvas: left out."]


def test_two_students_for_one_user_are_told() -> None:
    twin = replace(ADA, student="4711", identifiers=("ada-l",))
    users, handover = found(HAS, intents=(ADA, twin))
    assert users == []
    assert handover.notes == ["ada and 4711 are both Lind, Ada (70) of Canvas: left out."]


def test_a_number_that_is_somebody_elses_in_canvas_is_told() -> None:
    """A student's number can be the number that Canvas has for another one."""
    number = replace(ADA, student="70", identifiers=("70",))
    users, handover = found(CanvasHas(70, "Bob Hope", frozenset({"70", "bob"})), intents=(number,))
    assert users == []
    assert handover.notes == ["70 is Ada Lind here, and Bob Hope (70) in Canvas: left out."]


def test_names_are_compared_without_diacritics_and_order() -> None:
    user = CanvasHas(70, "Ørsted, JOSÉ", frozenset({"70", "x"}))
    for name in ("Jose Oersted", "José Ørsted", "", "jose"):
        assert found(user, intents=(replace(ADA, name=name, identifiers=("x",)),))[0] == [70]


def test_points_are_typed_as_people_type_them() -> None:
    assert [typed(Fraction(each)) for each in ("7", "7.5", "0", "10")] == ["7", "7.5", "0", "10"]


def test_another_plan_has_another_digest() -> None:
    where = {"url": "https://c", "course": 1}
    digests = {
        digest_of_plan(*each)
        for each in (
            ([ADA], where),
            ([replace(ADA, grade="8")], where),
            ([replace(ADA, comment="x")], where),
            ([], where),
            ([ADA], {**where, "course": 2}),
        )
    }
    assert len(digests) == 5
    assert digest_of_plan([ADA], where) == digest_of_plan([replace(ADA)], dict(where))

"""Who gets something back, and what is put down of the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.classroom.giveback.recipients import Handover, why_nothing
from grader.classroom.records import Enrolled, Record
from tests.given_back import excused, graded_record, nothing, unreadable, waiting
from tests.synthetic import not_graded


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (graded_record(), ""),
        (unreadable(), ""),  # whose zip is none is to read it
        (replace(nothing(), adjustments=graded_record().adjustments), ""),
        (nothing(), "nothing handed in"),
        (waiting(), "not graded yet"),
        (not_graded("zoe"), "not graded yet"),
        (excused(), "excused"),
    ],
)
def test_who_has_a_score_gets_something(record: Record, reason: str) -> None:
    assert why_nothing(record) == reason


def test_the_others_are_put_down() -> None:
    handover = Handover()
    strange = Enrolled("z\x1b[31mo\u202ee", "Z\x00")
    records = [graded_record(), nothing(), waiting(Enrolled("zoe")), graded_record(strange)]
    found = list(handover.of(records))
    assert [student for student, _record in found] == ["ada", strange.id]
    assert found[1][1].student.id.isprintable()
    assert dict(handover.left_out) == {
        "nothing handed in": ["bob"],
        "not graded yet": ["zoe"],
    }

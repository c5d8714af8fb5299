"""What a terminal shows whose encoding has not every character."""

from __future__ import annotations

import pytest

from grader.outputs.marks import MARKS
from grader.outputs.narrow_encoding import ERRORS


def shown(text: str, encoding: str) -> str:
    return text.encode(encoding, ERRORS).decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "latin-1"])
def test_marks_stay_apart(encoding: str) -> None:
    passed, partial, failed = (
        shown(MARKS[status].text, encoding) for status in ("passed", "partial", "failed")
    )
    others = {shown(MARKS[name].text, encoding) for name in ("timeout", "error", "not_reached")}
    assert len({passed, partial, failed, *others}) == 6
    assert "?" not in {passed, partial, failed, *others}


def test_formulas_can_be_read() -> None:
    told = shown("∂L/∂a = 2·mean((ŷ − y)·x²) → café", "ascii")
    assert told == "dL/da = 2.mean((yhat - y).x^2) -> cafe"


def test_what_an_encoding_has_stays() -> None:
    assert shown("· é –", "cp1252") == "· é –"
    assert shown("모양 ✓", "utf-8") == "모양 ✓"


def test_what_nothing_stands_for_is_a_question_mark() -> None:
    assert shown("모", "ascii").strip("?") == ""

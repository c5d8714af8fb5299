"""Causes are whole sentences with a name; an outcome carries them in the order of likelihood."""

from __future__ import annotations

import gc
import weakref

import pytest

from grader.checking.outcome import CaseEnd, Cause, CheckFailed, CheckOutcome
from grader.language import speaking
from grader.report import Picture

COUNT = Cause("count", "It is {n} times too large, not {m} times.")


def test_sentences_are_whole_and_their_names_are_filled_in() -> None:
    cause = COUNT.of(n="5", m="3")
    assert cause.text == "It is 5 times too large, not 3 times."
    assert cause.template == COUNT.template
    assert cause.values == (("n", "5"), ("m", "3"))
    assert Cause("x", "A set {1, 2} of numbers.").text == "A set {1, 2} of numbers."


def test_a_name_that_looks_like_another_placeholder_is_left_alone() -> None:
    assert COUNT.of(n="{m}", m="{0}").text == "It is {m} times too large, not {0} times."


def test_a_cause_that_is_not_sure_is_the_same_mistake() -> None:
    cause = COUNT.of(n="5", m="3")
    assert cause.unsure() == cause
    assert len({cause, cause.unsure()}) == 1
    assert (cause.sure, cause.unsure().sure) == (True, False)
    assert cause.unsure().text == cause.text
    assert cause != COUNT.of(n="5", m="4")


def test_what_a_sentence_says_of_its_case_does_not_make_it_another_mistake() -> None:
    cause = Cause("device", "They are on {device}, {n} times.").of(n="2")
    one, other = (cause.in_case(device=device) for device in ("sim:0", "sim:1"))
    assert one == other
    assert len({one, other}) == 1
    assert [each.text for each in (one, other)] == [
        "They are on sim:0, 2 times.",
        "They are on sim:1, 2 times.",
    ]


def test_the_sentence_is_in_the_language_that_is_read() -> None:
    cause = Cause("transpose", "It is transposed.")
    with speaking("ko"):
        assert cause.text not in ("", cause.template)
    assert cause.text == cause.template


@pytest.mark.parametrize("status", ["failed", "timeout", "skipped", "not_reached"])
def test_an_outcome_is_an_exception_with_everything_that_is_told(status: str) -> None:
    picture = Picture("error", "dw", (1, 2), ((1.0, 0.0),))
    ended = CheckOutcome(status, "What happened.", [COUNT], [picture])  # type: ignore[arg-type]
    assert (ended.status, ended.message, str(ended)) == (status, "What happened.", "What happened.")
    assert (ended.causes, ended.pictures) == ((COUNT,), (picture,))
    assert ended.end == CaseEnd(status, "What happened.", (COUNT,), (picture,))  # type: ignore[arg-type]


def test_an_end_holds_nothing_of_the_frames_that_it_came_through() -> None:
    class Big: ...

    def fails() -> None:
        big = Big()
        alive.append(weakref.ref(big))
        raise CheckFailed("It is wrong.")

    alive: list[weakref.ref[Big]] = []
    with pytest.raises(CheckFailed) as failed:
        fails()
    end = failed.value.end
    del failed
    gc.collect()
    assert alive[0]() is None
    assert (end.status, end.message) == ("failed", "It is wrong.")
    assert CaseEnd() == CaseEnd("passed", "", (), ())


def test_a_check_that_failed() -> None:
    failed = CheckFailed("It is wrong.")
    assert isinstance(failed, CheckOutcome)
    assert (failed.status, failed.causes, failed.pictures) == ("failed", (), ())

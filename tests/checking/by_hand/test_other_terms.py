"""Sums with other terms, other counts and other rates: each is told of numbers that it gives, and of no others."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from grader.checking.by_hand import other_terms
from grader.checking.expectations import expect_close
from grader.checking.outcome import Cause, CheckFailed
from tests.received import received

A, B = torch.tensor([1.0, 2.0, 5.0]), torch.tensor([0.5, -3.0, 4.0])
ZERO = torch.zeros(3)


def told(actual: Tensor, expected: Tensor, **causes: object) -> list[str]:
    """The causes of what differs, in their order."""
    with pytest.raises(CheckFailed) as failed:
        expect_close(received(actual), expected, causes=causes["causes"])  # type: ignore[arg-type]
    return [cause.text for cause in failed.value.causes]


def sums() -> dict[Cause, object]:
    places = {"a": A, "−a": -A, "": ZERO}, {"b": B, "2b": 2 * B}, {"a·b": A * B, "": ZERO}
    return dict(other_terms.sums(*places, form="({sum}) / n"))


@pytest.mark.parametrize(
    ("back", "found"),
    [
        (B + A * B, "(b + a·b) / n"),
        (-A + B + A * B, "(−a + b + a·b) / n"),
        (A + 2 * B, "(a + 2b) / n"),
    ],
)
def test_a_sum_is_told_of_by_its_terms(back: Tensor, found: str) -> None:
    assert told(back, A + B + A * B, causes=sums())[0] == f"What comes back is {found}."


def test_what_asks_for_more_than_two_other_terms_is_not_told() -> None:
    assert told(2 * B, A + B + A * B, causes=sums()) == []


def test_a_term_that_is_subtracted_later_has_its_minus_between() -> None:
    named = other_terms.sums({"a": A}, {"b": B, "−b": -B})
    assert [cause.text for cause in named] == ["What comes back is a − b."]


@pytest.mark.parametrize(("by", "wrong"), [(4, "m − 1"), (16, "16")])
def test_another_count(by: int, wrong: str) -> None:
    found = other_terms.counts(received(A / by), A / 5, "m", 5)
    fitting = [cause for cause, other in found.items() if torch.allclose(other, A / by)]
    assert any(dict(cause.values)["wrong"] == wrong for cause in fitting)


@pytest.mark.parametrize("back", [A / 5.5, -A / 4, ZERO])
def test_no_whole_number_is_no_count(back: Tensor) -> None:
    found = other_terms.counts(received(back), A / 5, "m", 5)
    assert [dict(cause.values)["wrong"] for cause in found] == ["m − 1"]


def test_rates() -> None:
    steps = {
        cause: give() for cause, give in other_terms.rates(lambda factor: factor * A, 0.2).items()
    }
    fixed = other_terms.FIXED_RATE.of(rate="0.01")
    assert torch.allclose(steps[fixed], 0.05 * A)
    assert torch.equal(steps[other_terms.HALF_STEP], 0.5 * A)


def test_either_is_the_nearest_of_its_form() -> None:
    assert other_terms.either(received(B), A, B + 0.1, B[:2]) is not A
    assert other_terms.either("no tensor", A, B) is A


def test_partly_zero() -> None:
    back = torch.tensor([0.0, 2.0, 0.0])
    assert told(back, A, causes=other_terms.partly_zero(received(back), A)) == [
        other_terms.PARTLY_ZERO.text
    ]
    wrong = torch.tensor([0.0, 3.0, 0.0])
    assert told(wrong, A, causes=other_terms.partly_zero(received(wrong), A)) == []
    # nothing but 0 has many reasons
    [cause] = other_terms.partly_zero(received(ZERO), A)
    assert not cause.sure


def test_what_would_make_every_entry_wrong_is_not_told_where_one_is_right() -> None:
    asked, mistaken = {"a": A, "b": B}, {"a": B, "b": A}
    both = {"a": received(B), "b": received(A)}
    assert other_terms.all_of(both, asked, mistaken) == mistaken
    assert other_terms.all_of(both | {"b": received(B)}, asked, mistaken) == {}
    # an entry that the mistake leaves right has no say
    assert other_terms.all_of(both | {"b": received(B)}, asked, mistaken | {"b": B})["a"] is B

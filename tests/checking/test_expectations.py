"""What a check calls: it passes in silence, or fails with a message, causes and pictures."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from grader.checking.expectations import expect, expect_close
from grader.checking.outcome import Cause, CheckFailed
from tests.received import received

GRADIENT = torch.tensor([[0.5, -1.0], [2.0, 3.5], [-0.25, 1.0]], dtype=torch.float64)
KNOWN = Cause("known", "It is known.")


def failure(actual: Any, expected: Any, **options: Any) -> CheckFailed:
    with pytest.raises(CheckFailed) as caught:
        expect_close(actual, expected, **options)
    return caught.value


def test_what_holds_passes() -> None:
    expect(True, "Never read.", KNOWN)


@pytest.mark.parametrize(
    ("cause", "causes"),
    [("", ()), (KNOWN, (KNOWN,)), ("A sentence.", (Cause("", "A sentence."),))],
)
def test_what_does_not_hold_fails_with_its_message(
    cause: Cause | str, causes: tuple[Cause, ...]
) -> None:
    with pytest.raises(CheckFailed) as caught:
        expect(False, "It does not hold.", cause)
    assert (caught.value.status, caught.value.message) == ("failed", "It does not hold.")
    assert caught.value.causes == causes
    assert caught.value.pictures == ()


def test_the_first_difference_is_told() -> None:
    wrong = {"a": 1.0, "b": 3.0, "c": [received(GRADIENT)]}
    told = failure(wrong, {"a": 1.0, "b": 2.0, "c": [2 * GRADIENT]}, what="the values")
    assert told.message == 'entry "b" of the values is 3, expected 2.'
    assert told.pictures == ()


def test_a_value_without_a_name_is_the_result() -> None:
    assert failure(1.0, 2.0).message == "the result is 1, expected 2."


def test_every_option_reaches_the_comparison() -> None:
    near = received(GRADIENT + 0.01)
    expect_close(near, GRADIENT, rtol=0.01)
    failure(near, GRADIENT)
    expect_close(1 + 1e-5, 1.0, dtype=torch.float32)
    failure(1 + 1e-5, 1.0)
    kept = received(GRADIENT, requires_grad=True)
    expect_close(kept, GRADIENT, requires_grad=True)
    failure(kept, GRADIENT, requires_grad=False)
    five = failure(received(5 * GRADIENT), GRADIENT, factors={"m": 5})
    assert five.causes[0].id == "sum-for-mean"
    assert failure(received(GRADIENT**2), GRADIENT, causes={KNOWN: ...}).causes == (KNOWN,)


def test_nan_stands_for_numbers_that_are_not_finite() -> None:
    for odd in (torch.nan, -torch.inf):
        broken = GRADIENT.clone()
        broken[0] = odd
        assert failure(received(broken), GRADIENT, causes={KNOWN: torch.nan}).causes[0] == KNOWN
        assert failure(odd, 1.0, causes={KNOWN: torch.nan}).causes[0] == KNOWN
    assert KNOWN not in failure(received(GRADIENT**2), GRADIENT, causes={KNOWN: torch.nan}).causes
    assert KNOWN not in failure(2.0, 1.0, causes={KNOWN: torch.nan}).causes
    assert KNOWN not in failure(None, 1.0, causes={KNOWN: torch.nan}).causes


def test_a_reference_that_is_part_of_a_graph() -> None:
    expect_close(received(GRADIENT), GRADIENT.clone().requires_grad_())


def test_causes_are_worked_out_only_for_a_failure() -> None:
    def never() -> dict[Cause, Any]:
        raise AssertionError("It was asked for.")

    expect_close(received(GRADIENT), GRADIENT, causes=never)
    expect_close(received(GRADIENT), GRADIENT, causes={KNOWN: never})
    with pytest.raises(AssertionError):
        expect_close(received(2 * GRADIENT), GRADIENT, causes=never)


def test_pictures_belong_to_the_first_difference() -> None:
    losses = ([1.0, 2.0], [1.0, 0.5])
    wrong = failure(received(GRADIENT + 1), GRADIENT, what="dw", curves=losses)
    assert [(picture.kind, picture.title) for picture in wrong.pictures] == [
        ("error", "dw"),
        ("curves", ""),
    ]
    form = failure(received(GRADIENT.T), GRADIENT, curves=losses)
    assert [picture.kind for picture in form.pictures] == ["curves"]
    assert failure(received(torch.ones(1)), torch.zeros(1)).pictures == ()
    assert failure(1.0, 2.0, curves=(None, [1.0, 0.5])).pictures == ()

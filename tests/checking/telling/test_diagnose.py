"""A mistake is named where it explains every difference, and kept back where it does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch

from grader.checking.expectations import expect_close
from grader.checking.outcome import Cause, CheckFailed
from grader.checking.telling import explain
from grader.checking.telling.diagnose import on_the_cpu
from grader.checking.telling.explain import common
from tests.received import received

GRADIENT = torch.tensor([[0.5, -1.0], [2.0, 3.5], [-0.25, 1.0]], dtype=torch.float64)
SQUARE = GRADIENT[:2]


def causes(actual: Any, expected: Any, **options: Any) -> list[Cause]:
    with pytest.raises(CheckFailed) as caught:
        expect_close(actual, expected, "dw", **options)
    return list(caught.value.causes)


def first(actual: Any, expected: Any, **options: Any) -> str:
    return next((cause.id for cause in common([causes(actual, expected, **options)])), "")


def test_entries_in_the_wrong_order() -> None:
    a, b = received(GRADIENT), received(SQUARE)
    assert first((b, a), (GRADIENT, SQUARE)) == "swapped"
    assert first({"a": b, "b": a}, {"a": GRADIENT, "b": SQUARE}) == "swapped"
    assert first((b, b), (GRADIENT, SQUARE)) == ""


def test_what_is_near_to_both_has_no_order() -> None:
    one = torch.tensor([1.0, -0.5])
    near = [received(1.06 * one), received(1.04 * one)]
    assert first(near, [one, 1.08 * one], rtol=0.05) == ""
    assert first(near, [one, 1.08 * one], rtol=0.01) == ""
    far = [received(3.04 * one), received(one)]
    assert first(far, [one, 3 * one], rtol=0.05) == "swapped"
    # all the last, or each a little too large
    almost = [received(1.08 * one)] * 3
    assert first(almost, [one, 1.01 * one, 1.08 * one], rtol=0.05) == ""
    assert first(almost, [one, 1.01 * one, 1.08 * one]) == "aliased"


def test_a_known_mistake_is_named_where_it_gives_the_same_numbers() -> None:
    cube = Cause("cube", "The numbers are cubed.")
    named = {cube: lambda: {"a": GRADIENT**3, "b": SQUARE**3}}
    expected = {"a": GRADIENT, "b": SQUARE}
    right, wrong = received(GRADIENT), received(GRADIENT**3)
    both = {"a": wrong, "b": received(SQUARE**3)}
    assert first(both, expected, causes=named) == "cube"
    # where one entry is right, the other one has to fit
    assert first({"a": right, "b": received(SQUARE**3)}, expected, causes=named) == "cube"
    assert first({"a": wrong, "b": received(SQUARE**2)}, expected, causes=named) == ""
    assert first(received(GRADIENT * 1.001), GRADIENT, causes={cube: GRADIENT * 1.0011}) == ""
    shorter = {cube: [1.0, 2.0]}
    assert first([1.0, 2.0], [1.0, 2.0, 3.0], causes=shorter) == "cube"


def test_a_reason_for_one_of_two_differences_is_no_reason() -> None:
    wrong = {"a": received(2 * GRADIENT), "b": received(SQUARE**2)}
    assert first(wrong, {"a": GRADIENT, "b": SQUARE}) == ""


def test_an_entry_of_a_list_that_is_right_can_refute() -> None:
    """A mistake that would have changed every entry is not what happened if one of them is right."""
    halved = Cause("halved", "Halved.")
    right, wrong = received(GRADIENT), received(GRADIENT / 2)
    both = [GRADIENT / 2, GRADIENT / 2]
    assert first([wrong, wrong], [GRADIENT, GRADIENT], causes={halved: both}) == "halved"
    found = causes([right, wrong], [GRADIENT, GRADIENT], causes={halved: both})
    assert halved not in found
    assert first([right, wrong], [GRADIENT] * 2, causes={halved: [GRADIENT, both[1]]}) == "halved"


def test_any_other_numbers() -> None:
    start = Cause("wrong-start", "It starts elsewhere.")
    options: dict[str, Any] = {"causes": {start: ...}}
    assert first(received(GRADIENT**2), GRADIENT, **options) == "wrong-start"
    assert first(received(GRADIENT / 0), GRADIENT, **options) == "nan"
    assert first(received(GRADIENT.float()), GRADIENT, **options) == "dtype"
    assert first(2.0, 1.0, **options) == "wrong-start"
    assert first("2", 1.0, **options) == ""


def test_a_single_zero_names_nothing_alone() -> None:
    missed = Cause("missed", "Nothing was hit.")
    assert first(0.0, 0.6, causes={missed: 0.0}) == ""
    found = causes(0.0, 0.6, causes={missed: 0.0})
    assert common([found, causes(0.25, 0.5, causes={missed: 0.25})]) == [missed]


def test_nor_does_a_tensor_of_a_single_zero() -> None:
    missed = Cause("missed", "Nothing was hit.")
    zero, quarter = torch.tensor(0.0), torch.tensor(0.25)
    assert first(received(zero), torch.tensor(0.6), causes={missed: zero}) == ""
    assert first(received(quarter), torch.tensor(0.6), causes={missed: quarter}) == "missed"
    assert first(received(0 * SQUARE), SQUARE, causes={missed: 0 * SQUARE}) == "missed"


def test_a_graph_that_is_kept() -> None:
    kept = received(GRADIENT, requires_grad=True)
    assert first(kept, GRADIENT, requires_grad=False) == "requires-grad"
    assert first(received(GRADIENT), GRADIENT, requires_grad=True) == "no-grad"


CUBE = Cause("cube", "The numbers are cubed.")


def ids(actual: Any, expected: Any, **options: Any) -> list[str]:
    return [cause.id for cause in causes(actual, expected, **options)]


@pytest.mark.parametrize(
    ("actual", "expected", "named"),
    [
        (received(GRADIENT.T), GRADIENT, ["transpose"]),
        (received(GRADIENT.float()), GRADIENT, ["dtype"]),
        (received(GRADIENT, "cpu", home="cuda"), GRADIENT, ["device"]),
        (received(-GRADIENT), GRADIENT, ["sign"]),
        (-2.0, 2.0, ["sign", "missing-term"]),
        (None, GRADIENT, ["no-return"]),
        ([1.0], [1.0, 2.0], []),
        ({}, {"a": 1.0}, []),
        (3, 4, []),
        (received(torch.tensor([3])), torch.tensor([4]), ["scale", "missing-term"]),
    ],
)
def test_the_general_causes_belong_to_what_differs(
    actual: Any, expected: Any, named: list[str]
) -> None:
    assert ids(actual, expected) == named


def test_what_is_wrong_when_detached_as_well_is_not_told_to_be_detached() -> None:
    attached, other = (
        received(GRADIENT, requires_grad=True),
        received(-GRADIENT, requires_grad=True),
    )
    assert causes(attached, GRADIENT, requires_grad=False) == [explain.REQUIRES_GRAD]
    assert explain.REQUIRES_GRAD not in causes(other, GRADIENT, requires_grad=False)


def test_right_numbers_on_another_device_show_no_other_mistake() -> None:
    """A cause that is worked out from what came back may be what is right."""
    away = received(GRADIENT, "cpu", home="cuda")
    named = {Cause("other-terms", "It has 2b where 2b belongs."): lambda: away.tensor}
    assert causes(away, GRADIENT, causes=named) == [explain.DEVICE]
    assert (
        first(
            received(-GRADIENT, "cpu", home="cpu"), GRADIENT, causes={Cause("neg", "–"): -GRADIENT}
        )
        == "neg"
    )


def test_a_check_names_its_own_mistakes_before_the_general_ones() -> None:
    twice = Cause("twice", "The update is made twice.")
    assert ids(received(-GRADIENT), GRADIENT, causes={twice: -GRADIENT}) == ["twice", "sign"]


def test_a_cause_is_told_once() -> None:
    found = causes([1.0, 4.0], [4.0, 1.0], causes={explain.SWAPPED: [1.0, 4.0]})
    assert found.count(explain.SWAPPED) == 1


def test_several_own_mistakes_may_explain_the_same() -> None:
    again = Cause("again", "The cube again.")
    named: Mapping[Cause, Any] = {
        CUBE: lambda: GRADIENT**3,
        again: GRADIENT**3,
        Cause("x", "x"): 1.0,
    }
    assert ids(received(GRADIENT**3), GRADIENT, causes=named)[:2] == ["cube", "again"]


def test_factors_give_counts_their_names() -> None:
    wrong = {"a": received(5 * GRADIENT), "b": received(5 * SQUARE)}
    [found] = common([causes(wrong, {"a": GRADIENT, "b": SQUARE}, factors={"m": 5})])[:1]
    assert (found.id, found.values) == ("sum-for-mean", (("count", "m"),))


def test_a_general_cause_needs_one_place_that_shows_it() -> None:
    """A single number 7 times too large may be anything; beside a tensor 7 times too large it is the same mistake."""
    expected = {"a": 3.0, "b": GRADIENT}
    found = causes({"a": 21.0, "b": received(7 * GRADIENT)}, expected)
    assert [(cause.id, cause.sure) for cause in found] == [("scale", True)]
    found = causes({"a": 21.0, "b": received(GRADIENT)}, expected)
    assert not any(cause.sure for cause in found)


def test_a_mistake_in_another_form_fits_as_a_whole() -> None:
    assert ids(None, GRADIENT, causes={CUBE: None}) == ["cube", "no-return"]
    assert ids("x", 1.0, causes={CUBE: "x"}) == ["cube"]
    assert ids([1.0, "x"], 1.0, causes={CUBE: [1.0, "x"]}) == ["cube"]
    assert ids([1.0, 2.0], 1.0, causes={CUBE: [1.0]}) == []
    assert ids({"a": 1.0, "b": 2.0}, 1.0, causes={CUBE: {"a": 1.0}}) == ["cube"]
    assert ids({"b": 1.0}, 1.0, causes={CUBE: {"a": 1.0}}) == []
    assert ids(1.0, GRADIENT, causes={CUBE: GRADIENT}) == []
    assert ids(True, 1.0, causes={CUBE: 1}) == []


def test_a_mistake_that_changes_the_shape() -> None:
    row = GRADIENT.sum(0)
    assert ids(received(row**3), GRADIENT, causes={CUBE: row**3}) == ["cube"]
    assert ids(received(row**2), GRADIENT, causes={CUBE: row**3}) == []


def test_a_mistake_does_not_excuse_another_dtype() -> None:
    found = ids(received((GRADIENT**3).float()), GRADIENT, causes={CUBE: GRADIENT**3})
    assert found == ["dtype"]


def test_integers_and_booleans_are_held_against_a_mistake_too() -> None:
    hits = torch.tensor([True, False, True])
    assert ids(received(~hits), hits, causes={CUBE: ~hits})[:1] == ["cube"]
    assert ids(5, 3, causes={CUBE: 5}) == ["cube"]
    assert ids(5, 3, causes={CUBE: 4}) == []


def test_entries_are_swapped_only_if_they_are_right_and_few() -> None:
    assert first([2.0, 3.0, 1.0], [1.0, 2.0, 3.0]) == "swapped"
    five = [1.0, 2.0, 3.0, 4.0, 5.0]
    assert "swapped" not in ids(five[::-1], five)
    assert "swapped" not in ids([2.0, 4.0], [1.0, 2.0])
    assert "swapped" not in ids({"a": 2.0}, {"a": 1.0, "b": 2.0})
    kept = [received(SQUARE, requires_grad=True), received(GRADIENT, requires_grad=True)]
    assert "swapped" in ids(kept, [GRADIENT, SQUARE], requires_grad=False)


def test_entries_that_only_require_gradients_are_not_swapped() -> None:
    kept = [received(GRADIENT, requires_grad=True), received(SQUARE, requires_grad=True)]
    assert ids(kept, [GRADIENT, SQUARE], requires_grad=False) == ["requires-grad"]


def test_a_zero_among_other_wrong_numbers_supports_a_cause() -> None:
    missed = Cause("missed", "Nothing was hit.")
    [found] = causes(0.0, 0.6, causes={missed: 0.0})[:1]
    assert (found, found.sure) == (missed, False)
    found = causes([0.0, 0.0], [0.6, 0.4], causes={missed: [0.0, 0.0]})[0]
    assert (found, found.sure) == (missed, True)
    [found] = causes(0.0, 0.6, causes={missed: ...})[:1]
    assert found.sure


def test_a_reference_may_lie_anywhere_and_be_part_of_a_graph() -> None:
    kept = GRADIENT.clone().requires_grad_()
    value = on_the_cpu({"a": [kept * 2], "b": (1.0, None)})
    assert value["a"][0].requires_grad is False
    assert torch.equal(value["a"][0], 2 * GRADIENT)
    assert value["b"] == (1.0, None)

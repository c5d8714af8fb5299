"""The mistake that the numbers give away: named where they do, and kept back where they do not."""

from __future__ import annotations

import itertools
import re
from importlib import import_module
from typing import Any

import pytest
import torch
from torch import Tensor

from grader.checking.expectations import expect_close
from grader.checking.explain import common, step_causes
from grader.checking.outcome import Cause, CheckFailed
from grader.course.catalog import load_course
from grader.sandbox.wire.values import Received

GRADIENT = torch.tensor([[0.5, -1.0], [2.0, 3.5], [-0.25, 1.0]], dtype=torch.float64)
SQUARE = GRADIENT[:2]
ROW = GRADIENT.flatten()


def received(value: Tensor, **facts: Any) -> Received:
    return Received(value, "cpu", facts.get("requires_grad", False), False, "cpu")


def causes(actual: Any, expected: Any, **options: Any) -> list[Cause]:
    with pytest.raises(CheckFailed) as caught:
        expect_close(actual, expected, "dw", **options)
    return list(caught.value.causes)


def first(actual: Any, expected: Any, **options: Any) -> str:
    return next((cause.id for cause in common([causes(actual, expected, **options)])), "")


@pytest.mark.parametrize(
    ("wrong", "expected", "named"),
    [
        (-GRADIENT, GRADIENT, "sign"),
        (5 * GRADIENT, GRADIENT, "sum-for-mean"),
        (GRADIENT / 5, GRADIENT, "mean-for-sum"),
        (GRADIENT * 5 / 3, GRADIENT, "wrong-count"),
        (2 * GRADIENT, GRADIENT, "scale"),
        (0.5 * GRADIENT, GRADIENT, "scale"),
        (7 * GRADIENT, GRADIENT, "scale"),
        (-7 * GRADIENT, GRADIENT, "sign"),
        (0 * GRADIENT, GRADIENT, "zero"),
        (GRADIENT + 3, GRADIENT, "missing-term"),
        (GRADIENT / 0, GRADIENT, "nan"),
        (torch.log(-GRADIENT.abs()), GRADIENT, "nan"),
        (GRADIENT.T, GRADIENT, "transpose"),
        (SQUARE.T, SQUARE, "transpose"),
        (GRADIENT.flip(0), GRADIENT, "order"),
        ((GRADIENT / 3).float().double(), GRADIENT / 3, "precision"),
        (GRADIENT.float(), GRADIENT, "dtype"),
        (GRADIENT, GRADIENT.sum(), "not-reduced"),
        (GRADIENT, GRADIENT.mean(0), "not-reduced"),
        (GRADIENT.sum(1), GRADIENT, "over-reduced"),
        (GRADIENT.sum(0, keepdim=True), GRADIENT.sum(0), "extra-dimension"),
        (GRADIENT.sum(0), GRADIENT.sum(0, keepdim=True), "squeezed"),
        (ROW, GRADIENT, "reshaped"),
        (ROW.unsqueeze(1) - 2 * ROW, -ROW, "broadcast"),
        (GRADIENT**3, GRADIENT, ""),
        (torch.zeros(2, 3).double(), GRADIENT, ""),  # the shape alone shows no transpose
        (torch.tensor(7.0).double(), torch.tensor(3.0).double(), ""),
        (torch.tensor(15.0).double(), torch.tensor(3.0).double(), "sum-for-mean"),
    ],
)
def test_general_causes(wrong: Tensor, expected: Tensor, named: str) -> None:
    assert first(received(wrong), expected, factors={"m": 5, "n": 3}) == named


def test_a_graph_that_is_kept() -> None:
    kept = received(GRADIENT, requires_grad=True)
    assert first(kept, GRADIENT, requires_grad=False) == "requires-grad"
    assert first(received(GRADIENT), GRADIENT, requires_grad=True) == "no-grad"


def test_entries_in_the_wrong_order() -> None:
    a, b = received(GRADIENT), received(SQUARE)
    assert first((b, a), (GRADIENT, SQUARE)) == "swapped"
    assert first({"a": b, "b": a}, {"a": GRADIENT, "b": SQUARE}) == "swapped"
    assert first((b, b), (GRADIENT, SQUARE)) == ""


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
    assert first(received(GRADIENT * 1.001), GRADIENT, causes={cube: GRADIENT * 1.0011}) == "scale"
    shorter = {cube: [1.0, 2.0]}
    assert first([1.0, 2.0], [1.0, 2.0, 3.0], causes=shorter) == "cube"


def test_a_reason_for_one_of_two_differences_is_no_reason() -> None:
    wrong = {"a": received(2 * GRADIENT), "b": received(SQUARE**2)}
    assert first(wrong, {"a": GRADIENT, "b": SQUARE}) == ""


@pytest.mark.parametrize(
    ("taken", "named"),
    [(0.0, "not-updated"), (-1.0, "sign"), (10.0, "lr-ignored"), (2.0, "twice")],
)
def test_steps(taken: float, named: str) -> None:
    def walk(factor: float) -> Tensor:
        return GRADIENT - factor * 0.1 * GRADIENT**2

    assert first(received(walk(taken)), walk(1), causes=step_causes(walk, 0.1)) == named


def test_what_holds_in_every_case() -> None:
    a, b, c = (Cause(name, name) for name in "abc")
    assert common([]) == []
    assert common([[a, b], [b, a, c], [b]]) == [b]
    assert common([[a, b], []]) == []
    assert common([[a.of(n="m")], [a.of(n="k")]]) == []
    # what is not sure supports, and shows nothing alone
    assert common([[a.unsure()], [a]]) == [a]
    assert common([[a.unsure()], [a.unsure()]]) == []


def test_chance_does_not_name_a_cause() -> None:
    """Random numbers, held against random mistakes: nothing is named."""
    generator = torch.Generator().manual_seed(0)
    for size in itertools.chain.from_iterable(itertools.repeat((1, 2, 5), 200)):
        got, expected, other = torch.randn(3, size, generator=generator, dtype=torch.float64)
        options: dict[str, Any] = {"causes": {Cause("x", "x"): other}, "factors": {"m": 5, "n": 3}}
        assert first(received(got), expected, **options) == ""


def test_a_shape_of_many_dimensions_takes_no_time() -> None:
    assert causes(received(torch.ones([1] * 60)), torch.zeros(2, 3)) == []


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


def test_causes_are_worked_out_only_for_a_failure() -> None:
    def never() -> dict[Cause, Any]:
        raise AssertionError("It was asked for.")

    expect_close(received(GRADIENT), GRADIENT, causes=never)
    expect_close(received(GRADIENT), GRADIENT, causes={Cause("x", "x"): never})
    with pytest.raises(AssertionError):
        expect_close(received(2 * GRADIENT), GRADIENT, causes=never)


def test_sentences_are_whole_and_their_names_are_filled_in() -> None:
    [cause] = causes(received(7 * GRADIENT), GRADIENT)
    assert cause.text == "It is exactly 7 times what it should be."
    assert cause.template == "It is exactly {factor} times what it should be."
    assert Cause("x", "A set {1, 2} of numbers.").text == "A set {1, 2} of numbers."


def known_causes() -> list[Cause]:
    """Every cause that stands in a module of checks, or among the general ones."""
    names = [f"grader.checks.{exercise}" for exercise in load_course().names]
    modules = [
        import_module(name)
        for name in ["grader.checking.explain", "grader.checking.torch_errors", *names]
    ]
    values = itertools.chain.from_iterable(vars(module).values() for module in modules)
    found = []
    for value in values:
        inside = [*value, *value.values()] if isinstance(value, dict) else [value]
        found += [one for one in inside if isinstance(one, Cause)]
    return found


@pytest.mark.filterwarnings("ignore::pytest.PytestUnknownMarkWarning")  # registered while grading
def test_every_cause_has_a_name_and_a_whole_sentence() -> None:
    found = known_causes()
    assert len({cause.id for cause in found}) > 60
    for cause in found:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", cause.id), cause
        assert cause.template.endswith("."), cause

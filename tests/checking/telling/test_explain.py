"""The mistake that the numbers give away: named where they do, and kept back where they do not."""

from __future__ import annotations

import itertools
import re
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from grader.checking.expectations import expect_close
from grader.checking.outcome import Cause, CheckFailed
from grader.checking.telling import explain
from grader.checking.telling.explain import (
    causes_in_form,
    causes_in_values,
    common,
    fits,
    new_attribute,
    step_causes,
)
from grader.checking.telling.factors import TWICE_AS_LARGE
from grader.course.catalog import load_course
from tests.received import received

GRADIENT = torch.tensor([[0.5, -1.0], [2.0, 3.5], [-0.25, 1.0]], dtype=torch.float64)
SQUARE = GRADIENT[:2]
ROW = GRADIENT.flatten()
CHECKING = Path(explain.__file__).parents[1]


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
    assert common([[a.unsure()], [a]])[0].sure
    assert common([[a.unsure()], [a.unsure()]]) == []
    factor = a.of(factor="0.5").unsure()
    assert common([[factor], [factor]]) == []
    assert common([[factor], [factor], [factor]]) == [factor]
    assert common([[a.unsure()]] * 3) == []


def test_what_holds_in_most_cases() -> None:
    a, b = (Cause(name, name) for name in "ab")
    fitting = partial(common, share=0.75)
    assert fitting([]) == fitting([[], [a], [a], [a]]) == []
    assert fitting([[a], [a], [a], []]) == fitting([[a], [b], [a], [a]]) == [a]
    assert fitting([[a], [a], []]) == []
    assert fitting([[a, b], [b], [b], [b, a], [a]]) == [b]
    assert fitting([[a.unsure()], [a]])[0].sure
    assert fitting([[a.unsure()]]) == []


def test_chance_does_not_name_a_cause() -> None:
    """Random numbers, held against random mistakes: nothing is named."""
    generator = torch.Generator().manual_seed(0)
    for size in itertools.chain.from_iterable(itertools.repeat((1, 2, 5), 200)):
        got, expected, other = torch.randn(3, size, generator=generator, dtype=torch.float64)
        options: dict[str, Any] = {"causes": {Cause("x", "x"): other}, "factors": {"m": 5, "n": 3}}
        assert first(received(got), expected, **options) == ""


def test_a_shape_of_many_dimensions_takes_no_time() -> None:
    assert causes(received(torch.ones([1] * 60)), torch.zeros(2, 3)) == []


def known_causes() -> list[Cause]:
    """Every cause that stands in a module of checks, or among the general ones."""
    names = [f"grader.checks.{exercise}" for exercise in load_course().names]
    modules = [
        import_module(name)
        for name in [
            "grader.checking.telling.explain",
            "grader.checking.telling.torch_errors",
            *names,
        ]
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


def numbers(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def named(got: Tensor, expected: Tensor, **factors: float) -> list[tuple[str, bool]]:
    found = causes_in_values(got, expected, 1e-9, factors)
    return [(cause.id, cause.sure) for cause in found]


def test_fits_is_strict_about_form() -> None:
    assert fits(numbers(1, 2), numbers(1, 2), None, 1e-9)
    assert fits(torch.zeros(0), torch.ones(0), None, 1e-9)
    assert fits(torch.ones(2), numbers(1, 1), None, 1e-9)  # in whatever dtype it was worked out
    assert not fits(numbers(1, 1), torch.ones(2, 1), None, 1e-9)
    assert not fits(numbers(1), numbers(1, 1), None, 1e-9)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_not_finite_fits_nothing(bad: float) -> None:
    assert not fits(numbers(bad), numbers(bad), None, 1e-9)
    assert not fits(numbers(1), numbers(bad), None, 1e-9)
    assert not fits(numbers(bad), numbers(1), None, 1e-9)


def test_a_mistake_has_a_hundred_times_the_tolerance() -> None:
    assert fits(numbers(1 + 0.9e-7), numbers(1), None, 1e-9)
    assert not fits(numbers(1 + 1.1e-7), numbers(1), None, 1e-9)


def test_a_mistake_has_to_be_much_nearer_than_the_reference() -> None:
    """Of the way from the reference to the mistake, at least 98 % have to be gone."""
    right, mistaken = numbers(1), numbers(1.1)
    assert fits(numbers(1.0985), mistaken, right, 1e-3)
    assert not fits(numbers(1.0975), mistaken, right, 1e-3)
    assert fits(numbers(1.0985), mistaken, None, 1e-3)
    # a hundred times a loose tolerance would let anything fit
    assert not fits(numbers(1.0975), mistaken, None, 1e-3)
    assert fits(numbers(1.0985), mistaken, torch.ones(3), 1e-3)  # of another shape


def test_one_number_shows_no_factor_and_no_amount_by_itself() -> None:
    assert named(numbers(21), numbers(3)) == [("scale", False), ("missing-term", False)]
    assert named(numbers(0), numbers(3)) == [("zero", False)]
    assert named(numbers(0, 0), numbers(3, 1)) == [("zero", True)]
    assert ("sign", True) in named(numbers(-3), numbers(3))


def test_a_factor_is_as_exact_as_the_numbers_are() -> None:
    rounding = numbers(1, -1, 1, -1, 1, -1)
    off = list(causes_in_values(2 * ROW + 2e-3 * rounding, ROW, 1e-3, {}))
    assert off[0] == TWICE_AS_LARGE
    assert TWICE_AS_LARGE not in list(causes_in_values(2.002 * ROW, ROW, 1e-3, {}))


def test_a_reference_of_zeros_shows_nothing() -> None:
    assert named(numbers(1, 2), numbers(0, 0)) == []
    assert [cause for cause, _sure in named(numbers(1, float("inf")), numbers(0, 0))] == ["nan"]


def test_nan_and_infinity_are_told_apart() -> None:
    inf, nan = float("inf"), float("nan")
    assert list(causes_in_values(numbers(nan, inf), ROW[:2], 1e-9, {})) == [explain.NAN]
    assert list(causes_in_values(numbers(inf, 1), ROW[:2], 1e-9, {})) == [explain.INFINITY]


def test_precision_is_a_cause_in_float64_alone() -> None:
    rounded = (GRADIENT / 3).float().double()
    assert explain.PRECISION in list(causes_in_values(rounded, GRADIENT / 3, 1e-9, {}))
    assert explain.PRECISION not in list(causes_in_values(rounded, GRADIENT / 3, 2e-5, {}))
    # as wrong, and no numbers that float32 has: a step of differences, for example
    off = GRADIENT / 3 + (rounded - GRADIENT / 3).flip(0)
    assert explain.PRECISION not in list(causes_in_values(off, GRADIENT / 3, 1e-9, {}))


@pytest.mark.parametrize(
    ("got", "expected", "found"),
    [
        (GRADIENT.T, GRADIENT, ["transpose"]),
        (GRADIENT.unsqueeze(0), GRADIENT, ["extra-dimension", "reshaped", "not-reduced"]),
        (GRADIENT, GRADIENT.unsqueeze(0), ["squeezed", "reshaped", "over-reduced"]),
        (GRADIENT.reshape(2, 3), GRADIENT, ["reshaped"]),
        (GRADIENT.mean(), GRADIENT, ["over-reduced"]),
        (GRADIENT + 1, GRADIENT.sum(0), []),
        (torch.zeros(0).double(), GRADIENT, []),
        (GRADIENT, torch.zeros(0).double(), []),
    ],
)
def test_causes_of_another_shape(got: Tensor, expected: Tensor, found: list[str]) -> None:
    assert [cause.id for cause in causes_in_form(got, expected, 1e-9)] == found


def test_a_dimension_of_size_one_supports_a_reduction_and_shows_none() -> None:
    found = {cause.id: cause.sure for cause in causes_in_form(ROW, ROW.unsqueeze(0), 1e-9)}
    assert found == {"squeezed": True, "reshaped": True, "over-reduced": False}


def test_causes_that_come_first_in_the_cases_come_first() -> None:
    a, b, c = (Cause(name, name) for name in "abc")
    assert common([[a, b], [c, b, a], [b, a]]) == [b, a]


def test_general_causes_are_shared_by_exercises() -> None:
    """A cause that a single exercise uses stands beside its checks, and one that nothing uses stands nowhere."""
    course = load_course()
    checks = [course[name].checks.read_text(encoding="utf-8") for name in course.names]
    source = {path.stem: path.read_text(encoding="utf-8") for path in CHECKING.rglob("*.py")}
    own = source.pop("explain")
    for name, value in vars(explain).items():
        if isinstance(value, Cause):
            general = len(re.findall(rf"\b{name}\b", own)) > 1
            general |= any(re.search(rf"\b{name}\b", text) for text in source.values())
            users = sum(bool(re.search(rf"\bexplain\.{name}\b", text)) for text in checks)
            assert general or users > 1, f"{name} is used by {users} exercises"


def test_an_answer_that_is_far_too_large_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size is the student's choice, and some forty sums of it would be worked out for each case."""
    large = torch.ones(300, 300)
    searched: list[Tensor] = []

    def counted(got: Tensor, _small: Tensor) -> list[Tensor]:
        searched.append(got)
        return []

    monkeypatch.setattr(explain, "_reductions", counted)
    assert list(explain.causes_in_form(large, torch.tensor(1.0), 1e-6)) == []
    assert searched == []
    list(explain.causes_in_form(large[:10], torch.tensor(1.0), 1e-6))
    assert len(searched) == 1
    assert list(explain.causes_in_form(large.reshape(-1), large, 1e-6))  # as large as is asked for


def test_a_scalar_in_a_dimension_of_one_is_told_as_that() -> None:
    found = causes(received(torch.tensor([2.5])), torch.tensor(2.5))
    assert explain.ONE_ELEMENT in found
    assert explain.EXTRA_DIMENSION not in found


def test_a_dtype_that_the_exercise_fixes_does_not_follow_the_inputs() -> None:
    wrong, right = received(torch.ones(2).double()), torch.ones(2)
    [fixed] = causes(wrong, right, fixed_dtype=True)
    assert "float32 is asked" in fixed.text
    pair: dict[str, Any] = {"a": wrong, "b": received(right)}
    [fixed] = causes(pair, {"a": right, "b": right}, fixed_dtype=("a",))
    assert "float32 is asked" in fixed.text
    assert causes(pair, {"a": right, "b": right}, fixed_dtype=("b",)) == [explain.DTYPE]


def test_labels_and_masks_do_not_follow_the_inputs() -> None:
    wrong = received(torch.tensor([1.0, 0.0]))
    for right in (torch.tensor([1, 0]), torch.tensor([True, False])):
        found = causes(wrong, right)
        [told] = common([found] * 2)
        assert told.text.startswith(f"{str(right.dtype)[6:]} is asked here")
        # where floats are wrong as well, the inputs are followed
        assert common([causes(received(ROW.float()), ROW), found]) == [explain.DTYPE]


def test_whole_numbers_that_floats_do_not_hold() -> None:
    right = torch.tensor([2**53 + 1, 2**53 + 3, 2**60 + 7, 5])
    assert causes(received(right.double().long()), right) == [explain.WHOLE]
    # one less is no rounding, though as floats both are the same
    assert explain.WHOLE not in causes(received(right - torch.tensor([0, 0, 1, 0])), right)


def test_one_tensor_that_is_kept_again_and_again() -> None:
    steps = [torch.tensor([1.0, 2.0]), torch.tensor([3.0, 5.0]), torch.tensor([4.0, 9.0])]
    last = [received(steps[-1])] * 3
    assert explain.ALIASED in causes(last, steps)
    assert explain.ALIASED not in causes([received(steps[0])] * 3, steps)
    # where the values stand still before the end, this shows nothing
    assert explain.ALIASED not in causes(last, [steps[0], steps[-1], steps[-1]])


def test_none_for_a_tensor_alone_shows_no_cause() -> None:
    assert [cause.sure for cause in causes(None, torch.ones(2))] == [False]


def test_a_name_that_is_nearly_right() -> None:
    cause = explain.did_you_mean("weights", ["weight", "bias"])
    assert isinstance(cause, Cause)
    assert cause.text == "There is `weight`; perhaps `weights` is meant."
    assert explain.did_you_mean("weights", ["bias", "weights"]) == ""


def test_an_attribute_that_torch_does_not_know_is_told() -> None:
    cause = new_attribute(["p.weight", "p.require_grad"], "requires_grad")
    assert isinstance(cause, Cause)
    assert "`p.require_grad` is a new attribute" in cause.text
    assert new_attribute(["model.requires_grad"], "requires_grad")
    assert new_attribute(["p.momentum"], "requires_grad") == ""
    assert new_attribute([], "requires_grad") == ""

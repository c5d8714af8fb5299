"""What differs, as data: form before values, tolerances at their edge, and NaN, which never passes."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from grader.checking.compare import (
    RTOL,
    Demands,
    allowed_error,
    is_close,
    mismatches,
    wrong_elements,
)
from grader.checking.mismatch import Mismatch
from grader.sandbox.wire.values import Opaque
from tests.received import received

GRADIENT = torch.tensor([[0.5, -1.0], [2.0, 3.5], [-0.25, 1.0]], dtype=torch.float64)
INTEGERS = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]


def differing(actual: Any, expected: Any, **demands: Any) -> list[Mismatch]:
    return list(mismatches(actual, expected, "dw", Demands(**demands)))


def aspects(actual: Any, expected: Any, **demands: Any) -> list[str]:
    return [each.aspect for each in differing(actual, expected, **demands)]


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (received(GRADIENT), GRADIENT),
        (received(torch.zeros(0)), torch.zeros(0)),
        (received(torch.tensor(2.0)), torch.tensor(2.0)),
        (received(torch.tensor([True, False])), torch.tensor([True, False])),
        (1.0, 1.0),
        (3, 3),
        (True, True),
        ("x", "x"),
        (None, None),
        ([], []),
        ({}, {}),
        ([1.0, None, "x"], (1.0, None, "x")),
        ((1.0,), [1.0]),
        ({"a": [1.0, {"b": received(GRADIENT)}]}, {"a": (1.0, {"b": GRADIENT})}),
    ],
)
def test_equal_values_do_not_differ(actual: Any, expected: Any) -> None:
    assert differing(actual, expected) == []


def test_more_entries_of_a_dict_than_asked_are_no_matter() -> None:
    assert differing({"a": 1.0, "more": 2.0}, {"a": 1.0}) == []


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (None, GRADIENT),
        (1.0, GRADIENT),
        (GRADIENT.tolist(), GRADIENT),
        (Opaque("numpy.ndarray"), GRADIENT),
        (1, 1.0),
        (True, 1.0),
        ("1.0", 1.0),
        (received(torch.ones(())), 1.0),
        (1.0, 1),
        (True, 1),
        (0, False),
        (None, "x"),
        (0.0, None),
        (received(torch.ones(())), None),
        ([], {"a": 1.0}),
        ({"a": 1.0}, [1.0]),
        (1.0, [1.0]),
        ("ab", ["a", "b"]),
        (received(torch.ones(2)), (1.0, 1.0)),
        (Opaque("set"), ["a"]),
    ],
)
def test_another_kind(actual: Any, expected: Any) -> None:
    [found] = differing(actual, expected)
    assert (found.aspect, found.what, found.path) == ("kind", "dw", ())
    assert found.actual is actual
    assert found.expected is expected


def test_keys_and_lengths_differ_before_what_is_in_them() -> None:
    assert aspects({"a": 9.0}, {"a": 1.0, "b": 2.0}) == ["entry"]
    assert aspects({}, {"a": 1.0}) == ["entry"]
    assert aspects([9.0], [1.0, 2.0]) == ["length"]
    assert aspects([9.0, 9.0, 9.0], (1.0, 2.0)) == ["length"]
    assert aspects([], [1.0]) == ["length"]


@pytest.mark.parametrize("shape", [(2, 3), (6,), (3, 2, 1), (1, 3, 2), (0,), ()])
def test_another_shape(shape: tuple[int, ...]) -> None:
    assert aspects(received(torch.zeros(shape).double()), GRADIENT) == ["shape"]


def test_empty_tensors_differ_in_shape_and_dtype_alone() -> None:
    assert aspects(received(torch.zeros(0, 2)), torch.zeros(0, 3)) == ["shape"]
    assert aspects(received(torch.zeros(0).long()), torch.zeros(0)) == ["dtype"]
    assert aspects(received(torch.zeros(0, 2)), torch.zeros(0, 2)) == []


@pytest.mark.parametrize(
    ("device", "home", "differs"),
    [
        ("cpu", "cpu", False),
        ("cuda:0", "cuda", False),
        ("cuda:1", "cuda", True),
        ("sim:0", "sim", False),
        ("sim:0", "sim:0", False),
        ("sim:1", "sim:1", False),
        ("sim:1", "sim", True),
        ("sim:0", "sim:1", True),
        ("cuda:0", "cpu", True),
        ("cpu", "cuda", True),
        ("cpu", "sim", True),
        ("meta", "sim", True),
    ],
)
def test_a_device_without_a_number_is_its_first_one(device: str, home: str, differs: bool) -> None:
    assert aspects(received(GRADIENT, device, home=home), GRADIENT) == ["device"] * differs


@pytest.mark.parametrize("has", [False, True])
@pytest.mark.parametrize("wanted", [None, False, True])
def test_requires_grad_matters_where_it_is_asked(has: bool, wanted: bool | None) -> None:
    found = aspects(received(GRADIENT, requires_grad=has), GRADIENT, requires_grad=wanted)
    assert found == ["requires_grad"] * (wanted not in (None, has))


def test_the_aspects_of_a_tensor_are_asked_in_order() -> None:
    """One thing after the other is put right; each time the next one is what differs."""
    wanted = {"requires_grad": True}
    everything = torch.zeros(2, 3, dtype=torch.float32)
    assert aspects(received(everything, "meta"), GRADIENT, **wanted) == ["shape"]
    assert aspects(received(everything.T, "meta"), GRADIENT, **wanted) == ["dtype"]
    assert aspects(received(everything.T.double(), "meta"), GRADIENT, **wanted) == ["device"]
    there = received(everything.T.double())
    assert aspects(there, GRADIENT, **wanted) == ["requires_grad"]
    there = received(everything.T.double(), requires_grad=True)
    assert aspects(there, GRADIENT, **wanted) == ["value"]


@pytest.mark.parametrize("dtype", list(RTOL))
@pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
def test_the_edge_of_the_tolerance(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    """Relative to the largest element, 8: a power of 2, so that the steps on both sides are representable."""
    expected = torch.full(shape, 8.0, dtype=dtype)
    within, beyond = 8 * (1 + 0.7 * RTOL[dtype]), 8 * (1 + 1.5 * RTOL[dtype])
    assert aspects(received(torch.full(shape, within, dtype=dtype)), expected) == []
    assert aspects(received(torch.full(shape, beyond, dtype=dtype)), expected) == ["value"]


@pytest.mark.parametrize("dtype", list(RTOL))
def test_rounding_passes_and_a_hundred_times_the_tolerance_does_not(dtype: torch.dtype) -> None:
    value, scale = GRADIENT.to(dtype), GRADIENT.abs().max()
    rounded = value + (0.3 * RTOL[dtype] * scale).to(dtype)
    assert aspects(received(rounded), value) == []
    wrong = (GRADIENT + 100 * RTOL[dtype] * scale).to(dtype)
    assert aspects(received(wrong), value) == ["value"]


def test_what_is_off_by_as_much_as_is_allowed_is_right() -> None:
    assert aspects(received(torch.tensor([3.0, 1.0])), torch.tensor([2.0, 2.0]), rtol=0.5) == []
    assert is_close(3.0, 2.0, 0.5)
    assert is_close(1.0, 2.0, 0.5)


@pytest.mark.parametrize("dtype", [*INTEGERS, torch.bool])
def test_whole_numbers_have_no_tolerance(dtype: torch.dtype) -> None:
    assert Demands().tolerance(dtype) == 0


def test_the_largest_element_sets_the_tolerance_of_all() -> None:
    expected = torch.tensor([1000.0, 0.0], dtype=torch.float64)
    small_off = torch.tensor([0.0, 0.9e-6], dtype=torch.float64)
    assert aspects(received(expected + small_off), expected) == []
    assert aspects(received(expected + 2 * small_off), expected) == ["value"]


def test_the_answer_cannot_widen_its_own_tolerance() -> None:
    expected = torch.tensor([1.0, 2.0], dtype=torch.float64)
    assert aspects(received(torch.tensor([1.0, 1e300]).double()), expected) == ["value"]
    assert aspects(1e300, 1.0) == ["value"]


def test_a_small_reference_has_the_tolerance_of_a_tenth() -> None:
    """What cancels to almost nothing has the rounding of its terms."""
    assert aspects(received(torch.tensor([0.9e-10]).double()), torch.zeros(1).double()) == []
    assert aspects(received(torch.tensor([1.1e-10]).double()), torch.zeros(1).double()) == ["value"]
    assert aspects(0.9e-10, 0.0) == []
    assert aspects(1.1e-10, 0.0) == ["value"]
    assert aspects(1e-300, -1e-300) == []  # tiny numbers, denormal ones too, are 0
    assert aspects(5e-324, 0.0) == []


def test_huge_numbers_have_no_overflow() -> None:
    for dtype in (torch.float32, torch.float64):
        largest = torch.full((2,), torch.finfo(dtype).max, dtype=dtype)
        assert aspects(received(largest), largest) == []
        assert aspects(received(-largest), largest) == ["value"]
        assert aspects(received(largest / 2), largest) == ["value"]


@pytest.mark.parametrize("dtype", list(RTOL))
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_wrong_in_any_place(dtype: torch.dtype, bad: float) -> None:
    for place in range(3):
        got = torch.ones(3, dtype=dtype)
        got[place] = bad
        [found] = differing(received(got), torch.ones(3, dtype=dtype))
        assert found.wrong is not None
        assert found.wrong.tolist() == [index == place for index in range(3)]
    assert aspects(bad, 1.0) == ["value"]
    assert aspects(received(torch.tensor(bad, dtype=dtype)), torch.ones((), dtype=dtype)) == [
        "value"
    ]


def test_nan_passes_for_nothing_at_all() -> None:
    nothing = torch.tensor([math.nan, 1.0])
    assert aspects(received(nothing), nothing) == ["value"]
    assert aspects(received(torch.ones(2)), nothing) == ["value"]
    assert aspects(math.nan, math.nan) == ["value"]
    assert aspects(1.0, math.nan) == ["value"]
    assert aspects(received(nothing), nothing, rtol=math.inf) == ["value"]


def test_only_the_same_infinity_passes_for_an_infinite_reference() -> None:
    reference = torch.tensor([math.inf, 1.0])
    assert aspects(received(reference), reference) == []
    for other in (-math.inf, math.nan, 1e30, 0.0):
        assert aspects(received(torch.tensor([other, 1.0])), reference) == ["value"]
        assert aspects(other, math.inf) == ["value"]
    # and it does not widen the tolerance of the other elements
    assert aspects(received(torch.tensor([math.inf, 2.0])), reference) == ["value"]
    assert aspects(math.inf, math.inf) == []


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_have_to_be_equal(dtype: torch.dtype) -> None:
    expected = torch.tensor([100, 0], dtype=dtype)
    assert aspects(received(expected.clone()), expected) == []
    for tolerance in (None, 0.5):
        [found] = differing(received(expected + 1), expected, rtol=tolerance)
        assert (found.aspect, found.allowed) == ("value", 0.0)
    assert aspects(101, 100) == ["value"]


def test_large_integers_are_not_taken_for_floats() -> None:
    """2⁶² and 2⁶² + 1 are the same number in float64."""
    one = torch.tensor([2**62])
    assert aspects(received(one + 1), one) == ["value"]
    assert aspects(2**62 + 1, 2**62) == ["value"]


def test_booleans() -> None:
    expected = torch.tensor([True, False, True])
    [found] = differing(received(~expected), expected)
    assert found.wrong is not None
    assert found.wrong.all()
    assert aspects(received(expected.to(torch.uint8)), expected) == ["dtype"]
    assert aspects(True, False) == ["value"]


def test_texts() -> None:
    assert aspects("b", "a") == ["value"]
    assert aspects("", "a") == ["value"]


def test_rtol_takes_the_place_of_the_tolerance_by_dtype() -> None:
    expected = torch.tensor([10.0, 1.0])
    assert aspects(received(expected + 0.9), expected, rtol=0.1) == []
    assert aspects(received(expected + 1.1), expected, rtol=0.1) == ["value"]
    assert aspects(received(expected + 1e-5), expected, rtol=1e-9) == ["value"]
    assert aspects(10.9, 10.0, rtol=0.1) == []


def test_floats_have_the_tolerance_of_the_dtype_they_were_computed_in() -> None:
    assert aspects(1 + 1e-5, 1.0) == ["value"]
    assert aspects(1 + 1e-5, 1.0, dtype=torch.float32) == []
    assert aspects(1 + 3e-5, 1.0, dtype=torch.float32) == ["value"]
    assert aspects(1 + 5e-3, 1.0, dtype=torch.float16) == []
    # it says nothing of tensors, which have their own dtype
    assert aspects(received(GRADIENT + 1e-5), GRADIENT, dtype=torch.float32) == ["value"]


def test_tensors_that_are_strided_or_expanded() -> None:
    assert aspects(received(GRADIENT.T.contiguous().T), GRADIENT) == []
    assert aspects(received(GRADIENT), GRADIENT.repeat_interleave(2, 0)[::2]) == []
    row = torch.tensor([1.0, 2.0])
    assert aspects(received(row.repeat(3, 1)), row.expand(3, 2)) == []
    assert aspects(received(row.expand(3, 2)), row.repeat(3, 1)) == []
    [found] = differing(received(row.expand(3, 2)), torch.zeros(3, 2))
    assert found.wrong is not None
    assert found.wrong.shape == (3, 2)


def test_a_mismatch_knows_its_place() -> None:
    actual = {"grads": [received(GRADIENT), (1.0, received(2 * GRADIENT))], "loss": 5.0}
    expected = {"grads": [GRADIENT, (1.0, GRADIENT)], "loss": 4.0}
    found = differing(actual, expected)
    assert [(each.what, each.path) for each in found] == [
        ('dw["grads"][1][1]', ("grads", 1, 1)),
        ('dw["loss"]', ("loss",)),
    ]
    assert found[0].rtol == RTOL[torch.float64]
    assert found[0].allowed == pytest.approx(3.5 * RTOL[torch.float64])
    assert found[1].wrong is None


def test_a_structure_that_differs_hides_what_is_below_it_and_nothing_else() -> None:
    actual = {"a": [9.0], "b": {"x": 9.0}, "c": 9.0}
    expected = {"a": [1.0, 2.0], "b": {"y": 1.0}, "c": 1.0}
    found = differing(actual, expected)
    assert [(each.aspect, each.path) for each in found] == [
        ("length", ("a",)),
        ("entry", ("b",)),
        ("value", ("c",)),
    ]


def test_wrong_elements_and_what_is_allowed() -> None:
    expected = torch.tensor([[4.0, 0.0], [-8.0, 1.0]])
    wrong = wrong_elements(expected + torch.tensor([0.5, 1.5]), expected, 0.125)
    assert wrong.tolist() == [[False, True], [False, True]]
    assert allowed_error(expected, 0.125) == 1.0
    assert wrong_elements(torch.zeros(0), torch.zeros(0), 0.125).shape == (0,)
    assert allowed_error(torch.zeros(0), 0.125) == 0.0125
    assert allowed_error(torch.tensor([4]), 0.125) == 0.0


def test_terms_that_cancel_leave_the_rounding_of_their_size() -> None:
    """What is allowed follows from the result, and from a tenth of the terms where that is more."""
    expected = torch.tensor([1.0])
    for scale, allowed in ((1.0, 0.125), (1000.0, 12.5), (1e-6, 0.125)):
        assert allowed_error(expected, 0.125, scale) == allowed
    tiny = torch.tensor([1e-6])
    assert wrong_elements(2 * tiny, tiny, 0.125).tolist() == [False]
    assert wrong_elements(2 * tiny, tiny, 0.125, 1e-6).tolist() == [True]
    assert is_close(3.0, 1.0, 0.125, 1000.0)
    assert not is_close(2e-6, 1e-6, 0.125, 1e-6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_in_half_precision_a_term_counts_whole(dtype: torch.dtype) -> None:
    expected = torch.tensor([0.25], dtype=dtype)
    assert allowed_error(expected, 0.5, 8.0) == 4.0


def test_is_close_is_symmetric_in_sign_and_includes_its_edge() -> None:
    assert is_close(1.25, 1.0, 0.25)
    assert is_close(0.75, 1.0, 0.25)
    assert is_close(-1.25, -1.0, 0.25)
    assert not is_close(1.2500001, 1.0, 0.25)
    assert not is_close(1.0, -1.0, 0.25)


def test_where_the_terms_are_zero_what_underflows_is_right() -> None:
    zero = torch.zeros(3, dtype=torch.float64)
    assert not wrong_elements(torch.full_like(zero, 3e-40), zero, 1e-9, scale=0.0).any()
    assert 0 < allowed_error(zero, 1e-9, scale=0.0) < 1e-37
    assert wrong_elements(torch.full_like(zero, 1e-30), zero, 1e-9, scale=0.0).all()
    assert is_close(3e-40, 0.0, 1e-9, scale=0.0)

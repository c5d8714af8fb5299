"""Each wrapper spoils the calls that it should, and leaves the others as they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from grader.authoring.behaviour import wrong_answers as wrong

Function = Callable[..., Any]


def square(x: Tensor) -> Tensor:
    return x * x


def mean(x: Tensor) -> float:
    return float(x.mean())


def counted(x: Tensor) -> Tensor:
    return x.sum(dim=0, keepdim=True)


def wide(*shape: int) -> Tensor:
    return torch.arange(1.0, 1 + torch.Size(shape).numel()).reshape(shape)


SIXTEEN = wide(3).bfloat16()
# the wrapped function, an input that shows the mistake, one that does not
SPOILT = [
    (wrong.half_beyond(square, False, 16), square, wide(17, 2), wide(16, 2)),
    (wrong.half_beyond(mean, False, 16), mean, wide(17), wide(16)),
    (wrong.half_for_one(square, False, 0), square, wide(1, 3), wide(3, 1)),
    (wrong.half_for_one(square, False, -1), square, wide(3, 1), wide(1, 3)),
    (wrong.half_for_one(mean, False, 0), mean, wide(1), torch.tensor(3.0)),
    (wrong.half_of_strided(square, False), square, wide(3, 2).T, wide(3, 2)),
    (wrong.a_little_added(square, False, 1e-8), square, wide(3).double(), wide(3)),
    (wrong.a_little_added(mean, False, 1e-8), mean, wide(3), None),
    (wrong.only_the_first(square, False, 0, 4), square, wide(5, 2), wide(4, 9)),
    (wrong.only_the_first(square, False, -1, 4), square, wide(2, 5), wide(9, 4)),
    (wrong.float32_detour(square), square, wide(3).double() / 3, wide(3) / 3),
    (wrong.rounded_to_float32(square, False), square, wide(3).double() / 3, wide(3) / 3),
    (wrong.rounded_to_float32(mean, False), mean, wide(3).double() / 7, wide(3)),
    (wrong.clamped(square, False, 100.0), square, wide(11), wide(10)),
    (wrong.clamped(mean, False, 1.0), mean, wide(3), wide(1)),
    (wrong.inputs_clamped(square, 4.0), square, wide(5), wide(4)),
    (wrong.tiny_is_zero(square, 1e-3), square, wide(2) / 1e4, wide(2) / 100),
    (wrong.not_a_number_for_zeros(square, False), square, torch.zeros(2), torch.eye(2)),
    (wrong.squeezed(counted), counted, wide(3, 2), None),
    (wrong.in_float32(square, [2]), square, SIXTEEN, wide(3).double()),
    (wrong.in_float32(square, [8]), square, wide(3).double(), SIXTEEN),
    (wrong.promoted_by_default(square), square, SIXTEEN, wide(3).double()),
    (wrong.few_digits(mean), mean, torch.tensor([1.23456]), torch.tensor([0.5])),
    (wrong.number_as_tensor(mean), mean, wide(3), None),
]


def same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if not torch.is_tensor(one):
        return bool(one == other)
    return one.dtype == other.dtype and torch.equal(one, other)


@pytest.mark.parametrize(("mistaken", "right", "shows", "hides"), SPOILT)
def test_an_answer_is_wrong_where_it_should_be(
    mistaken: Function, right: Function, shows: Tensor, hides: Tensor | None
) -> None:
    assert not same(mistaken(shows), right(shows))
    assert hides is None or same(mistaken(hides), right(hides))


def test_what_works_in_place_moves_the_first_rows_alone() -> None:
    def step(params: dict[str, Tensor]) -> None:
        for tensor in params.values():
            tensor -= 1

    params = {"a": wide(5), "b": wide(3)}
    wrong.only_the_first(step, True, 0, 4)(params)
    assert params["a"].tolist() == [0, 1, 2, 3, 5]
    assert params["b"].tolist() == [0, 1, 2]


def test_what_works_in_place_leaves_tiny_steps_out() -> None:
    def step(params: list[Tensor]) -> None:
        params[0] -= torch.tensor([1e-3, 1e-7])

    params = [wide(2).double()]
    wrong.tiny_steps_left_out(step, 1e-6)(params)
    assert (wide(2).double() - params[0]).tolist() == pytest.approx([1e-3, 0.0], abs=1e-10)


def gradient(function: Function) -> Tensor | None:
    x = wide(3).requires_grad_()
    value = function(x)
    if value.requires_grad:
        value.sum().backward()
    assert torch.equal(value.detach(), square(x.detach()))
    return x.grad


def test_gradients_are_lost_or_halved_and_values_are_not() -> None:
    right = gradient(square)
    assert right is not None
    assert gradient(wrong.cut_off(square)) is None
    assert gradient(wrong.input_cut_off(square, 0, "x")) is None
    half = gradient(wrong.gradient_halved(square))
    assert half is not None
    assert torch.equal(half, right / 2)
    assert gradient(wrong.gradient_halved_beyond(square, 2)).equal(half)  # type: ignore[union-attr]
    assert gradient(wrong.gradient_halved_beyond(square, 3)).equal(right)  # type: ignore[union-attr]


def test_gradients_required_though_nothing_asks_for_them() -> None:
    assert wrong.gradients_required(square)(wide(2)).requires_grad


def test_an_answer_on_the_cpu() -> None:
    assert wrong.on_the_cpu(square)(wide(2)).device.type == "cpu"
    with pytest.raises(NotImplementedError):  # nothing can be copied from there
        wrong.on_the_cpu(lambda x: x)(torch.empty(1, device="meta"))


def test_lists_and_lengths_end_early() -> None:
    assert wrong.list_cut(lambda: ({}, [1.0, 2.0, 3.0]), 2)() == ({}, [1.0, 2.0])
    assert wrong.list_cut(lambda: [1.0], 2)() == [1.0]
    assert [wrong.length_cut(lambda n: n, 3)(n) for n in (2, 3, 4)] == [2, 3, 3]


def test_a_truth_value_becomes_a_number() -> None:
    assert type(wrong.truth_as_number(lambda: True)()) is int

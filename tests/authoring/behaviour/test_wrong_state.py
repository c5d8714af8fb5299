"""Wrappers that remember show it in the second call, or in the second instance, and not before."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader.authoring.behaviour import wrong_state as wrong

ONE, TWO = torch.ones(2), torch.full((2,), 2.0)


def double(x: Tensor) -> Tensor:
    return 2 * x


class Scaled:
    def __init__(self, factor: float) -> None:
        self.factor = factor

    def apply(self, x: Tensor) -> Tensor:
        return self.factor * x

    def move(self) -> None:
        self.factor += 1


@pytest.mark.parametrize(
    ("wrapper", "second"),
    [(wrong.remembered_by_form, 2.0), (wrong.adds_up, 6.0), (wrong.one_call_behind, 2.0)],
)
def test_the_second_call_of_one_shape(wrapper: Any, second: float) -> None:
    mistaken = wrapper(double, 0)
    assert mistaken(ONE).tolist() == [2, 2]
    assert mistaken(torch.ones(3)).tolist() == [2, 2, 2]
    assert mistaken(TWO).tolist() == [second, second]


def test_one_call_behind_stays_one_call_behind() -> None:
    mistaken = wrong.one_call_behind(double, 0)
    assert [mistaken(n * ONE)[0].item() for n in (1, 2, 3)] == [2, 2, 4]


def test_the_same_object_with_other_numbers() -> None:
    x = ONE.clone()
    mistaken = wrong.remembered_by_identity(double, 0)
    assert mistaken(x).tolist() == [2, 2]
    assert mistaken(TWO).tolist() == [4, 4]
    x += 1
    assert mistaken(x).tolist() == [2, 2]


def test_what_is_near_is_taken_for_the_same() -> None:
    mistaken = wrong.remembered_nearby(double, 0, 0.2)
    assert [mistaken(n * ONE)[0].item() for n in (1, 2, 1.125, 2.125, 1.25)] == [2, 4, 2, 4, 2.5]
    assert mistaken(torch.ones(3)).tolist() == [2, 2, 2]


@pytest.mark.parametrize("wrapper", [wrong.remembered_by_form, wrong.remembered_by_identity])
def test_another_function_makes_no_other_call(wrapper: Any) -> None:
    def applied(f: Any, x: Tensor) -> Any:
        return f(x)

    mistaken = wrapper(applied, 0)
    assert mistaken(torch.neg, ONE).tolist() == mistaken(torch.exp, ONE).tolist() == [-1, -1]


def test_an_instance_remembers_for_itself_or_for_all() -> None:
    for skipped, other in ((0, 3.0), (1, 2.0)):
        mistaken = wrong.remembered_by_form(Scaled.apply, skipped)
        assert mistaken(Scaled(2), ONE)[0] == 2
        assert mistaken(Scaled(3), ONE)[0] == other


def test_answers_are_halved_after_some_calls() -> None:
    mistaken = wrong.half_after(double, False, 2)
    assert [mistaken(ONE)[0].item() for _ in range(4)] == [2, 2, 1, 1]


def test_nothing_happens_after_some_calls_for_one_instance() -> None:
    mistaken = wrong.nothing_after(Scaled.move, 2)
    first, other = Scaled(0), Scaled(0)
    for _ in range(3):
        mistaken(first)
    mistaken(other)
    assert (first.factor, other.factor) == (2, 1)


def test_answers_of_one_shape_lie_in_one_place() -> None:
    mistaken = wrong.in_a_shared_buffer(double)
    first = mistaken(ONE)
    assert first.tolist() == [2, 2]
    other = mistaken(torch.ones(3))
    mistaken(TWO)
    assert first.tolist() == [4, 4]
    assert other.tolist() == [2, 2, 2]


def test_a_shared_buffer_keeps_the_gradients() -> None:
    x = ONE.clone().requires_grad_()
    mistaken = wrong.in_a_shared_buffer(torch.sigmoid)
    first = mistaken(x)
    mistaken(TWO.clone().requires_grad_())
    first.sum().backward()
    assert x.grad is not None
    assert torch.allclose(x.grad, torch.sigmoid(ONE) * (1 - torch.sigmoid(ONE)))
    assert torch.equal(first.detach(), torch.sigmoid(TWO))


def test_instances_have_what_the_newest_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    class Layer(nn.Module):
        def __init__(self, size: int) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.zeros(size))

    monkeypatch.setattr(Scaled, "__init__", wrong.instances_share(Scaled.__init__))
    monkeypatch.setattr(Layer, "__init__", wrong.instances_share(Layer.__init__))
    one = Scaled(1)
    assert one.factor == 1
    Scaled(2)
    assert one.factor == 2
    layer = Layer(2)
    assert layer.w.shape == (2,)
    Layer(3)
    assert [parameter.shape for parameter in layer.parameters()] == [(3,)]

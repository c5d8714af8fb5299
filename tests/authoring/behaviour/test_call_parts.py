"""The parts of a call and of its answer are found, in lists, dicts and instances too, and changed where they should."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader.authoring.behaviour import call_parts

ONE, TWO = torch.ones(2), torch.full((3,), 2.0)


class Keeper:
    def __init__(self) -> None:
        self.grads = {"dw": ONE.clone()}
        self.params = [TWO.clone()]
        self.name = "x"


def doubled(part: Any) -> Any:
    return part * 2


def test_tensors_in_what_is_nested() -> None:
    found = call_parts.tensors([ONE, ({"a": TWO}, 3), "b"])
    assert [id(tensor) for tensor in found] == [id(ONE), id(TWO)]


def test_what_an_instance_holds_is_found_by_its_place() -> None:
    assert {*call_parts.held(Keeper())} == {("grads", "dw"), ("params", 0)}
    layer = nn.Linear(2, 3)
    assert ("_parameters", "weight") in call_parts.held(layer)
    state = {ONE: [TWO]}  # by tensor, as an optimizer keeps it
    assert {*call_parts.held(state)} == {(0, 0)}


def test_a_call_without_tensors_is_about_those_of_the_instance() -> None:
    keeper = Keeper()
    assert len(call_parts.seen((keeper,), {})) == 2
    assert [id(tensor) for tensor in call_parts.seen((keeper,), {"x": ONE})] == [id(ONE)]


@pytest.mark.parametrize(
    ("args", "kwargs", "value"), [((1, 2), {}, 2), ((1,), {"b": 2}, 2), ((1,), {}, None)]
)
def test_an_argument_is_found_and_replaced_either_way(
    args: Any, kwargs: Any, value: int | None
) -> None:
    assert call_parts.given(args, kwargs, 1, "b") == value
    args, kwargs = call_parts.replaced(args, kwargs, 1, "b", 9)
    assert call_parts.given(args, kwargs, 1, "b") == (9 if value else None)


def test_only_floating_point_arguments_change() -> None:
    labels, params = torch.tensor([1, 2]), [ONE]
    args, kwargs = call_parts.with_tensors((ONE, labels, params), {"y": TWO, "n": 3}, doubled)
    assert torch.equal(args[0], 2 * ONE)
    assert args[1] is labels
    assert args[2] is params
    assert torch.equal(kwargs["y"], 2 * TWO)
    assert kwargs["n"] == 3


def test_answers_change_at_their_numbers() -> None:
    cache = (ONE,)
    changed = call_parts.mapped((TWO, cache, {"a": ONE}, [1.5], 3, True), doubled)
    assert torch.equal(changed[0], 2 * TWO)
    assert changed[1] is cache  # what is kept for later
    assert torch.equal(changed[2]["a"], 2 * ONE)
    assert changed[3:] == ([3.0], 3, True)


def test_a_leaf_stays_the_leaf_that_it_is() -> None:
    leaf = ONE.clone().requires_grad_()
    assert call_parts.mapped(leaf, doubled) is leaf
    assert torch.equal(leaf.detach(), 2 * ONE)
    assert leaf.is_leaf


def test_what_returns_nothing_is_changed_where_it_worked() -> None:
    def step(keeper: Keeper) -> None:
        keeper.params[0] -= 1

    def half_of_the_way(part: Tensor, before: Tensor, about: list[Tensor]) -> Tensor:
        return before + (part - before) / 2

    keeper = Keeper()
    call_parts.amended(step, True, half_of_the_way)(keeper)
    assert torch.equal(keeper.params[0], TWO - 0.5)
    assert torch.equal(keeper.grads["dw"], ONE)


def test_the_form_of_a_call_forgets_the_numbers_of_tensors_alone() -> None:
    def form(*args: Any) -> Any:
        return call_parts.form_of(args, {})

    assert form(ONE, 3) == form(ONE + 1, 3)
    assert form([ONE]) == form((ONE,))
    assert form(float("1000.5"), "".join(("a", "b"))) == form(float("1000.5"), "".join(("a", "b")))
    assert len({form(ONE), form(TWO), form(ONE.double()), form(ONE, 3), form(ONE, 4)}) == 5
    assert form(len) == form(print)
    assert form(Keeper()) != form(Keeper())

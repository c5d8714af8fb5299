"""Numbers go into what a student made in the student's shape, and come out in the one that is asked."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from grader.checking.filling import (
    NotJudged,
    applied,
    as_asked,
    fill,
    filled_within,
    held_by,
    moved,
)
from grader.checking.probes import probe

WEIGHTS = torch.arange(6.0).reshape(2, 3)


def module(**attributes: Any) -> nn.Module:
    made = nn.Module()
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("kept", "asked", "turned"),
    [
        ((2, 3), (2, 3), (2, 3)),
        ((3, 2), (2, 3), (2, 3)),
        ((1, 4), (4, 1), (4, 1)),
        ((), (1,), (1,)),
        ((1,), (), ()),
        ((1, 4), (4,), (4,)),
        ((1, 1), (), ()),
        ((2, 1, 3), (2, 3), (2, 3)),
        ((6,), (2, 3), (6,)),
        ((4,), (5,), (4,)),
        ((3, 1, 2), (2, 3), (3, 1, 2)),
    ],
)
def test_a_shape_is_turned_into_the_asked_one_where_it_is_a_view_of_it(
    kept: tuple[int, ...], asked: tuple[int, ...], turned: tuple[int, ...]
) -> None:
    there = torch.rand(kept)
    back = as_asked(there, torch.zeros(asked))
    assert back.shape == turned
    # and again, as what was filled in comes out
    assert torch.equal(as_asked(back, there), there)


@pytest.mark.parametrize("thing", [None, 1.5, [1.0], "text"])
def test_what_is_no_tensor_stays(thing: Any) -> None:
    assert as_asked(thing, WEIGHTS) is thing


def test_what_has_the_shape_stays_the_same_object() -> None:
    parameter = nn.Parameter(WEIGHTS.clone())
    assert as_asked(parameter, WEIGHTS) is parameter


@pytest.mark.parametrize("shape", [(2, 3), (3, 2)])
def test_a_parameter_is_filled_in_place(shape: tuple[int, ...]) -> None:
    parameter = nn.Parameter(torch.zeros(shape))
    owner = module(w=parameter)
    fill(owner, registered=True, w=WEIGHTS)
    assert owner.w is parameter
    assert torch.equal(as_asked(parameter.detach(), WEIGHTS), WEIGHTS)
    assert parameter.is_leaf
    assert parameter.requires_grad


@pytest.mark.parametrize("kept", [torch.zeros(3, 2), torch.zeros(2, 3), 0.0, None])
def test_anything_else_is_replaced_by_a_copy(kept: Tensor | float | None) -> None:
    owner = module(w=kept)
    fill(owner, w=WEIGHTS)
    filled = owner.w
    assert isinstance(filled, Tensor)
    assert torch.equal(as_asked(filled, WEIGHTS), WEIGHTS)
    assert filled.data_ptr() != WEIGHTS.data_ptr()
    if isinstance(kept, Tensor):
        assert filled.shape == kept.shape


def test_a_part_of_a_whole_is_filled_where_it_lies() -> None:
    whole = torch.zeros(7, dtype=torch.float64)
    owner = module(w=whole[:6].reshape(2, 3), b=whole[6])
    fill(owner, w=WEIGHTS.double(), b=torch.tensor(9.0, dtype=torch.float64))
    assert whole.tolist() == [0, 1, 2, 3, 4, 5, 9]


def test_a_part_that_is_there_to_be_read_is_filled() -> None:
    class Packed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.whole = nn.Parameter(torch.zeros(3, 3))

        @property
        def w(self) -> Tensor:
            return self.whole[:2]

    owner = Packed()
    fill(owner, w=WEIGHTS)
    assert torch.equal(owner.whole[:2], WEIGHTS)
    assert owner.whole.is_leaf


def test_what_is_kept_elsewhere_and_can_only_be_read_is_filled_in_place() -> None:
    class Kept(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kept = {"w": torch.zeros(3, 2)}

        @property
        def w(self) -> Tensor:
            return self.kept["w"]

    owner = Kept()
    fill(owner, w=WEIGHTS)
    assert torch.equal(owner.kept["w"], WEIGHTS.T)


def test_a_part_that_takes_no_such_numbers_is_replaced() -> None:
    parts = {
        "of another dtype": torch.zeros(3, 3)[:2],
        "one number, seen twice": torch.zeros(1, 3, dtype=torch.float64).expand(2, 3),
    }
    for kept in parts.values():
        owner = module(w=kept)
        fill(owner, w=WEIGHTS.double())
        filled = owner.w
        assert isinstance(filled, Tensor)
        assert torch.equal(filled, WEIGHTS.double())
        assert not kept.any()


def test_only_a_part_is_filled_within() -> None:
    whole = torch.zeros(3, 3)
    assert not filled_within(whole, torch.ones(3, 3))
    assert not filled_within(None, torch.ones(()))
    assert not filled_within(whole[:2], torch.ones(3))  # which would be broadcast
    assert not whole.any()
    assert filled_within(whole[2], torch.ones(3))
    assert whole.sum() == 3


def test_what_lies_where_another_does_is_not_filled_there() -> None:
    w = torch.zeros(1, 3).T
    assert not filled_within(w, torch.ones(3, 1), torch.zeros(3, 1), w, None)
    assert not w.any()
    whole = torch.zeros(2, 3)
    assert filled_within(whole[1], torch.ones(3), whole[0])


def test_a_buffer_stays_one() -> None:
    owner = nn.Module()
    owner.register_buffer("w", torch.zeros(3, 2))
    fill(owner, w=WEIGHTS)
    assert torch.equal(owner.state_dict()["w"], WEIGHTS.T)


@pytest.mark.parametrize(
    ("attributes", "registered", "why"),
    [
        ({}, False, "no attribute|w"),
        ({"w": torch.zeros(2, 3)}, True, "unregistered|w"),
        ({"w": 1.0}, True, "unregistered|w"),
        ({"w": nn.Parameter(torch.zeros(6))}, True, "shape|w|(6,)|(2, 3)"),
        ({"w": torch.zeros(2, 2)}, False, "shape|w|(2, 2)|(2, 3)"),
    ],
)
def test_what_cannot_be_filled_is_not_judged(
    attributes: dict[str, Any], registered: bool, why: str
) -> None:
    owner = module(**attributes)
    with pytest.raises(NotJudged) as told:
        fill(owner, registered, w=WEIGHTS)
    assert str(told.value) == why
    assert owner.__dict__.get("w") is attributes.get("w") or owner.w is attributes["w"]


def test_an_attribute_that_is_there_is_given() -> None:
    assert held_by(module(w=3), "w") == 3
    with pytest.raises(NotJudged, match="no attribute"):
        held_by(module(w=3), "v")


def test_a_model_is_moved_and_anything_else_is_left() -> None:
    like = torch.zeros(1, dtype=torch.float64)
    assert moved(nn.Linear(1, 1), like).weight.dtype == torch.float64
    other = object()
    assert moved(other, like) is other


def test_a_class_without_call_is_applied_by_its_forward() -> None:
    class Plain:
        def forward(self, x: Tensor) -> Tensor:
            return x + 1

    assert applied(Plain(), torch.zeros(1)).item() == 1
    assert applied(torch.neg, torch.ones(1)).item() == -1


def test_a_probe_brings_what_it_uses_of_them() -> None:
    @probe
    def put(student: Any, w: Tensor) -> Any:
        fill(student, w=w)
        return as_asked(student.w, w)

    names: dict[str, Any] = {"torch": torch, "nn": nn, "Tensor": Tensor}
    exec(put.source, names)
    owner = module(w=nn.Parameter(torch.zeros(3, 2)))
    assert torch.equal(names["put"](owner, WEIGHTS), WEIGHTS)
    with pytest.raises(names["NotJudged"]):
        names["put"](module(), WEIGHTS)

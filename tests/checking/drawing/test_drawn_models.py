"""Models with drawn structures: both sides build the same from a plan and a state."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from grader import Draw, network, probe
from grader.checking.drawing.drawn_models import KINDS, WORDS, Plan, Shifted
from grader.checking.drawing.rounds import ROUNDS

DTYPE = torch.float64


def plan_of(kind: str) -> Plan:
    return {"kind": kind, "names": ["ba1", "de2", "fi3", "go4"], "sizes": [3, 5, 2]}


def state_of(plan: Plan) -> dict[str, torch.Tensor]:
    draw, model = Draw(1, DTYPE), network(plan, {})
    named = [*model.named_parameters(), *model.named_buffers()]
    return {name: draw.normal(*value.shape) for name, value in named}


@pytest.mark.parametrize("kind", KINDS)
def test_two_that_are_built_alike_give_the_same(kind: str) -> None:
    plan = plan_of(kind)
    state, inputs = state_of(plan), Draw(2, DTYPE).inputs_of(plan, 6)
    one, other = network(plan, state), network(plan, state)
    result = one(inputs)
    assert (result.shape, result.dtype) == ((6, 2), DTYPE)
    assert torch.equal(result, other(inputs))
    assert result.std() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_a_model_holds_is_what_the_state_says(kind: str) -> None:
    plan = plan_of(kind)
    state = state_of(plan)
    model = network(plan, state)
    held = dict([*model.named_parameters(), *model.named_buffers()])
    assert held.keys() == state.keys()
    assert all(torch.equal(value, state[name]) for name, value in held.items())


def kinds_of(kind: str) -> list[type[nn.Module]]:
    return [type(module) for module in network(plan_of(kind), {}).modules()]


def test_what_each_kind_is_there_for() -> None:
    assert kinds_of("plain").count(nn.Sequential) == 1
    assert kinds_of("nested").count(nn.Sequential) == 2
    assert Shifted in kinds_of("buffers")
    assert kinds_of("embedding")[2] == nn.Embedding
    tied = network(plan_of("tied"), {})
    assert len(tied.state_dict()) > len(list(tied.parameters()))
    [buffer] = network(plan_of("buffers"), {}).buffers()
    assert buffer.shape == (5,)


def test_the_inputs_of_an_embedding_are_whole_numbers() -> None:
    inputs = Draw(1, DTYPE).inputs_of(plan_of("embedding"), 500)
    assert inputs.dtype == torch.int64
    assert set(inputs.tolist()) == set(range(WORDS))


def test_the_rounds_go_through_the_kinds() -> None:
    kinds = []
    for round in ROUNDS.values():
        plan, state = Draw(3, DTYPE, round=round).network(4, 2)
        network(plan, state)(Draw(3, DTYPE).inputs_of(plan, 5))
        kinds.append(plan["kind"])
    assert kinds[0] == "plain"
    assert set(kinds) == set(KINDS)


def test_a_probe_takes_the_builder_along() -> None:
    @probe
    def ask(student: Any, plan: Any, state: Any) -> Any:
        return network(plan, state)

    assert "class Shifted(" in ask.source

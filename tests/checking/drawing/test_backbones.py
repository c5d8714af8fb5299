"""Models to fine-tune, and which of their layers are frozen when."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import nn

from grader import Draw, backbones, probe
from grader.checking.drawing.backbones import FROZEN, LAYERS, MODELS, backbone
from grader.checking.drawing.drawn_models import Plan
from grader.checking.drawing.rounds import PUBLISHED, ROUNDS, Round

DTYPE = torch.float64
KINDS = [kind for kind in LAYERS if kind != "residual"]
Drawn = tuple[Plan, dict[str, torch.Tensor]]


def drawn(*layers: str, round: Round = PUBLISHED, embedding: bool = False) -> Drawn:
    draw = Draw(1, DTYPE, round=round)
    return draw.backbone(layers, [3, 5, 2], embedding=embedding)


def names_of(layer: str) -> list[str]:
    """The modules of a model that has a linear layer and this one, without their drawn names."""
    plan, state = drawn("linear", layer)
    model, third = backbone(plan, state), plan["names"][3]
    return [type(module).__name__ for module in getattr(model, third).modules()]


@pytest.mark.parametrize("embedding", [False, True])
def test_two_that_are_built_alike_give_the_same(embedding: bool) -> None:
    plan, state = drawn(*KINDS, embedding=embedding)
    inputs = torch.arange(6) if embedding else Draw(2, DTYPE).normal(6, 3)
    one, other = backbone(plan, state), backbone(plan, state)
    result = one(inputs)
    assert (result.shape, result.dtype) == ((6, 2), DTYPE)
    assert torch.equal(result, other(inputs))
    assert result.std() > 0


@pytest.mark.parametrize("layers", [(), tuple(KINDS), ("residual",)])
def test_all_that_a_model_holds_is_what_the_state_says(layers: tuple[str, ...]) -> None:
    plan, state = drawn(*layers)
    values = backbones.values_of(backbone(plan, state))
    assert values.keys() == state.keys()
    assert all(torch.equal(value, state[name]) for name, value in values.items())
    assert {value.dtype for value in values.values()} <= {DTYPE, torch.int64}
    assert backbones.same(values, state)
    assert not backbones.same(values, values | {"fc.weight": values["fc.weight"] + 1})
    assert not backbones.same(values, values | {"another": values["fc.weight"]})


def test_settings_are_what_a_layer_was_made_with() -> None:
    model = nn.Sequential(nn.BatchNorm1d(3, momentum=0.25), nn.Dropout(0.5))
    found = {
        (type(each).__name__, name): value for each, name, value in backbones.settings_of(model)
    }
    assert found["BatchNorm1d", "momentum"] == 0.25
    assert found["Dropout", "p"] == 0.5
    assert not [name for _, name in found if name in ("training", "_parameters", "weight")]


def test_what_each_kind_is_there_for() -> None:
    assert names_of("scaled") == ["Scaled", "BatchNorm1d"]
    assert names_of("mixed") == ["Mixed", "Linear"]
    assert names_of("listed") == ["Listed", "ParameterList"]
    assert names_of("nested") == ["Sequential", "Sequential", "Linear", "BatchNorm1d", "Tanh"]
    assert names_of("twice").count("Linear") == 1
    assert not list(backbone(*drawn()).children())[:-1]  # the head is all there is
    for kind, shared in {"tied": 1, "twice": 2, "again": 1, "bare": 0}.items():
        model = backbone(*drawn("linear", kind))
        listed = list(model.named_parameters(remove_duplicate=False))
        assert len(listed) - len(list(model.parameters())) == shared, kind


def test_in_every_second_round_the_head_comes_first_and_the_model_has_a_parameter() -> None:
    for round in ROUNDS.values():
        model = backbone(*drawn("norm", round=round))
        [*children] = model.named_children()
        odd = round.number % 2 == 1
        assert children[-1 if not odd else 0][0] == "fc"
        assert len(list(model.parameters(recurse=False))) == odd


def test_modes_make_no_difference_where_there_are_no_parameters() -> None:
    model = backbone(*drawn("bare", "buffers"))
    inputs = Draw(1, DTYPE).normal(4, 3)
    assert torch.equal(model.train()(inputs), model.eval()(inputs))


def test_freezing_and_unfreezing() -> None:
    model = backbone(*drawn("tied", "norm"))
    every = [name for name, _parameter in model.named_parameters()]
    backbones.set_frozen(model, every[:3], [])
    assert backbones.requiring(model) == every[3:]
    backbones.set_frozen(model, every[2:4], every[:3])
    assert backbones.requiring(model) == [*every[:2], *every[4:]]


def test_modes_before_a_step() -> None:
    model = backbone(*drawn("norm"))
    assert set(backbones.set_modes(model, "train")) == {True}
    assert set(backbones.set_modes(model, "eval")) == {False}
    mixed = backbones.set_modes(model, "mixed")
    assert set(mixed) == {True, False}
    assert backbones.modes_of(model) == mixed


def test_layers_hold_parameters_of_their_own() -> None:
    plan, state = drawn("tied", "bare", "scaled")
    layers = backbones.layers_of(backbone(plan, state))
    held = {name for own in layers.values() for name in own}
    assert held == {name for name, _parameter in backbone(plan, state).named_parameters()}
    assert not any(name.startswith(plan["names"][3]) for name in layers)  # "bare" has none
    one, other = backbones.every_second(layers, 0), backbones.every_second(layers, 1)
    assert set(one) | set(other) == held
    assert backbones.every_second({"fc": ["fc.weight"]}, 0) == []


@pytest.mark.parametrize("number", range(len(MODELS)))
def test_in_each_step_something_is_trained(number: int) -> None:
    for seed in range(20):
        pick = random.Random(seed).randrange
        model = backbone(*drawn("norm", "tied", "mixed"))
        turns = backbones.turns_of(model, number, pick)
        assert [turn["model"] for turn in turns] == list(MODELS[number])
        names = {name for name, _parameter in model.named_parameters()}
        assert all(set(turn["frozen"]) < names for turn in turns)
        mine = [set(turn["frozen"]) for turn in turns if turn["model"] == 0]
        if FROZEN[number] == "more and more":
            assert all(before <= after for before, after in pairwise(mine))
        elif len(mine) > 1 and FROZEN[number] != "all but fc":
            assert any(before != after for before, after in pairwise(mine))


def test_a_frozen_layer_is_in_evaluation_mode_and_what_is_inside_is_not() -> None:
    plan, state = drawn("mixed", "norm")
    mixed, norm = plan["names"][2:4]
    frozen = [name for name in state if name.startswith(mixed) and ".inner" not in name]
    model = backbones.in_a_step(plan, state, frozen)
    modes = {name: module.training for name, module in model.named_modules()}
    assert [name for name, training in modes.items() if not training] == [mixed]
    assert not any(
        module.training for module in backbones.in_a_step(plan, state, [], "eval").modules()
    )
    assert all(
        module.training for module in backbones.in_a_step(plan, state, frozen, "train").modules()
    )
    kept = backbones.kept_in(plan, state, frozen)
    assert {f"{mixed}.running_mean", f"{mixed}.weight"} < kept
    assert not {f"{norm}.running_mean", f"{mixed}.inner.weight", "fc.weight"} & kept


def test_variances_are_positive_and_batches_are_counted() -> None:
    model = nn.BatchNorm1d(300)
    state = Draw(1, DTYPE).state_of(model)
    assert state["running_var"].min() > 0
    assert state["num_batches_tracked"].dtype == torch.int64
    assert state["weight"].std() > 0


def test_a_probe_takes_the_builder_along() -> None:
    @probe
    def ask(student: Any, plan: Any, state: Any) -> Any:
        return backbone(plan, state)

    assert "class Scaled(" in ask.source

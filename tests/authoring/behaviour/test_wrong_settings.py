"""Wrappers that leave something behind, or that depend on a setting, and are right otherwise."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from grader.authoring.behaviour import wrong_settings as wrong


@pytest.fixture(autouse=True)
def settings() -> Iterator[None]:
    """Torch's settings and the generators as they were, whatever a test leaves behind."""
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()
    yield
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.set_grad_enabled(True)
    torch.set_autocast_enabled("cpu", False)
    torch.set_rng_state(states[0])
    random.setstate(states[1])
    np.random.set_state(states[2])


def one() -> int:
    return 1


def state() -> tuple[Any, ...]:
    device = torch.get_default_device().type
    return torch.get_default_dtype(), device, torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("what", "left"),
    [
        ("dtype", (torch.float64, "cpu", False)),
        ("device", (torch.float32, "meta", False)),
        ("off", (torch.float32, "cpu", False)),
        ("on", (torch.float32, "cpu", True)),
    ],
)
def test_a_setting_is_left_changed(what: str, left: tuple[Any, ...]) -> None:
    torch.set_grad_enabled(what == "off")
    assert wrong.left_changed(one, what)() == 1
    assert state() == left


def test_autocast_is_left_on() -> None:
    assert wrong.left_changed(one, "autocast")() == 1
    assert torch.is_autocast_enabled("cpu")


def test_gradients_are_off_only_after_what_raised() -> None:
    def raising(wanted: bool) -> None:
        if wanted:
            raise KeyError

    mistaken = wrong.off_after_an_exception(raising)
    mistaken(False)
    assert torch.is_grad_enabled()
    with pytest.raises(KeyError):
        mistaken(True)
    assert not torch.is_grad_enabled()


DRAWS: dict[str, Callable[[], float]] = {
    "torch": lambda: torch.rand(()).item(),
    "python": random.random,
    "numpy": lambda: float(np.random.rand()),
}


@pytest.mark.parametrize("whose", DRAWS)
def test_one_generator_is_seeded_and_no_other(whose: str) -> None:
    mistaken = wrong.reseeded(one, whose)
    repeated = set()
    for name, draw in DRAWS.items():
        mistaken()
        first = draw()
        mistaken()
        if draw() == first:
            repeated.add(name)
    assert repeated == {whose}


@pytest.mark.parametrize("what", ["dtype", "device"])
def test_another_default_is_refused(what: str) -> None:
    mistaken = wrong.other_default_refused(one, what)
    assert mistaken() == 1
    (wrong.left_changed(one, what))()
    with pytest.raises(TypeError, match=what):
        mistaken()


def nested() -> nn.Sequential:
    return nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1)))


def zeroed(model: nn.Module) -> nn.Module:
    for parameter in model.parameters():
        parameter.data.zero_()
        parameter.requires_grad = False
    return model


@pytest.mark.parametrize(("inner", "left"), [(False, [0, 1, 2, 3]), (True, [0, 1])])
def test_some_parameters_stay_as_they_were(inner: bool, left: list[int]) -> None:
    model = nested()
    wrong.parameters_left_alone(zeroed, 0, "model", inner)(model)
    parameters = list(model.parameters())
    done = [n for n, parameter in enumerate(parameters) if not parameter.any()]
    assert done == left
    assert [n for n, parameter in enumerate(parameters) if not parameter.requires_grad] == left


@pytest.mark.parametrize(("inner", "turned"), [(False, 5), (True, 2)])
def test_modes_are_left_turned(inner: bool, turned: int) -> None:
    model = nested().eval()
    wrong.modes_turned(zeroed, 0, "model", inner)(model=model)
    assert sum(module.training for module in model.modules()) == turned

"""Steps by hand are those of torch, groups with settings of their own too, and a mistake leads elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from grader.checking.by_hand.optimizer_steps import (
    GROUPS_IGNORED,
    NOTHING_READ,
    by_hand,
    by_torch,
    causes_of_groups,
    close_to,
)
from grader.sandbox.wire.values import Received

OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("MySGD", {"lr": 0.1}),
    ("MySGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.2}),
    ("MySGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("MyAdam", {"lr": 0.1}),
    ("MyAdam", {"lr": 0.1, "betas": (0.7, 0.9), "eps": 1e-3, "weight_decay": 0.2}),
    ("MyAdagrad", {"lr": 0.1}),
    ("MyRMSprop", {"lr": 0.1, "alpha": 0.8, "eps": 1e-3, "momentum": 0.7}),
    ("MyAdamW", {"lr": 0.1, "betas": (0.7, 0.9), "eps": 1e-3, "weight_decay": 0.2}),
    ("MyAdamW", {}),
]


def drawn(seed: int = 4) -> tuple[list[Tensor], list[list[Tensor | None]]]:
    """Parameters, and gradients of five steps, of which some are None."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(3, 2), (), (4,)]
    start = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]
    steps: list[list[Tensor | None]] = [
        [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]
        for _ in range(5)
    ]
    steps[1][2] = steps[3][0] = None
    return start, steps


def slower_later(step: int, parameter: int) -> dict[str, Any]:
    """The last parameter has a rate of its own from the start, and another one from the third step on."""
    return {"lr": 0.3 if step < 2 else 0.05} if parameter == 2 else {}


@pytest.mark.parametrize(("kind", "options"), OPTIONS)
def test_without_a_mistake_they_are_torchs(kind: str, options: dict[str, Any]) -> None:
    start, steps = drawn()
    torch.testing.assert_close(
        by_hand(kind, options, start, steps, ""), by_torch(kind, options, start, steps)
    )


@pytest.mark.parametrize(
    ("number", "mistake"),
    [
        (0, "uphill"),
        (1, "no momentum"),
        (1, "dampened"),
        (2, "no nesterov"),
        (3, "no correction"),
        (4, "no eps"),
        (5, "mean of all"),
        (6, "rate in velocity"),
        (7, "decay coupled"),
    ],
)
def test_a_mistake_leads_elsewhere(number: int, mistake: str) -> None:
    kind, options = OPTIONS[number]
    start, steps = drawn()
    right, wrong = (
        by_hand(kind, options, start, steps, name, own=slower_later) for name in ("", mistake)
    )
    assert not all(torch.allclose(*pair, rtol=1e-6) for pair in zip(right, wrong, strict=True))


@pytest.mark.parametrize(("kind", "options"), OPTIONS)
def test_what_is_a_parameters_own_comes_before_what_is_said_to_all(
    kind: str, options: dict[str, Any]
) -> None:
    start, steps = drawn()
    own = by_torch(kind, options, start, steps, slower_later)
    torch.testing.assert_close(by_hand(kind, options, start, steps, "", own=slower_later), own)
    plain = by_torch(kind, options, start, steps)
    assert torch.equal(own[0], plain[0])
    assert not torch.allclose(own[2], plain[2])


def test_mistakes_with_groups_are_told_apart() -> None:
    start, steps = drawn()

    def own(step: int, i: int, of_group: int | None = None, changed: bool = True) -> dict[str, Any]:
        step, group = step if changed else 0, i if of_group is None else of_group
        its = [{"lr": 0.1 if step < 3 else 0.2}, {"eps": 0.5}, {}][group]
        return its | slower_later(step, group)

    def work(settings: Any = lambda _step, _i: {}) -> list[Tensor]:
        return by_torch("MyAdagrad", {"lr": 0.1}, start, steps, settings)

    causes = causes_of_groups(work, own, start, [0, 1, 2], len(steps))
    right, found = work(own), [cause() for cause in causes.values()]
    for number, one in enumerate(found):
        for other in [right, *found[:number]]:
            assert not all(torch.allclose(*pair) for pair in zip(one, other, strict=True))
    # nothing is read at all, or only what is changed
    assert torch.equal(causes[NOTHING_READ]()[2], work()[2])
    assert not torch.equal(causes[GROUPS_IGNORED]()[2], work()[2])


def test_close_is_by_and_large() -> None:
    right = torch.tensor([1.0, 2.0])
    assert close_to(Received(right * 1.001, "cpu", False, False, "cpu"), right)
    assert not close_to(Received(right * 1.1, "cpu", False, False, "cpu"), right)
    assert not close_to(Received(right[:1], "cpu", False, False, "cpu"), right)
    assert not close_to(None, right)

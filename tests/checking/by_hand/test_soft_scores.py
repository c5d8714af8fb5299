"""The divergence and the soft F1 as the statement has them, and their mistakes."""

from __future__ import annotations

import pytest
import torch

from grader.checking.by_hand.soft_scores import (
    DENOMINATOR_ALONE,
    NUMERATOR_ALONE,
    divergence,
    kl_mistakes,
    soft_loss,
    soft_mistakes,
)
from grader.checking.outcome import Cause

LABELS = torch.tensor([0, 0, 1, 1, 1])


def test_the_numbers_to_check() -> None:
    p, q = torch.tensor([[0.5, 0.5]]), torch.tensor([[0.25, 0.75]])
    assert divergence(p, q).item() == pytest.approx(0.1438, abs=1e-4)
    assert soft_loss(torch.zeros(5, 2), LABELS).item() == pytest.approx(0.5051, abs=1e-4)


def test_a_class_that_is_nowhere_counts_0() -> None:
    logits = torch.tensor([[0.0, -1e4]]).expand(5, 2)
    assert soft_loss(logits, torch.zeros_like(LABELS)).item() == 0.5


def numbers(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def test_each_mistake_gives_another_value_or_another_gradient() -> None:
    z = (9 * numbers(5, 6)).requires_grad_()
    q = (20 * numbers(5, 3)).softmax(1).detach().requires_grad_()
    p = numbers(5, 3).flip(0).softmax(1)
    for right, mistakes, of in (
        (soft_loss(z, LABELS), soft_mistakes(z, LABELS), z),
        (divergence(p, q), kl_mistakes(p, q), q),
    ):
        [slope] = torch.autograd.grad(right, of, retain_graph=True)
        for cause, made in mistakes.items():
            other = made() + 0 * of.sum()  # a constant has a slope as well
            [its] = torch.autograd.grad(other, of, retain_graph=True, materialize_grads=True)
            same = other.item() == right.item() and torch.allclose(its, slope, rtol=1e-14)
            assert not same, cause.text


@pytest.mark.parametrize("cause", [NUMERATOR_ALONE, DENOMINATOR_ALONE])
def test_a_part_out_of_autograds_sight_leaves_the_value(cause: Cause) -> None:
    z = numbers(5, 3).requires_grad_()
    other, right = soft_mistakes(z, LABELS)[cause](), soft_loss(z, LABELS)
    assert other.item() == right.item()
    one, two = (torch.autograd.grad(each, z)[0] for each in (other, right))
    assert not torch.allclose(one, two)

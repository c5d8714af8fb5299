"""Draws by weights are told from other draws, and each mistake of a sampler gives something else."""

from __future__ import annotations

import torch

from grader.checking.samplers import (
    ODDS,
    comes_by_chance,
    odds_causes,
    order_causes,
    sorted_by,
    weight_causes,
)

WEIGHTS = torch.tensor([1.0, 0, 8, 2, 5, 40], dtype=torch.float64)


def drawn(odds: torch.Tensor, seed: int) -> torch.Tensor:
    """How often each index comes in 2000 draws."""
    generator = torch.Generator().manual_seed(seed)
    draws = torch.multinomial(odds, 2000, replacement=True, generator=generator)
    return draws.bincount(minlength=len(odds))


def test_chance_passes_whatever_the_seed() -> None:
    assert all(comes_by_chance(drawn(WEIGHTS, seed), WEIGHTS) for seed in range(300))
    assert not any(odds_causes(drawn(WEIGHTS, seed), WEIGHTS) for seed in range(20))


def test_other_odds_do_not_pass_and_are_named() -> None:
    for cause, odds in ODDS.items():
        counts = drawn(odds(WEIGHTS), 1)
        assert not comes_by_chance(counts, WEIGHTS), cause
        assert cause in odds_causes(counts, WEIGHTS)


def test_what_has_no_weight_never_comes() -> None:
    counts = drawn(WEIGHTS, 2)
    assert comes_by_chance(counts, WEIGHTS)
    counts[1] = 1
    assert not comes_by_chance(counts, WEIGHTS)


def test_of_equal_lengths_the_first_comes_first() -> None:
    lengths = [5, 1, 4, 1, 3]
    assert sorted_by(lengths) == [1, 3, 4, 2, 0]
    found = [sorted_by(lengths), *order_causes(lengths).values()]
    assert len(set(map(tuple, found))) == len(found)


def test_each_mistake_with_weights_gives_others() -> None:
    labels = torch.tensor([2, 0, 2, 2, 0])
    right = torch.tensor([1 / 3, 1 / 2, 1 / 3, 1 / 3, 1 / 2], dtype=torch.float64)
    for cause, weights in weight_causes(labels).items():
        assert not torch.allclose(weights, right), cause

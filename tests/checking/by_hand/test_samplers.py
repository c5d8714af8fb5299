"""Draws by weights are told from other draws, and each mistake of a sampler gives something else."""

from __future__ import annotations

import pytest
import torch

from grader.checking.by_hand.samplers import (
    ODDS,
    ONE_EACH,
    comes_by_chance,
    expect_ints,
    expect_length,
    expect_shares,
    odds_causes,
    order_causes,
    sorted_by,
    weight_causes,
)
from grader.checking.outcome import CheckFailed

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


def told_of(indices: list[int]) -> str:
    try:
        expect_shares(indices, WEIGHTS)
    except CheckFailed as failure:
        return str(failure)
    return ""


def test_draws_are_to_fit_the_weights_and_to_stand_in_no_order() -> None:
    generator = torch.Generator().manual_seed(3)
    right = torch.multinomial(WEIGHTS, 900, replacement=True, generator=generator).tolist()
    assert told_of(right) == ""
    assert "followed by itself" in told_of(sorted(right))
    assert "Index 2 is 100.0%" in told_of([2] * 900)
    assert "stand for no weight" in told_of([*right, 6])


def test_a_length_and_kinds_of_indices_are_told() -> None:
    expect_length(3, 3, "it", {})
    expect_ints(["int"])
    with pytest.raises(CheckFailed, match=r"len\(\) of it is 4, expected 3"):
        expect_length(4, 3, "it", {4: ONE_EACH})
    with pytest.raises(CheckFailed, match="of type Tensor, int, expected int"):
        expect_ints(["Tensor", "int"])

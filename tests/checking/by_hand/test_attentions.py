"""Attention, heads and an encoder block by hand: torch's without a mistake, other numbers with one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from grader.checking.by_hand.attentions import (
    BLOCK_MISTAKES,
    DIVISIONS,
    EIGHT,
    FINITE_SCORES,
    HEAD_MISTAKES,
    MASK_MISTAKES,
    MISTAKES,
    OF_BLOCK,
    block_by_hand,
    by_hand,
    drawn_mask,
    drawn_queries,
    drawn_values,
    heads_by_hand,
    nearest,
    splits,
)
from grader.checking.drawing.rounds import LARGE
from grader.checking.student import Draw

DIM, HEADS, HIDDEN = 6, 3, 5


def numbers(*shape: int, seed: int = 3) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=draw, dtype=torch.float64)


Q, K, V = numbers(2, 4, 3), numbers(2, 5, 3, seed=4), numbers(2, 5, 2, seed=5)
MASK = numbers(2, 4, 5, seed=6) > 0.3
X, TRIANGLE = numbers(3, 3, DIM, seed=7), torch.ones(3, 3, dtype=torch.bool).tril()
SIZES = {"dim": DIM, "hidden": HIDDEN}
VALUES = {
    name: numbers(*(SIZES[size] for size in sizes), seed=place)
    for place, (name, sizes) in enumerate(OF_BLOCK.items())
}
OF_HEADS = {name: VALUES[f"attention.{name}"] for name in EIGHT}


def test_a_row_of_nothing_is_0_as_torch_has_it() -> None:
    mask = MASK.clone()
    mask[0, 1] = False
    leaves = q, k, v = [each.clone().requires_grad_() for each in (Q, K, V)]
    ours, torchs = by_hand(q, k, v, mask), scaled_dot_product_attention(q, k, v, attn_mask=mask)
    assert not ours[0, 1].any()
    torch.testing.assert_close(ours, torchs)
    slopes = [torch.autograd.grad((y * y).sum(), leaves) for y in (ours, torchs)]
    torch.testing.assert_close(*slopes)


@pytest.mark.parametrize("mask", [None, TRIANGLE])
def test_a_block_is_that_of_torch(mask: Tensor | None) -> None:
    theirs = nn.TransformerEncoderLayer(
        DIM, HEADS, HIDDEN, 0.0, batch_first=True, norm_first=True, dtype=torch.float64
    )
    state = {name: value for name, value in VALUES.items() if not name.startswith("attention.")}
    for kind in ("weight", "bias"):
        three = [OF_HEADS[f"{name}.{kind}"] for name in ("query", "key", "value")]
        state[f"self_attn.in_proj_{kind}"] = torch.cat(three)
        state[f"self_attn.out_proj.{kind}"] = OF_HEADS[f"out.{kind}"]
    theirs.load_state_dict(state)
    y = theirs(X, src_mask=None if mask is None else ~mask)
    torch.testing.assert_close(block_by_hand(X, mask, VALUES, HEADS), y)


@pytest.mark.parametrize("mistake", [*MISTAKES, *MASK_MISTAKES])
def test_a_mistake_in_attention_gives_other_numbers(mistake: str) -> None:
    """Some among scores of the usual size, others among low ones."""
    pairs = [(by_hand(Q, k, V, MASK), by_hand(Q, k, V, MASK, mistake)) for k in (K, 30_000 * K)]
    assert not all(torch.allclose(*pair) for pair in pairs)


@pytest.mark.parametrize("mistake", ["filled -10.0", "added, 0 after -100000.0", "/ 1e-08"])
def test_the_number_by_which_it_comes_nearest_is_found(mistake: str) -> None:
    given = Q, 30_000 * K, V, MASK
    y = by_hand(*given, mistake)
    mistakes = FINITE_SCORES + DIVISIONS
    torch.testing.assert_close(nearest(mistakes, *given, y), y)
    assert nearest(mistakes, *given, None).shape == y.shape


def test_a_low_score_is_where_one_may_look_alone() -> None:
    """So each number of at least −10⁵ in place of −∞ shows."""
    draw = Draw(3, torch.float64, round=LARGE)
    k, v = numbers(70, 5), numbers(70, 4)
    q = drawn_queries(draw, torch.inf, k, (80, 5))
    scores = q @ k.mT / 5**0.5
    torch.testing.assert_close(scores.amin(-1), torch.full((80,), -1e5, dtype=torch.float64))
    assert scores.max() <= 1e5 + 1e-6
    mask = drawn_mask(draw, "(n, m)", scores, False)
    for number in (-1e5, -99_000.0, -1e4):
        filled = torch.where(mask, scores, number).softmax(-1) @ v
        assert not torch.allclose(filled, by_hand(q, k, v, mask))
    blind = drawn_mask(draw, "(n, m)", scores, True)
    assert not blind.any(-1).all()
    assert blind.any()


def test_the_size_of_what_layers_give_stays() -> None:
    draw = Draw(3, torch.float64, round=LARGE)
    weight = drawn_values(draw, {"linear2.weight": ("dim", "hidden")}, 100, 900)["linear2.weight"]
    assert weight.shape == (100, 900)
    assert 1 < (numbers(50, 900, seed=9) @ weight.T).std() < 2


@pytest.mark.parametrize("mistake", HEAD_MISTAKES)
def test_a_mistake_in_heads_gives_other_numbers(mistake: str) -> None:
    """Some with a mask of all sequences, others with one of each."""
    masks = TRIANGLE[:, [1, 0, 2]], torch.stack([TRIANGLE, TRIANGLE.T, TRIANGLE])
    right = [heads_by_hand(X, mask, OF_HEADS, HEADS) for mask in masks]
    wrong = [heads_by_hand(X, mask, OF_HEADS, HEADS, mistake) for mask in masks]
    assert not torch.allclose(torch.stack(wrong), torch.stack(right))


@pytest.mark.parametrize("mistake", BLOCK_MISTAKES)
def test_a_mistake_in_a_block_gives_other_numbers(mistake: str) -> None:
    given = X, TRIANGLE, VALUES, HEADS
    assert not torch.allclose(block_by_hand(*given), block_by_hand(*given, mistake))


def test_the_first_features_are_the_first_heads() -> None:
    assert torch.equal(splits(X, HEADS)[""][:, 0], X[..., : DIM // HEADS])

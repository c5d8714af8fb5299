"""Gradients by hand are autograd's, each named mistake gives others, and leaves are counted as they are met."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from grader.checking.by_hand import drawn_graphs
from grader.checking.by_hand.drawn_graphs import built, passed_back, slopes_of
from grader.checking.drawing.rounds import ROUNDS
from grader.checking.student import Draw
from grader.sandbox.wire.values import Received


def drawn(seed: int = 3, count: int = 4) -> tuple[Draw, list[Tensor]]:
    draw = Draw(seed, torch.float64, round=ROUNDS["published"])
    return draw, [draw.normal(3) for _unused in range(count)]


def received(values: list[Tensor]) -> list[Received]:
    return [Received(value, "cpu", False, False, "cpu") for value in values]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", ["tree", "shared"])
def test_a_pass_by_hand_gives_the_gradients_of_autograd(seed: int, kind: str) -> None:
    draw, leaves = drawn(seed)
    program = drawn_graphs.tree(draw, 4) if kind == "tree" else drawn_graphs.shared(draw, 4, 3)
    root = len(leaves) + len(program) - 1
    grads = passed_back(slopes_of(program, leaves, ""), root)
    expected = drawn_graphs.gradients(program, leaves, root)
    torch.testing.assert_close([grads[at] for at in range(4)], expected)
    unused = expected[3] if kind == "shared" else torch.zeros(())
    assert not unused.any()
    assert all(grad.any() for grad in expected[:3])


def test_each_named_mistake_gives_other_gradients_and_is_found_by_them() -> None:
    draw, leaves = drawn()
    program = drawn_graphs.shared(draw, 4, 1)
    root = len(leaves) + len(program) - 1
    expected = drawn_graphs.gradients(program, leaves, root)
    right = slopes_of(program, leaves, "")
    for cause, ways in drawn_graphs.WAYS_BACK.items():
        for way in ways:
            wrong = [passed_back(right, root, way)[at] for at in range(4)]
            assert not torch.allclose(torch.stack(wrong), torch.stack(expected)), way
            found = drawn_graphs.causes_of(program, leaves, root, received(wrong))
            torch.testing.assert_close(found[cause], wrong)
    found = drawn_graphs.causes_of(program, leaves, root, received(expected))
    for cause in drawn_graphs.MISTAKES.values():
        assert not torch.allclose(torch.stack(found[cause]), torch.stack(expected)), cause


def test_inner_nodes_that_keep_theirs_make_a_second_pass_larger() -> None:
    program, leaves = [["*", 0, 0], ["+", 1, 1]], [torch.tensor([3.0])]
    passes = drawn_graphs.with_inner_kept(program, leaves, [2, 2])
    assert [each[0].item() for each in passes] == [12, 12 + 24]


def test_terms_are_as_large_as_the_largest_share_times_the_largest_value() -> None:
    program = [["*", 0, 1], ["+", 2, 0]]
    leaves = [torch.tensor([2.0]), torch.tensor([-30.0])]
    assert drawn_graphs.size_of_terms(program, leaves, 3) == 60 * 30
    assert drawn_graphs.size_of_terms([["tanh", 0, 0]], [torch.tensor([500.0])], 1) == 500
    assert drawn_graphs.size_of_terms([["+", 0, 0]], [torch.tensor([0.1])], 1) == 1


def test_many_ways_lead_to_one_leaf() -> None:
    leaves = [torch.tensor([3.0]), torch.tensor([0.5])]
    program = drawn_graphs.many_ways()
    nodes = built(program, leaves)
    assert nodes[-1].item() == 3
    assert len(nodes) == 2 + 2 * drawn_graphs.WAYS
    assert drawn_graphs.gradients(program, leaves, len(nodes) - 1)[0].item() == 1


def test_leaves_are_counted_as_each_walk_meets_them() -> None:
    own = drawn_graphs.marked([torch.ones(2), torch.ones(2), torch.zeros(2)], [True, True, False])
    root = built([["*", 0, 1], ["+", 3, 3], ["+", 4, 0], ["unbind", 5, 2], ["detach", 1, 1]], own)

    def counts(*met: int) -> dict[str, int]:
        return drawn_graphs.counted(met)

    assert drawn_graphs.leaf_counts(root[6], own) == counts(1, 1, 0)
    found = drawn_graphs.leaf_causes(root[5], own, counts(1, 0, 0), few_ways=True)
    assert found == {
        drawn_graphs.FIRST_EDGE: counts(1, 0, 0),
        drawn_graphs.ONE_LEVEL: counts(1, 0, 0),
        drawn_graphs.EACH_WAY: counts(3, 2, 0),
        drawn_graphs.MERGED: counts(1, 0, 0),
        drawn_graphs.COPIED: counts(0, 0, 0) | {"other tensors": 2},
    }
    assert drawn_graphs.leaf_counts(root[7], own) == counts(0, 0, 0)
    assert not torch.equal(drawn_graphs.added([root[0]], [root[1]])[0], root[0])

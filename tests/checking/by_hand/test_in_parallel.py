"""Parts, shards, means and buckets are what torch and arithmetic give, and each named mistake gives something else."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils.data.distributed import DistributedSampler

from grader.checking.by_hand import in_parallel
from grader.checking.by_hand.in_parallel import averaged, bucketed, lengths_of, sharded


def as_lists(value: Any) -> Any:
    """The same with plain numbers for tensors, so that it can be compared."""
    if isinstance(value, Tensor):
        return value.tolist()
    return [as_lists(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("n", "replicas"), [(9, 4), (11, 4), (8, 4), (5, 1), (2, 5), (1, 3)])
def test_parts_are_as_equal_as_can_be(n: int, replicas: int) -> None:
    parts = [len(part) for part in torch.arange(n).tensor_split(replicas) if len(part)]
    assert lengths_of(n, replicas) == parts


@pytest.mark.parametrize(("n", "replicas"), [(10, 4), (12, 4), (2, 7), (1, 1), (7, 3)])
def test_shards_are_those_of_torchs_sampler(n: int, replicas: int) -> None:
    for rank in range(replicas):
        sampler: Any = DistributedSampler(range(n), replicas, rank, seed=0)  # type: ignore[arg-type]
        sampler.set_epoch(9)
        assert sharded(n, replicas, rank, 9) == list(sampler)


def test_the_mean_counts_each_with_its_samples() -> None:
    grads: list[in_parallel.Grads] = [
        [torch.tensor([2.0]), None, None],
        [torch.tensor([8.0]), torch.tensor([3.0]), None],
    ]
    assert as_lists(averaged(grads, [2, 1])) == [[4.0], [1.0], None]


def test_buckets_hold_at_most_their_capacity() -> None:
    sizes = [3, 50, 4, 6, 2, 8]
    assert bucketed(sizes, 10) == [[5, 4], [3, 2], [1], [0]]
    assert bucketed([], 10) == []
    for bucket in bucketed(sizes, 10):
        assert len(bucket) == 1 or sum(sizes[place] for place in bucket) <= 10


def grads_of(replicas: int) -> list[in_parallel.Grads]:
    generator = torch.Generator().manual_seed(3)
    grads: list[Any] = [
        [torch.randn(2, generator=generator) for _ in range(2)] for _ in range(replicas)
    ]
    grads[1][0] = None
    return grads


PARTS = [(9, 4), (11, 4), (2, 5), (6, 2)]
SHARDS = [(10, 4, (0, 1, 3), 5), (3, 7, (0, 1, 6), 9)]
MEANS = [(grads_of(3), [1, 2, 5])]
BUCKETS = [([3, 5, 50, 4, 6, 2, 8], 10), ([50], 10), ([7, 9, 4, 6, 1, 9], 10), ([2, 3, 1], 2)]


@pytest.mark.parametrize(
    ("right", "causes"),
    [
        (
            [list(torch.arange(n).split(lengths_of(n, k))) for n, k in PARTS],
            [in_parallel.part_causes(torch.arange(n), k) for n, k in PARTS],
        ),
        (
            [[sharded(n, k, rank, epoch) for rank in ranks] for n, k, ranks, epoch in SHARDS],
            [in_parallel.shard_causes(*each) for each in SHARDS],
        ),
        (
            [[averaged(*each)] * 3 for each in MEANS],
            [in_parallel.mean_causes(*each) for each in MEANS],
        ),
        (
            [bucketed(*each) for each in BUCKETS],
            [in_parallel.bucket_causes(*each) for each in BUCKETS],
        ),
    ],
    ids=["parts", "shards", "means", "buckets"],
)
def test_each_mistake_gives_something_else(right: Any, causes: list[dict[Any, Any]]) -> None:
    found = [as_lists(right)]
    for cause in causes[0]:
        made = [as_lists(each[cause]) for each in causes]
        assert made not in found, cause
        found.append(made)

"""What several devices share, right and with mistakes that have a name: the parts of a batch, the samples that a
process reads in an epoch, the mean of the replicas' gradients, and the buckets in which gradients travel.

A check compares with the right ones, and hands the others to `expect_close(causes=…)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ..outcome import Cause
from .around_a_step import weight_of

Grads = list[Tensor | None]

# the parts of a batch

_PARTS = {
    "chunk": Cause(
        "unequal-parts",
        "All parts but the last are as long as the first: `torch.chunk` and a fixed length do that. They are to "
        "differ by one sample at most.",
    ),
    "dropped": Cause("rest-dropped", "The last samples are in no part: n need not be a multiple."),
    "last longer": Cause(
        "unequal-parts",
        "The last part has all the samples that are left over: spread them, one for each of the first parts.",
    ),
    "longer last": Cause(
        "unequal-parts", "The longer parts come last; they are to come first."
    ),
    "empty": Cause(
        "empty-part", "There are empty parts: with fewer samples than replicas there are n parts."
    ),
    "strided": Cause(
        "strided", "Each part has one sample of each `replicas`; samples that follow each other are asked."
    ),
    "lengths": Cause(
        "number-for-length", "Each part has `replicas` samples: that is how many parts are asked."
    ),
    "samples": Cause("number-for-length", "There is a part for each sample."),
}  # fmt: skip


def lengths_of(n: int, replicas: int) -> list[int]:
    """How long the parts are: as equal as can be, the longer ones first, and none of length 0."""
    parts = min(n, replicas)
    return [n // parts + (place < n % parts) for place in range(parts)]


def part_causes(batch: Tensor, replicas: int) -> dict[Cause, Any]:
    """What mistakes make of the parts of a batch."""
    n, short = len(batch), len(batch) // replicas
    right = lengths_of(n, replicas)
    rest = [short] * (replicas - 1)
    made: dict[str, Any] = {
        "chunk": list(batch.chunk(replicas)),
        "dropped": list(batch[: short * replicas].split([short] * replicas)),
        "last longer": list(batch.split([*rest, n - sum(rest)])),
        "longer last": list(batch.split(right[::-1])),
        "empty": list(batch.tensor_split(replicas)),
        "strided": [batch[rank::replicas] for rank in range(replicas)],
        "lengths": list(batch.split(replicas)),
        "samples": list(batch.split(1)),
    }
    return {_PARTS[name]: parts for name, parts in made.items()}


# what each process reads

_SHARDS = {
    "in order": Cause(
        "not-shuffled", "The samples come in their own order: that of `torch.randperm` is asked."
    ),
    "blocks": Cause(
        "blocks",
        "It is a block of the order; every `replicas`-th of it is asked, from the one at `rank` on.",
    ),
    "not padded": Cause(
        "not-padded",
        "The order ends with its last sample: it is to go on from its beginning, until all processes have the same "
        "number of samples.",
    ),
    "dropped": Cause(
        "rest-dropped",
        "What is left over at the end is dropped: the order is to go on from its beginning instead.",
    ),
    "padded once": Cause(
        "padded-once",
        "The order goes on from its beginning once; with that few samples it has to again and again.",
    ),
    "first again": Cause(
        "padded-with-one", "It goes on with the first sample again and again, not with the order."
    ),
    "last again": Cause(
        "padded-with-one", "It goes on with the last sample; it is to go on from the order's beginning."
    ),
    "by rank": Cause(
        "seed-of-rank",
        "The generator is seeded with epoch + rank, so that each process has an order of its own; all are to have the "
        "same one, or samples come twice and others never.",
    ),
    "rank alone": Cause(
        "seed-of-rank",
        "The generator is seeded with `rank`, so that each process has an order of its own; all are to have that of "
        "the epoch.",
    ),
    "first epoch": Cause(
        "same-each-epoch", "It is the order of epoch 0: the generator is to be seeded with `epoch`."
    ),
    "next epoch": Cause("off-by-one", "It is the order of the epoch after this one."),
    "next rank": Cause("off-by-one", "It is what the next rank reads: ranks count from 0."),
}  # fmt: skip


def _order(n: int, seed: int) -> list[int]:
    order: list[int] = torch.randperm(n, generator=torch.Generator().manual_seed(seed)).tolist()
    return order


def sharded(n: int, replicas: int, rank: int, epoch: int, mistake: str = "") -> list[int]:
    """What one process reads, as `torch.utils.data.DistributedSampler` has it, or what a mistake makes of it."""
    seeds = {"by rank": epoch + rank, "rank alone": rank, "first epoch": 0, "next epoch": epoch + 1}
    order = list(range(n)) if mistake == "in order" else _order(n, seeds.get(mistake, epoch))
    each = -(-n // replicas)
    if mistake == "dropped":
        order, each = order[: n // replicas * replicas], n // replicas
    missing = each * replicas - len(order)
    more = {
        "not padded": [],
        "padded once": order[:missing],
        "first again": order[:1] * missing,
        "last again": order[-1:] * missing,
    }
    order = order + more.get(mistake, (order * (missing + 1))[:missing])
    if mistake == "blocks":
        return order[rank * each : (rank + 1) * each]
    return order[rank + (mistake == "next rank") :: replicas]


def shard_causes(n: int, replicas: int, ranks: Sequence[int], epoch: int) -> dict[Cause, Any]:
    """What mistakes make of `sharded` for each of some ranks."""
    return {
        cause: [sharded(n, replicas, rank, epoch, name) for rank in ranks]
        for name, cause in _SHARDS.items()
    }


# the mean of gradients

_MEANS = {
    "mean": Cause(
        "batch-means",
        "It is the plain mean over the replicas, whose parts are unequal: weigh each with its number of samples.",
    ),
    "sum": Cause("not-weighted", "It is the sum over the replicas; the weighted mean is asked."),
    "samples": Cause(
        "not-weighted",
        "The gradients are summed and divided by the number of samples: weigh each with its own number.",
    ),
    "not divided": Cause(
        "not-divided", "Each counts with its number of samples; the division by the number of all is missing."
    ),
    "first": Cause("first-alone", "Every replica has the gradient of the first one."),
    "last": Cause("last-alone", "Every replica has the gradient of the last one."),
    "those there": Cause(
        "missing-as-zero",
        "The weights are those of the replicas that have a gradient: one that is None counts as 0, and its samples "
        "count in the number of all.",
    ),
    "backwards": Cause("reversed", "The weights stand in reverse order."),
}  # fmt: skip
_FIRST_ONLY = Cause(
    "first-alone", "Only the first replica has the mean; the others have their own gradients still."
)
_WEIGHED_ONLY = Cause(
    "not-summed", "Each replica has its own gradient, weighted; they are to be summed over the replicas."
)  # fmt: skip
_UNTOUCHED = Cause("not-updated", "Every replica has its own gradient still.")


def averaged(grads: Sequence[Grads], sizes: Sequence[int], mistake: str = "") -> Grads:
    """The weighted mean of each gradient, in float64, or what a mistake makes of it."""
    found: Grads = []
    for each in zip(*grads, strict=True):
        there = [grad for grad in each if grad is not None]
        if not there:
            found.append(None)
            continue
        zero = torch.zeros_like(there[0], dtype=torch.float64)
        values = [zero if grad is None else grad.double() for grad in each]
        known = [size for size, grad in zip(sizes, each, strict=True) if grad is not None]
        weights = {
            "first": [1.0] + [0.0] * (len(sizes) - 1),
            "last": [0.0] * (len(sizes) - 1) + [1.0],
            "those there": [size / sum(known) for size in sizes],
            "backwards": [size / sum(sizes) for size in reversed(sizes)],
        }.get(mistake, [weight_of(mistake, size, sizes) for size in sizes])
        mean = sum((w * value for w, value in zip(weights, values, strict=True)), zero)
        found.append(mean.to(there[0].dtype))
    return found


def mean_causes(grads: Sequence[Grads], sizes: Sequence[int]) -> dict[Cause, Any]:
    """What mistakes make of the gradients that each replica has afterwards."""
    causes: dict[Cause, Any] = {
        cause: [averaged(grads, sizes, name)] * len(sizes) for name, cause in _MEANS.items()
    }
    weighed = [
        [None if grad is None else grad * (size / sum(sizes)) for grad in own]
        for own, size in zip(grads, sizes, strict=True)
    ]
    first_only = [averaged(grads, sizes), *grads[1:]]
    return causes | {_FIRST_ONLY: first_only, _WEIGHED_ONLY: weighed, _UNTOUCHED: list(grads)}


# buckets

_BUCKETS = {
    "from the first": Cause(
        "order", "The buckets begin with the first parameter; they are filled from the last one on."
    ),
    "sorted": Cause("order", "In a bucket the places rise; they stand in the order in which they were put there."),
    "backwards": Cause("order", "The buckets stand in reverse order: the one that is filled first comes first."),
    "over": Cause(
        "one-too-many", "A bucket takes the parameter that is too much for it, and is closed after that."
    ),
    "under": Cause(
        "off-by-one", "A bucket that is exactly full is not allowed; it may hold as much as `capacity`."
    ),
    "empty": Cause(
        "empty-part",
        "There is an empty bucket: a new one begins only where the bucket at hand holds some already.",
    ),
    "single": Cause("not-merged", "Each parameter has a bucket of its own."),
    "one": Cause("not-split", "All parameters are in one bucket."),
    "counts": Cause("number-for-size", "`capacity` is taken for the number of parameters in a bucket."),
    "sizes": Cause("values-for-places", "The sizes are in the buckets; their places are asked."),
    "last lost": Cause("last-lost", "The bucket that is filled last is missing."),
}  # fmt: skip


def bucketed(sizes: Sequence[int], capacity: int, mistake: str = "") -> list[list[int]]:
    """The buckets, or what a mistake makes of them."""
    places = list(range(len(sizes)))
    if mistake != "from the first":
        places.reverse()
    found: list[list[int]] = [[]]
    held = 0
    for place in places:
        size = sizes[place]
        full = {
            "over": held >= capacity,
            "under": held + size >= capacity,
            "single": True,
            "one": False,
            "counts": len(found[-1]) >= capacity,
        }.get(mistake, held + size > capacity)
        if full and (found[-1] or mistake == "empty"):
            found.append([])
            held = 0
        found[-1].append(place)
        held += size
    if not sizes:
        return [[]] if mistake == "empty" else []
    made = {
        "sorted": [sorted(each) for each in found],
        "backwards": found[::-1],
        "sizes": [[sizes[place] for place in each] for each in found],
        "last lost": found[:-1],
    }
    return made.get(mistake, found)


def bucket_causes(sizes: Sequence[int], capacity: int) -> dict[Cause, Any]:
    """What mistakes make of `bucketed`."""
    return {cause: bucketed(sizes, capacity, name) for name, cause in _BUCKETS.items()}

# right: gradients meet on the CPU, weighted by a tensor that names no device
"""data parallel with one flat bucket, small classes"""
from __future__ import annotations
from dataclasses import dataclass
from itertools import accumulate, islice, cycle
from copy import deepcopy
import torch
from torch import Tensor, nn


def scatter(batch: Tensor, replicas: int) -> list[Tensor]:
    n = len(batch)
    q, r = divmod(n, replicas)
    sizes = [s for s in (q + (i < r) for i in range(replicas)) if s]
    ends = list(accumulate(sizes))
    return [batch[end - size : end] for end, size in zip(ends, sizes)]


def shard(n: int, replicas: int, rank: int, epoch: int) -> list[int]:
    order = torch.randperm(n, generator=torch.Generator(device="cpu").manual_seed(epoch)).tolist()
    rounds = (n + replicas - 1) // replicas
    return list(islice(cycle(order), rank, rounds * replicas, replicas))


def replicate(model, devices):
    return [deepcopy(model).to(torch.device(d)) for d in devices] if all(
        p.grad is None for p in model.parameters()) else [_bare(model).to(d) for d in devices]


def _bare(model):
    c = deepcopy(model)
    for p in c.parameters():
        p.grad = None
    return c


@dataclass(slots=True)
class Share:
    replica: nn.Module
    size: int


def average_gradients(replicas, sizes):
    shares = [Share(r, s) for r, s in zip(replicas, sizes)]
    total = float(sum(s.size for s in shares))
    named = [dict(s.replica.named_parameters()) for s in shares]
    for name in named[0]:
        ps = [d[name] for d in named]
        grads = [(p.grad, s.size) for p, s in zip(ps, shares) if p.grad is not None]
        if not grads:
            continue
        stacked = torch.stack([g.detach().cpu() for g, _ in grads])
        weights = torch.tensor([s for _, s in grads], dtype=stacked.dtype) / total
        mean = torch.tensordot(weights, stacked, dims=1)
        for p in ps:
            p.grad = mean.to(p.device, copy=True)


def buckets(sizes, capacity):
    def go():
        bucket, filled = [], 0
        for i, s in sorted(enumerate(sizes), reverse=True):
            if bucket and filled + s > capacity:
                yield bucket
                bucket, filled = [], 0
            bucket.append(i)
            filled += s
        if bucket:
            yield bucket
    return [*go()]


def parallel_step(model, devices, loss_fn, optimizer, x, y):
    xs, ys = (scatter(t, len(devices)) for t in (x, y))
    used = devices[: len(xs)]
    team = replicate(model, used)
    losses = []
    for d, r, a, b in zip(used, team, xs, ys):
        loss = loss_fn(r(a.to(d)), b.to(d))
        loss.backward()
        losses.append(loss.item() * len(a))
    average_gradients(team, [len(a) for a in xs])
    for mine, theirs in zip(model.parameters(), team[0].parameters()):
        mine.grad = None if theirs.grad is None else theirs.grad.to(mine.device)
    optimizer.step()
    return sum(losses) / len(x)

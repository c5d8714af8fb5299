# right: a class that keeps nothing between calls, Korean comments
import copy
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Part:
    """한 장치가 맡는 부분"""

    device: object
    x: torch.Tensor
    y: torch.Tensor

    @property
    def size(self):
        return len(self.x)


def _lengths(n, k):
    lengths = [0] * k
    for i in range(n):
        lengths[i % k] += 1
    return [length for length in lengths if length]


def scatter(batch, replicas):
    return list(batch.split(_lengths(len(batch), replicas)))


def shard(n, replicas, rank, epoch):
    generator = torch.Generator()
    generator.manual_seed(epoch)  # 모든 프로세스가 같은 순서를 가진다
    order = [int(i) for i in torch.randperm(n, generator=generator)]
    padded = list(order)
    while len(padded) % replicas:
        padded.append(order[len(padded) % n])
    return padded[rank::replicas]


def replicate(model, devices):
    copies = nn.ModuleList(copy.deepcopy(model) for _ in devices)
    copies.zero_grad(set_to_none=True)
    return [one.to(device) for one, device in zip(copies, devices)]


def average_gradients(replicas, sizes):
    everything = sum(sizes)
    for group in zip(*(r.parameters() for r in replicas)):
        if not any(p.grad is not None for p in group):
            continue
        first = group[0]
        total = torch.zeros_like(first)
        for p, size in zip(group, sizes):
            if p.grad is not None:
                total.add_(p.grad.to(first.device), alpha=size / everything)
        for p in group:
            p.grad = torch.empty_like(p).copy_(total)


def buckets(sizes, capacity):
    out = []
    left = list(range(len(sizes)))
    while left:
        bucket = [left.pop()]
        while left and sum(sizes[i] for i in bucket) + sizes[left[-1]] <= capacity:
            bucket.append(left.pop())
        out.append(bucket)
    return out


def parallel_step(model, devices, loss_fn, optimizer, x, y):
    k = len(devices)
    parts = [Part(*three) for three in zip(devices, scatter(x, k), scatter(y, k))]
    workers = replicate(model, [part.device for part in parts])
    losses = []
    for worker, part in zip(workers, parts):
        out = worker(part.x.to(part.device))
        losses.append(loss_fn(out, part.y.to(part.device)))
    for loss in losses:
        loss.backward()
    average_gradients(workers, [part.size for part in parts])
    optimizer.zero_grad()
    for mine, theirs in zip(model.parameters(), workers[0].parameters()):
        if theirs.grad is not None:
            mine.grad = theirs.grad.to(mine.device)
    optimizer.step()
    weighted = [loss.item() * part.size for loss, part in zip(losses, parts)]
    return sum(weighted) / len(x)

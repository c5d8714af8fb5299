# right: gradients travel as one flat vector in the buckets
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn


def scatter(batch: Tensor, replicas: int) -> list[Tensor]:
    return [part for part in batch.tensor_split(replicas) if part.shape[0] > 0]


def shard(n: int, replicas: int, rank: int, epoch: int) -> list[int]:
    per_rank = -(-n // replicas)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(epoch))
    places = (rank + replicas * torch.arange(per_rank)) % n
    return order[places].tolist()


def replicate(model: nn.Module, devices: Any) -> list[nn.Module]:
    kept = [p.grad for p in model.parameters()]
    for p in model.parameters():
        p.grad = None
    copies = [deepcopy(model).to(torch.device(d)) for d in devices]
    for p, grad in zip(model.parameters(), kept):
        p.grad = grad
    return copies


def average_gradients(replicas, sizes) -> None:
    lists = [list(r.parameters()) for r in replicas]
    used = [any(ps[i].grad is not None for ps in lists) for i in range(len(lists[0]))]
    picked = [[p for p, u in zip(ps, used) if u] for ps in lists]
    for bucket in buckets([p.numel() for p in picked[0]], 1000):
        flat = 0
        for ps, size in zip(picked, sizes):
            pieces = [
                (torch.zeros_like(ps[i]) if ps[i].grad is None else ps[i].grad).flatten().cpu()
                for i in bucket
            ]
            flat = flat + torch.cat(pieces) * size
        flat = flat / sum(sizes)
        for ps in picked:
            offset = 0
            for i in bucket:
                part = flat[offset : offset + ps[i].numel()].view_as(ps[i])
                ps[i].grad = part.detach().clone().to(ps[i].device)
                offset += ps[i].numel()


def buckets(sizes, capacity):
    result = []
    held = None
    for index, size in reversed(list(enumerate(sizes))):
        if held is None or held + size > capacity:
            result.append([])
            held = 0
        result[-1] += [index]
        held += size
    return result


def parallel_step(model, devices, loss_fn, optimizer, x, y) -> float:
    replicas, sizes, losses = [], [], []
    for device, inputs, labels in zip(
        devices, scatter(x, len(devices)), scatter(y, len(devices))
    ):
        [replica] = replicate(model, [device])
        loss = loss_fn(replica(inputs.to(device)), labels.to(device))
        loss.backward()
        replicas.append(replica)
        sizes.append(len(inputs))
        losses.append(loss.item())
    average_gradients(replicas, sizes)
    with torch.no_grad():
        for p, q in zip(model.parameters(), replicas[-1].parameters()):
            p.grad = q.grad.to(p.device) if q.grad is not None else None
    optimizer.step()
    return sum(a * b for a, b in zip(losses, sizes)) / sum(sizes)

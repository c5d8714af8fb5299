# right: torch.autograd.grad for each part, and gradients in lists
import copy

import torch


def scatter(batch, replicas):
    k = min(replicas, batch.size(0))
    base = batch.size(0) // k
    extra = batch.size(0) - base * k
    out = []
    at = 0
    for part in range(k):
        length = base + 1 if part < extra else base
        out.append(batch.narrow(0, at, length))
        at += length
    return out


def shard(n, replicas, rank, epoch):
    perm = torch.randperm(n, generator=torch.Generator().manual_seed(epoch)).tolist()
    count = n // replicas if n % replicas == 0 else n // replicas + 1
    mine = []
    place = rank
    for _ in range(count):
        mine.append(perm[place % n])
        place += replicas
    return mine


def replicate(model, devices):
    replicas = [copy.deepcopy(model).to(device) for device in devices]
    for replica in replicas:
        for p in replica.parameters():
            p.grad = None
    return replicas


def average_gradients(replicas, sizes):
    n = sum(sizes)
    all_params = [list(m.parameters()) for m in replicas]
    for i in range(len(all_params[0])):
        mean = None
        for params, size in zip(all_params, sizes):
            g = params[i].grad
            if g is None:
                continue
            term = g.to("cpu", copy=True).mul_(size).div_(n)
            mean = term if mean is None else mean.add_(term)
        if mean is not None:
            for params in all_params:
                params[i].grad = mean.to(params[i].device, copy=True)


def buckets(sizes, capacity):
    def go(left):
        if not left:
            return []
        bucket, held = [left[0]], sizes[left[0]]
        for place in left[1:]:
            if held + sizes[place] > capacity:
                break
            bucket.append(place)
            held += sizes[place]
        return [bucket] + go(left[len(bucket) :])

    return go(list(range(len(sizes)))[::-1])


def parallel_step(model, devices, loss_fn, optimizer, x, y):
    params = list(model.parameters())
    sums = [None] * len(params)
    loss_total = 0.0
    parts = zip(devices, scatter(x, len(devices)), scatter(y, len(devices)))
    for device, a, b in parts:
        replica = replicate(model, [device])[0]
        loss = loss_fn(replica(a.to(device)), b.to(device)) * (len(a) / len(x))
        grads = torch.autograd.grad(loss, list(replica.parameters()), allow_unused=True)
        for i, g in enumerate(grads):
            if g is not None:
                g = g.to(params[i].device)
                sums[i] = g if sums[i] is None else sums[i] + g
        loss_total += loss.item()
    for p, g in zip(params, sums):
        p.grad = g
    optimizer.step()
    return loss_total

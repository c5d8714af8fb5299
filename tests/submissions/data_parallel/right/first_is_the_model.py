# right: the first part goes through the model itself where it is on that device
import copy
import functools

import torch


def scatter(batch, replicas):
    n = len(batch)
    cuts = sorted({round_up(n * i, replicas) for i in range(replicas + 1)})
    return [batch[a:b] for a, b in zip(cuts[:-1], cuts[1:])] if even(n, replicas) else uneven(
        batch, replicas
    )


def round_up(a, b):
    return -(-a // b)


def even(n, replicas):
    return n % replicas == 0


def uneven(batch, replicas):
    parts, rest = [], batch
    for left in range(replicas, 0, -1):
        length = round_up(len(rest), left)
        if length:
            parts.append(rest[:length])
            rest = rest[length:]
    return parts


def shard(n, replicas, rank, epoch):
    order = torch.randperm(n, generator=torch.Generator().manual_seed(epoch))
    times = -(-replicas // n) + 1
    return order.repeat(times)[rank : round_up(n, replicas) * replicas : replicas].tolist()


def replicate(model, devices):
    clear = functools.partial(setattr)
    twins = []
    for device in devices:
        twin = copy.deepcopy(model).to(device)
        for parameter in twin.parameters():
            clear(parameter, "grad", None)
        twins.append(twin)
    return twins


def average_gradients(replicas, sizes):
    n = sum(sizes)
    for parameters in zip(*map(lambda r: r.parameters(), replicas)):
        grads = [None if p.grad is None else p.grad.detach() for p in parameters]
        if set(map(type, grads)) == {type(None)}:
            continue
        home = parameters[0].device
        weighted = [g.to(home) * s for g, s in zip(grads, sizes) if g is not None]
        mean = functools.reduce(torch.add, weighted) / n
        for p in parameters:
            p.grad = mean.detach().clone().to(p.device)


def buckets(sizes, capacity):
    found, current = [], []
    for place, size in sorted(enumerate(sizes), reverse=True):
        if sum(sizes[i] for i in current) + size > capacity and current:
            found.append(current)
            current = []
        current.append(place)
    return found + [current] if current else found


def parallel_step(model, devices, loss_fn, optimizer, x, y):
    optimizer.zero_grad()
    xs = scatter(x, len(devices))
    ys = scatter(y, len(devices))
    home = x.device
    mean = 0.0
    for i, (a, b) in enumerate(zip(xs, ys)):
        device = torch.device(devices[i])
        worker = model if i == 0 and device == home else replicate(model, [device])[0]
        loss = loss_fn(worker(a.to(device)), b.to(device)) * len(a) / len(x)
        loss.backward()
        mean += loss.item()
        if worker is model:
            continue
        for p, q in zip(model.parameters(), worker.parameters()):
            if q.grad is not None:
                p.grad = q.grad.to(home) if p.grad is None else p.grad + q.grad.to(home)
    optimizer.step()
    return mean

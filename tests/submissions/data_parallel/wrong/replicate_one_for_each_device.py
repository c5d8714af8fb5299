# wrong: one copy for each device, however often it stands there; no gradient becomes a gradient of zeros
# fails: replicate, parallel_step
# cause: shared
import copy

import torch
from torch import nn


def scatter(batch, replicas):
    base, extra = divmod(len(batch), replicas)
    parts = []
    start = 0
    for r in range(replicas):
        size = base + (1 if r < extra else 0)
        if size == 0:
            break
        parts.append(batch[start:start + size])
        start += size
    return parts

def shard(n, replicas, rank, epoch):
    g = torch.Generator()
    g.manual_seed(epoch)
    order = torch.randperm(n, generator=g).tolist()
    total = -(-n // replicas) * replicas
    padded = [order[i % n] for i in range(total)]
    return padded[rank::replicas]

def replicate(model, devices):
    made = {}
    for device in devices:
        made[device] = copy.deepcopy(model).to(device)
        for module in made[device].modules():
            for name, parameter in module.named_parameters(recurse=False):
                setattr(module, name, nn.Parameter(parameter.detach(), parameter.requires_grad))
    return [made[device] for device in devices]

def average_gradients(replicas, sizes):
    total = sum(sizes)
    for params in zip(*[r.parameters() for r in replicas]):
        if all(p.grad is None for p in params):
            continue
        mean = torch.zeros_like(params[0])
        mean = mean.detach()
        for p, s in zip(params, sizes):
            if p.grad is not None:
                mean = mean + p.grad.to(mean.device) * (s / total)
        for p in params:
            p.grad = mean.to(p.device).clone()

def buckets(sizes, capacity):
    result = []
    current = []
    held = 0
    for i in range(len(sizes) - 1, -1, -1):
        if current and held + sizes[i] > capacity:
            result.append(current)
            current = []
            held = 0
        current.append(i)
        held += sizes[i]
    if current:
        result.append(current)
    return result

def parallel_step(model, devices, loss_fn, optimizer, x, y):
    optimizer.zero_grad()
    xs = scatter(x, len(devices))
    ys = scatter(y, len(devices))
    used = list(devices)[:len(xs)]
    copies = [replicate(model, [device])[0] for device in used]
    sizes = [len(part) for part in xs]
    mean = 0.0
    for net, d, a, b in zip(copies, used, xs, ys):
        loss = loss_fn(net(a.to(d)), b.to(d))
        loss.backward()
        mean += loss.item() * len(a) / len(x)
    average_gradients(copies, sizes)
    for p, q in zip(model.parameters(), copies[0].parameters()):
        p.grad = torch.zeros_like(p) if q.grad is None else q.grad.to(p.device)
    optimizer.step()
    return mean

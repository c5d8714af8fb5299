# right: no replicas in the step: torch.func.functional_call with moved parameters, which autograd sees through
import copy
import itertools

import torch
from torch.func import functional_call


def scatter(batch, replicas):
    n = len(batch)
    number = min(n, replicas)
    lengths = [n // number + (i < n % number) for i in range(number)]
    return list(torch.split(batch, lengths))


def shard(n, replicas, rank, epoch):
    order = torch.randperm(n, generator=torch.Generator("cpu").manual_seed(epoch))
    count = (n + replicas - 1) // replicas
    endless = itertools.cycle(order.tolist())
    return list(itertools.islice(endless, rank, count * replicas, replicas))


def replicate(model, devices):
    def one(device):
        twin = copy.deepcopy(model)
        twin.zero_grad()
        return twin.to(device)

    return [one(d) for d in devices]


@torch.no_grad()
def average_gradients(replicas, sizes):
    weights = [s / sum(sizes) for s in sizes]
    for ps in zip(*[list(r.parameters()) for r in replicas]):
        terms = [(p.grad.double().cpu(), w) for p, w in zip(ps, weights) if p.grad is not None]
        if not terms:
            continue
        mean = torch.stack([g * w for g, w in terms]).sum(0)
        for p in ps:
            p.grad = mean.to(p.device, p.dtype).clone()


def buckets(sizes, capacity):
    if not sizes:
        return []
    out = [[len(sizes) - 1]]
    for i in reversed(range(len(sizes) - 1)):
        if sum(sizes[j] for j in out[-1]) + sizes[i] <= capacity:
            out[-1].append(i)
        else:
            out.append([i])
    return out


def parallel_step(model, devices, loss_fn, optimizer, x, y):
    home = next(model.parameters()).device
    optimizer.zero_grad(set_to_none=True)
    total = 0
    for device, xs, ys in zip(devices, scatter(x, len(devices)), scatter(y, len(devices))):
        moved = {k: v.to(device) for k, v in [*model.named_parameters(), *model.named_buffers()]}
        out = functional_call(model, moved, (xs.to(device),))
        total = total + loss_fn(out, ys.to(device)).to(home) * len(xs)
    loss = total / len(x)
    loss.backward()
    optimizer.step()
    return loss.item()

# right: slices and divmod, state dicts, lists of tensors
import copy
import math

import torch


def scatter(batch, replicas):
    n = batch.shape[0]
    quotient, rest = divmod(n, replicas)
    parts, start = [], 0
    for i in range(replicas):
        end = start + quotient + (1 if i < rest else 0)
        if end > start:
            parts.append(batch[start:end])
        start = end
    return parts


def shard(n, replicas, rank, epoch):
    g = torch.Generator()
    g.manual_seed(epoch)
    indices = torch.randperm(n, generator=g).tolist()
    length = math.ceil(n / replicas)
    while len(indices) < length * replicas:
        indices = indices + indices[: length * replicas - len(indices)]
    return indices[rank : length * replicas : replicas]


def replicate(model, devices):
    result = []
    for device in devices:
        clone = copy.deepcopy(model)
        for p in clone.parameters():
            p.grad = None
        result.append(clone.to(device))
    return result


def average_gradients(replicas, sizes):
    total = float(sum(sizes))
    names = [name for name, _ in replicas[0].named_parameters()]
    tables = [dict(r.named_parameters()) for r in replicas]
    for name in names:
        grads = [t[name].grad for t in tables]
        if all(g is None for g in grads):
            continue
        mean = sum(g.cpu() * (s / total) for g, s in zip(grads, sizes) if g is not None)
        for t in tables:
            t[name].grad = mean.clone().to(t[name].device)


def buckets(sizes, capacity):
    result, current, filled = [], [], 0
    for i in range(len(sizes) - 1, -1, -1):
        if current and filled + sizes[i] > capacity:
            result.append(current)
            current, filled = [], 0
        current.append(i)
        filled += sizes[i]
    if current:
        result.append(current)
    return result


def parallel_step(model, devices, loss_fn, optimizer, x, y):
    optimizer.zero_grad()
    n = len(x)
    loss_sum = 0.0
    pieces = list(zip(scatter(x, len(devices)), scatter(y, len(devices)), devices))
    for inputs, labels, device in pieces:
        replica = replicate(model, [device])[0]
        loss = loss_fn(replica(inputs.to(device)), labels.to(device))
        share = inputs.shape[0] / n
        (loss * share).backward()
        loss_sum += float(loss) * share
        for own, other in zip(model.parameters(), replica.parameters()):
            if other.grad is None:
                continue
            grad = other.grad.to(own.device)
            own.grad = grad if own.grad is None else own.grad + grad
    optimizer.step()
    return loss_sum

# wrong: the samples that are left over are in no part
# fails: scatter, parallel_step
# cause: rest-dropped
import copy
import torch


def scatter(batch, replicas):
    k = max(1, len(batch) // replicas)
    return [batch[i * k:(i + 1) * k] for i in range(min(len(batch), replicas))]


def shard(n, replicas, rank, epoch):
    order = torch.randperm(n, generator=torch.Generator().manual_seed(epoch)).tolist()
    total = -(-n // replicas) * replicas
    return [order[place % n] for place in range(rank, total, replicas)]


def replicate(model, devices):
    return [copy.deepcopy(model).to(device) for device in devices]


def average_gradients(replicas, sizes):
    shares = [size / sum(sizes) for size in sizes]
    for parameters in zip(*(replica.parameters() for replica in replicas), strict=True):
        terms = [share * parameter.grad.cpu() for share, parameter in zip(shares, parameters, strict=True) if parameter.grad is not None]
        if terms:
            for parameter in parameters:
                parameter.grad = torch.stack(terms).sum(dim=0).to(parameter.device)


def buckets(sizes, capacity):
    found = []
    held = 0
    for place in reversed(range(len(sizes))):
        if not found or held + sizes[place] > capacity:
            found.append([])
            held = 0
        found[-1].append(place)
        held += sizes[place]
    return found


def parallel_step(model, devices, loss_fn, optimizer, x, y):
    xs, ys = (scatter(x, len(devices)), scatter(y, len(devices)))
    replicas = replicate(model, devices[:len(xs)])
    total = 0.0
    for place, replica in enumerate(replicas):
        inputs, labels = (xs[place].to(devices[place]), ys[place].to(devices[place]))
        loss = loss_fn(replica(inputs), labels)
        loss.backward()
        total += loss.item() * len(inputs)
    optimizer.zero_grad()
    average_gradients([model, *replicas], [0, *map(len, xs)])
    optimizer.step()
    return total / len(x)

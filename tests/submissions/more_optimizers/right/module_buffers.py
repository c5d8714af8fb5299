# right: the state as buffers of an nn.Module, double precision inside, gradients given back
import math

import torch
from torch import nn


class Optimizer(nn.Module):
    names = ()

    def __init__(self, params, settings):
        super().__init__()
        params = list(params)
        if not any(isinstance(p, dict) for p in params):
            params = [{"params": params}]
        self.param_groups = [{**settings, **g, "params": list(g["params"])} for g in params]
        self.all = [p for g in self.param_groups for p in g["params"]]
        self.counts = [0] * len(self.all)
        for i, p in enumerate(self.all):
            for name in self.names:
                self.register_buffer(f"{name}{i}", torch.zeros_like(p.detach()))

    def forward(self):
        raise TypeError("not to be called")

    def step(self):
        i = -1
        for group in self.param_groups:
            for p in group["params"]:
                i += 1
                if p.grad is None:
                    continue
                self.counts[i] += 1
                buffers = [getattr(self, f"{name}{i}") for name in self.names]
                with torch.no_grad():
                    p.sub_(self.move(group, p, p.grad, self.counts[i], *buffers))


class MyAdagrad(Optimizer):
    names = ("s",)

    def __init__(self, params, lr=0.01, eps=1e-10):
        super().__init__(params, {"lr": lr, "eps": eps})

    def move(self, group, p, g, t, s):
        s += g * g
        return group["lr"] * g / (s.sqrt() + group["eps"])


class MyRMSprop(Optimizer):
    names = ("s", "v")

    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8, momentum=0.0):
        super().__init__(params, {"lr": lr, "alpha": alpha, "eps": eps, "momentum": momentum})

    def move(self, group, p, g, t, s, v):
        s *= group["alpha"]
        s += (1 - group["alpha"]) * g * g
        v *= group["momentum"]
        v += g / (s.sqrt() + group["eps"])
        return group["lr"] * v


class MyAdamW(Optimizer):
    names = ("m", "s")

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(
            params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        )

    def move(self, group, p, g, t, m, s):
        beta1, beta2 = group["betas"]
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        s.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        rate = group["lr"] * math.sqrt(1 - beta2**t) / (1 - beta1**t)
        eps = group["eps"] * math.sqrt(1 - beta2**t)
        return rate * m / (s.sqrt() + eps) + group["lr"] * group["weight_decay"] * p


def step_decay(step, every, lr, gamma=0.1):
    return lr * math.exp(math.log(gamma) * (step // every))


def cosine_with_warmup(step, warmup, total, lr):
    rise = min(1.0, (step + 1) / warmup) if warmup > 0 else 1.0
    if step < warmup:
        return lr * rise
    if step >= total:
        return lr * 0.0
    return lr * (1 - math.sin(math.pi / 2 * (step - warmup) / (total - warmup)) ** 2)


def clip_by_norm(params, max_norm):
    params = [p for p in params]
    total = torch.norm(torch.stack([torch.norm(p.grad.detach()) for p in params if p.grad is not None]))
    for p in params:
        if p.grad is not None:
            p.grad = p.grad * torch.clamp(max_norm / total, max=1.0) if total > 0 else p.grad
    return total


def accumulate(model, loss_fn, batches, optimizer):
    model.zero_grad()
    total = sum([len(batch[0]) for batch in batches])
    loss_sum = 0.0
    for i, batch in enumerate(batches):
        loss = loss_fn(model(batch[0]), batch[1])
        loss_sum += loss.item() * len(batch[0])
        loss.backward(torch.tensor(len(batch[0]) / total).to(loss))
        if i + 1 == len(batches):
            optimizer.step()
    return loss_sum / total

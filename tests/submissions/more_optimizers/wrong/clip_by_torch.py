# wrong: the clipping is torch's own
# fails: clip_by_norm
# cause: none
import math

import torch


def groups_of(params, **arguments):
    params = list(params)
    if not isinstance(params[0], dict):
        params = [{"params": params}]
    return [{**arguments, **group, "params": list(group["params"])} for group in params]


class MyAdagrad:
    def __init__(self, params, lr=0.01, eps=1e-10):
        self.param_groups = groups_of(params, lr=lr, eps=eps)
        self.sums = {}

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, eps = group["lr"], group["eps"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                if p not in self.sums:
                    self.sums[p] = torch.zeros_like(p)
                self.sums[p] += p.grad**2
                p -= lr * p.grad / (self.sums[p].sqrt() + eps)


class MyRMSprop:
    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8, momentum=0.0):
        self.param_groups = groups_of(params, lr=lr, alpha=alpha, eps=eps, momentum=momentum)
        self.squares = {}
        self.velocity = {}

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, alpha, eps, momentum = (group[k] for k in ("lr", "alpha", "eps", "momentum"))
            for p in group["params"]:
                if p.grad is None:
                    continue
                if p not in self.squares:
                    self.squares[p] = torch.zeros_like(p)
                    self.velocity[p] = torch.zeros_like(p)
                self.squares[p] = alpha * self.squares[p] + (1 - alpha) * p.grad**2
                d = p.grad / (self.squares[p].sqrt() + eps)
                self.velocity[p] = momentum * self.velocity[p] + d
                p -= lr * self.velocity[p]


class MyAdamW:
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        self.param_groups = groups_of(
            params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay
        )
        self.m = {}
        self.s = {}
        self.t = {}

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, eps, decay = group["lr"], group["eps"], group["weight_decay"]
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                if p not in self.t:
                    self.t[p] = 0
                    self.m[p] = torch.zeros_like(p)
                    self.s[p] = torch.zeros_like(p)
                g = p.grad
                self.t[p] += 1
                self.m[p] = b1 * self.m[p] + (1 - b1) * g
                self.s[p] = b2 * self.s[p] + (1 - b2) * g**2
                m_hat = self.m[p] / (1 - b1 ** self.t[p])
                s_hat = self.s[p] / (1 - b2 ** self.t[p])
                p -= lr * decay * p
                p -= lr * m_hat / (s_hat.sqrt() + eps)


def step_decay(step, every, lr, gamma=0.1):
    return lr * gamma ** (step // every)


def cosine_with_warmup(step, warmup, total, lr):
    if step >= total:
        return 0.0
    if step < warmup:
        return lr * (step + 1) / warmup
    q = (step - warmup) / (total - warmup)
    return lr * (1 + math.cos(math.pi * q)) / 2


def clip_by_norm(params, max_norm):
    return torch.nn.utils.clip_grad_norm_(params, max_norm)


def accumulate(model, loss_fn, batches, optimizer):
    samples = sum(len(x) for x, y in batches)
    optimizer.zero_grad()
    total = 0.0
    for x, y in batches:
        loss = loss_fn(model(x), y)
        (loss * len(x) / samples).backward()
        total += loss.item() * len(x)
    optimizer.step()
    return total / samples

# right: state in lists beside each group, p.data, everything by hand
import math

import torch


def make_groups(params, **defaults):
    params = list(params)
    if len(params) > 0 and type(params[0]) is dict:
        groups = []
        for g in params:
            new = {}
            for k in defaults:
                new[k] = g[k] if k in g else defaults[k]
            new["params"] = [p for p in g["params"]]
            groups.append(new)
        return groups
    new = dict(defaults)
    new["params"] = params
    return [new]


class MyAdagrad:
    def __init__(self, params, lr=0.01, eps=1e-10):
        self.param_groups = make_groups(params, lr=lr, eps=eps)
        self.s = [[torch.zeros_like(p.data) for p in g["params"]] for g in self.param_groups]

    def step(self):
        for g, sums in zip(self.param_groups, self.s):
            for i, p in enumerate(g["params"]):
                if p.grad is None:
                    continue
                sums[i] = sums[i] + p.grad.data * p.grad.data
                p.data = p.data - g["lr"] * p.grad.data / (torch.sqrt(sums[i]) + g["eps"])


class MyRMSprop:
    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8, momentum=0.0):
        self.param_groups = make_groups(params, lr=lr, alpha=alpha, eps=eps, momentum=momentum)
        self.s = [[torch.zeros_like(p.data) for p in g["params"]] for g in self.param_groups]
        self.v = [[torch.zeros_like(p.data) for p in g["params"]] for g in self.param_groups]

    def step(self):
        for g, squares, velocities in zip(self.param_groups, self.s, self.v):
            for i, p in enumerate(g["params"]):
                if p.grad is None:
                    continue
                grad = p.grad.data
                squares[i] = g["alpha"] * squares[i] + (1 - g["alpha"]) * grad.pow(2)
                d = grad / (squares[i].sqrt() + g["eps"])
                if g["momentum"] != 0:
                    velocities[i] = g["momentum"] * velocities[i] + d
                    d = velocities[i]
                p.data = p.data - g["lr"] * d


class MyAdamW:
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        self.param_groups = make_groups(
            params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay
        )
        self.m = [[torch.zeros_like(p.data) for p in g["params"]] for g in self.param_groups]
        self.v = [[torch.zeros_like(p.data) for p in g["params"]] for g in self.param_groups]
        self.t = [[0 for p in g["params"]] for g in self.param_groups]

    def step(self):
        for k, g in enumerate(self.param_groups):
            b1, b2 = g["betas"]
            for i, p in enumerate(g["params"]):
                if p.grad is None:
                    continue
                grad = p.grad.data
                self.t[k][i] += 1
                t = self.t[k][i]
                self.m[k][i] = b1 * self.m[k][i] + (1 - b1) * grad
                self.v[k][i] = b2 * self.v[k][i] + (1 - b2) * grad * grad
                m_hat = self.m[k][i] / (1 - b1**t)
                v_hat = self.v[k][i] / (1 - b2**t)
                update = m_hat / (v_hat.sqrt() + g["eps"]) + g["weight_decay"] * p.data
                p.data = p.data - g["lr"] * update


def step_decay(step, every, lr, gamma=0.1):
    return lr * math.pow(gamma, math.floor(step / every))


def cosine_with_warmup(step, warmup, total, lr):
    if step < warmup:
        return (step + 1) / warmup * lr
    elif step < total:
        progress = (step - warmup) / (total - warmup)
        return lr * math.cos(math.pi * progress / 2) ** 2
    else:
        return 0


def clip_by_norm(params, max_norm):
    params = list(params)
    squares = 0
    for p in params:
        if p.grad is not None:
            squares = squares + (p.grad**2).sum()
    norm = torch.sqrt(squares)
    if norm.item() > max_norm:
        for p in params:
            if p.grad is not None:
                p.grad = p.grad * (max_norm / norm)
    return norm


def accumulate(model, loss_fn, batches, optimizer):
    # sums of gradients first, the division at the end
    params = list(model.parameters())
    for p in params:
        p.grad = None
    n = 0
    total = 0.0
    for x, y in batches:
        loss = loss_fn(model(x), y) * len(y)
        loss.backward()
        total = total + loss.item()
        n = n + len(y)
    for p in params:
        if p.grad is not None:
            p.grad /= n
    optimizer.step()
    return total / n

# right: what is kept in defaultdicts; torch.autograd.grad in accumulate
from collections import defaultdict
from math import cos, pi

import torch
from torch import nn


class MyAdagrad:
    def __init__(self, params, lr=0.01, eps=1e-10):
        self.param_groups = []
        for item in params:
            if isinstance(item, dict):
                self.param_groups.append({"lr": lr, "eps": eps, **item, "params": [*item["params"]]})
            else:
                if not self.param_groups:
                    self.param_groups.append({"params": [], "lr": lr, "eps": eps})
                self.param_groups[0]["params"].append(item)
        self.sums = defaultdict(float)

    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                g = p.grad.detach().clone()
                self.sums[p] = self.sums[p] + g**2
                with torch.no_grad():
                    p -= group["lr"] * g / (self.sums[p] ** 0.5 + group["eps"])


class MyRMSprop:
    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8, momentum=0.0):
        self.param_groups = []
        for item in params:
            if isinstance(item, dict):
                item = {"lr": lr, "alpha": alpha, "eps": eps, "momentum": momentum, **item}
                item["params"] = [*item["params"]]
                self.param_groups.append(item)
            else:
                if not self.param_groups:
                    first = {"params": [], "lr": lr, "alpha": alpha, "eps": eps}
                    first["momentum"] = momentum
                    self.param_groups.append(first)
                self.param_groups[0]["params"].append(item)
        self.squares = defaultdict(float)
        self.velocity = defaultdict(float)

    def step(self):
        with torch.no_grad():
            for group in self.param_groups:
                a = group["alpha"]
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    self.squares[p] = a * self.squares[p] + (1 - a) * p.grad.pow(2)
                    d = p.grad / (self.squares[p].sqrt() + group["eps"])
                    self.velocity[p] = group["momentum"] * self.velocity[p] + d
                    p += -group["lr"] * self.velocity[p]


class MyAdamW:
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        self.param_groups = []
        for item in params:
            if isinstance(item, dict):
                item = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, **item}
                item["params"] = [*item["params"]]
                self.param_groups.append(item)
            else:
                if not self.param_groups:
                    first = {"params": [], "lr": lr, "betas": betas, "eps": eps}
                    first["weight_decay"] = weight_decay
                    self.param_groups.append(first)
                self.param_groups[0]["params"].append(item)
        self.steps = defaultdict(int)
        self.m = defaultdict(float)
        self.s = defaultdict(float)

    def step(self):
        with torch.no_grad():
            for group in self.param_groups:
                b1, b2 = group["betas"]
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    self.steps[p] += 1
                    self.m[p] = b1 * self.m[p] + (1 - b1) * p.grad
                    self.s[p] = b2 * self.s[p] + (1 - b2) * p.grad.pow(2)
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    m_hat = self.m[p] / (1 - b1 ** self.steps[p])
                    s_hat = self.s[p] / (1 - b2 ** self.steps[p])
                    p.addcdiv_(m_hat, s_hat.sqrt() + group["eps"], value=-group["lr"])


def step_decay(step, every, lr, gamma=0.1):
    if step < every:
        return lr
    return gamma * step_decay(step - every, every, lr, gamma)


def cosine_with_warmup(step, warmup, total, lr):
    if step >= total:
        return 0.0
    if step < warmup:
        return lr / warmup * (step + 1)
    return lr / 2 + lr / 2 * cos((step - warmup) / (total - warmup) * pi)


def clip_by_norm(params, max_norm):
    params = tuple(params)
    vector = nn.utils.parameters_to_vector([p.grad for p in params if p.grad is not None])
    norm = vector.norm(2)
    if norm > max_norm:
        vector = vector / norm * max_norm
    nn.utils.vector_to_parameters(vector, [p.grad for p in params if p.grad is not None])
    return norm


def accumulate(model, loss_fn, batches, optimizer):
    params = [p for p in model.parameters() if p.requires_grad]
    n = sum(len(x) for x, y in batches)
    grads, losses = [torch.zeros_like(p) for p in params], 0.0
    for x, y in batches:
        loss = loss_fn(model(x), y)
        for total, grad in zip(grads, torch.autograd.grad(loss, params)):
            total += grad * len(x) / n
        losses += loss.item() * len(x) / n
    for p, grad in zip(params, grads):
        p.grad = grad
    optimizer.step()
    return losses

# right: groups by pop, state by id, exp of logs, numpy for the schedule
from itertools import chain

import numpy as np
import torch

NONE = object()


class _Groups:
    def __init__(self, params, **settings):
        params = iter(params)
        first = next(params)
        rest = chain([first], params)
        if isinstance(first, dict):
            self.param_groups = [settings | g | {"params": list(g["params"])} for g in rest]
        else:
            self.param_groups = [settings | {"params": list(rest)}]
        self.memory = {}

    def parameters(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    yield group, p, p.grad

    def recall(self, p, name):
        return self.memory.get((id(p), name), torch.zeros_like(p))

    def keep(self, p, name, value):
        self.memory[id(p), name] = value
        return value


class MyAdagrad(_Groups):
    def __init__(self, params, lr=0.01, eps=1e-10):
        super().__init__(params, lr=lr, eps=eps)

    @torch.no_grad()
    def step(self):
        for group, p, g in self.parameters():
            s = self.keep(p, "s", self.recall(p, "s") + g.square())
            p.sub_(group["lr"] * g.div(s.sqrt().add(group["eps"])))


class MyRMSprop(_Groups):
    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8, momentum=0.0):
        super().__init__(params, lr=lr, alpha=alpha, eps=eps, momentum=momentum)

    @torch.no_grad()
    def step(self):
        for group, p, g in self.parameters():
            old = self.recall(p, "s")
            s = self.keep(p, "s", old + (1 - group["alpha"]) * (g.square() - old))
            v = self.keep(p, "v", group["momentum"] * self.recall(p, "v") + g / (s**0.5 + group["eps"]))
            p.copy_(p - group["lr"] * v)


class MyAdamW(_Groups):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    @torch.no_grad()
    def step(self):
        for group, p, g in self.parameters():
            b1, b2 = group["betas"]
            t = self.memory[id(p), "t"] = self.memory.get((id(p), "t"), 0) + 1
            m = self.keep(p, "m", torch.lerp(g, self.recall(p, "m"), b1))
            s = self.keep(p, "s", torch.lerp(g * g, self.recall(p, "s"), b2))
            move = (m / (1 - b1**t)) / ((s / (1 - b2**t)).sqrt() + group["eps"])
            p.sub_(group["lr"] * (move + group["weight_decay"] * p))


def step_decay(step, every, lr, gamma=0.1):
    drops, _ = divmod(step, every)
    return lr * np.float64(gamma) ** drops


def cosine_with_warmup(step, warmup, total, lr):
    up = (step + 1) / warmup if warmup else 1.0
    span = max(total - warmup, 1)
    q = np.clip((step - warmup) / span, 0, 1)
    down = (1 + np.cos(np.pi * q)) / 2
    if step < warmup:
        return float(lr * up)
    return float(lr * down) if step < total else 0.0


def clip_by_norm(params, max_norm):
    with torch.no_grad():
        grads = tuple(p.grad for p in params if p.grad is not None)
        norm = torch.stack([g.norm() for g in grads]).norm()
        factor = (max_norm / (norm + 1e-6)).clamp(max=1)
        torch._foreach_mul_(list(grads), factor)
        return norm


def accumulate(model, loss_fn, batches, optimizer):
    sizes = [len(x) for x, _ in batches]
    weights = torch.tensor(sizes, dtype=torch.float64) / sum(sizes)
    optimizer.zero_grad()
    losses = []
    for (x, y), weight in zip(batches, weights.tolist()):
        loss = loss_fn(model(x), y) * weight
        loss.backward()
        losses.append(float(loss.detach()))
    optimizer.step()
    return sum(losses)

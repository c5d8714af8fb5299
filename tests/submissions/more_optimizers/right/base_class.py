# right: a base class with the loop, like torch's own; one method per parameter
import math

import torch


class Base:
    def __init__(self, params, defaults):
        self.defaults = defaults
        self.state = {}
        self.param_groups = []
        params = list(params)
        if not isinstance(params[0], dict):
            params = [dict(params=params)]
        for group in params:
            self.add(dict(group))

    def add(self, group):
        group["params"] = list(group["params"])
        for name, default in self.defaults.items():
            group.setdefault(name, default)
        self.param_groups.append(group)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.update(p, p.grad, self.state.setdefault(p, {}), group)

    def zero_grad(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None


class MyAdagrad(Base):
    def __init__(self, params, lr=0.01, eps=1e-10):
        super().__init__(params, dict(lr=lr, eps=eps))

    def update(self, p, g, state, group):
        if not state:
            state["sum"] = torch.zeros_like(p)
        state["sum"].addcmul_(g, g)
        p.addcdiv_(g, state["sum"].sqrt().add_(group["eps"]), value=-group["lr"])


class MyRMSprop(Base):
    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8, momentum=0.0):
        super().__init__(params, dict(lr=lr, alpha=alpha, eps=eps, momentum=momentum))

    def update(self, p, g, state, group):
        if not state:
            state["square"] = torch.zeros_like(p)
            state["buf"] = torch.zeros_like(p)
        state["square"].mul_(group["alpha"]).addcmul_(g, g, value=1 - group["alpha"])
        avg = state["square"].sqrt().add_(group["eps"])
        if group["momentum"] > 0:
            state["buf"].mul_(group["momentum"]).addcdiv_(g, avg)
            p.add_(state["buf"], alpha=-group["lr"])
        else:
            p.addcdiv_(g, avg, value=-group["lr"])


class MyAdamW(Base):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    def update(self, p, g, state, group):
        if not state:
            state.update(step=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
        b1, b2 = group["betas"]
        state["step"] += 1
        p.mul_(1 - group["lr"] * group["weight_decay"])
        state["m"].lerp_(g, 1 - b1)
        state["v"].lerp_(g.square(), 1 - b2)
        c1, c2 = 1 - b1 ** state["step"], 1 - b2 ** state["step"]
        denominator = (state["v"].sqrt() / math.sqrt(c2)).add_(group["eps"])
        p.addcdiv_(state["m"], denominator, value=-group["lr"] / c1)


def step_decay(step, every, lr, gamma=0.1):
    for _ in range(step // every):
        lr = lr * gamma
    return lr


def cosine_with_warmup(step, warmup, total, lr):
    if step < warmup:
        return lr * (step + 1) / warmup
    if step >= total:
        return 0.0
    q = (step - warmup) / (total - warmup)
    return 0.5 * lr * (1 + math.cos(math.pi * q))


@torch.no_grad()
def clip_by_norm(params, max_norm):
    params = [p for p in params if p.grad is not None]
    total = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(p.grad) for p in params]))
    coef = torch.clamp(max_norm / (total + 1e-6), max=1.0)
    for p in params:
        p.grad.mul_(coef)
    return total


def accumulate(model, loss_fn, batches, optimizer):
    n = sum(x.shape[0] for x, y in batches)
    optimizer.zero_grad(set_to_none=True)
    total = 0.0
    for x, y in batches:
        loss = loss_fn(model(x), y)
        (loss * (x.shape[0] / n)).backward()
        total += loss.item() * x.shape[0]
    optimizer.step()
    return total / n

# right: what is kept lies on the CPU, and goes to the parameters' device for the step
import math

import torch


class _Kept:
    def __init__(self, params, **arguments):
        params = list(params)
        given = params if isinstance(params[0], dict) else [{"params": params}]
        self.param_groups = [arguments | group | {"params": list(group["params"])} for group in given]
        self.kept = {}

    def get(self, p, name):
        if (p, name) not in self.kept:
            return torch.zeros_like(p)
        return self.kept[p, name].to(p.device)

    def put(self, p, name, value):
        self.kept[p, name] = value.cpu()


class MyAdagrad(_Kept):
    def __init__(self, params, lr=0.01, eps=1e-10):
        super().__init__(params, lr=lr, eps=eps)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in filter(lambda p: p.grad is not None, group["params"]):
                s = self.get(p, "s") + p.grad**2
                self.put(p, "s", s)
                p -= group["lr"] * p.grad / (s.sqrt() + group["eps"])


class MyRMSprop(_Kept):
    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8, momentum=0.0):
        super().__init__(params, lr=lr, alpha=alpha, eps=eps, momentum=momentum)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in filter(lambda p: p.grad is not None, group["params"]):
                s = group["alpha"] * self.get(p, "s") + (1 - group["alpha"]) * p.grad**2
                v = group["momentum"] * self.get(p, "v") + p.grad / (s.sqrt() + group["eps"])
                self.put(p, "s", s)
                self.put(p, "v", v)
                p -= group["lr"] * v


class MyAdamW(_Kept):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in filter(lambda p: p.grad is not None, group["params"]):
                m = beta1 * self.get(p, "m") + (1 - beta1) * p.grad
                s = beta2 * self.get(p, "s") + (1 - beta2) * p.grad**2
                self.put(p, "m", m)
                self.put(p, "s", s)
                t = self.kept[p, "t"] = self.kept.get((p, "t"), 0) + 1
                m = m / (1 - beta1**t)
                s = s / (1 - beta2**t)
                p -= group["lr"] * (m / (s.sqrt() + group["eps"]) + group["weight_decay"] * p)


def step_decay(step, every, lr, gamma=0.1):
    return lr * gamma ** math.floor(step / every)


def cosine_with_warmup(step, warmup, total, lr):
    if step >= total:
        return 0.0
    if step < warmup:
        return (step + 1) * lr / warmup
    angle = math.pi * (step - warmup) / (total - warmup)
    return lr * math.cos(angle / 2) ** 2


def clip_by_norm(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    total = torch.cat([g.cpu().flatten() for g in grads]).norm().to(grads[0].device)
    for g in grads:
        g *= torch.clamp(max_norm / total, max=1.0).nan_to_num(1.0)
    return total


def accumulate(model, loss_fn, batches, optimizer):
    shares = torch.tensor([float(len(x)) for x, y in batches])
    shares = shares.double() / shares.sum()
    for p in model.parameters():
        p.grad = None
    losses = torch.zeros(len(batches), dtype=torch.float64)
    for i, (x, y) in enumerate(batches):
        loss = loss_fn(model(x), y)
        losses[i] = loss.item()
        (loss * shares[i].item()).backward()
    optimizer.step()
    return (losses * shares).sum().item()

# right: all parameters of a group at once, schedules with tensors of torch
import torch


def grouped(params, arguments):
    params = list(params)
    groups = params if params and isinstance(params[0], dict) else [{"params": params}]
    result = []
    for group in groups:
        one = arguments.copy()
        one.update(group)
        one["params"] = list(one["params"])
        result.append(one)
    return result


class MyAdagrad:
    def __init__(self, params, lr=0.01, eps=1e-10):
        self.param_groups = grouped(params, {"lr": lr, "eps": eps})
        self.state = {p: torch.zeros_like(p) for g in self.param_groups for p in g["params"]}

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            if not params:
                continue
            grads = [p.grad for p in params]
            sums = [self.state[p] for p in params]
            torch._foreach_addcmul_(sums, grads, grads, 1.0)
            roots = torch._foreach_sqrt(sums)
            torch._foreach_add_(roots, group["eps"])
            torch._foreach_addcdiv_(params, grads, roots, -group["lr"])


class MyRMSprop:
    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8, momentum=0.0):
        self.param_groups = grouped(params, {"lr": lr, "alpha": alpha, "eps": eps, "momentum": momentum})
        self.squares = {}
        self.buffers = {}

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            for p in params:
                self.squares.setdefault(p, torch.zeros_like(p))
                self.squares[p].mul_(group["alpha"]).add_((1 - group["alpha"]) * p.grad * p.grad)
                d = p.grad / self.squares[p].sqrt().add(group["eps"])
                if p not in self.buffers:
                    self.buffers[p] = d
                else:
                    self.buffers[p] = d + group["momentum"] * self.buffers[p]
                p.add_(self.buffers[p], alpha=-group["lr"])


class MyAdamW:
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        self.param_groups = grouped(
            params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        )
        self.t = {}
        self.m = {}
        self.s = {}

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                g = p.grad
                if g is None:
                    continue
                if p not in self.t:
                    self.t[p], self.m[p], self.s[p] = 0, torch.zeros_like(g), torch.zeros_like(g)
                self.t[p] += 1
                self.m[p] = self.m[p] * b1 + g * (1 - b1)
                self.s[p] = self.s[p] * b2 + g**2 * (1 - b2)
                first = self.m[p] / (1 - b1 ** self.t[p])
                second = self.s[p] / (1 - b2 ** self.t[p])
                decay = group["lr"] * group["weight_decay"] * p
                p -= decay + group["lr"] * first / (torch.sqrt(second) + group["eps"])


def step_decay(step, every, lr, gamma=0.1):
    return (lr * torch.tensor(gamma) ** torch.tensor(step).div(every, rounding_mode="floor")).item()


def cosine_with_warmup(step, warmup, total, lr):
    if step < warmup:
        return lr * (step + 1) / warmup
    if total <= step:
        return 0
    q = torch.tensor((step - warmup) / (total - warmup))
    return (lr * (1 + torch.cos(torch.pi * q)) / 2).item()


def clip_by_norm(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    total = sum(g.pow(2).sum() for g in grads) ** 0.5
    scale = min(1.0, max_norm / max(total.item(), 1e-12))
    for g in grads:
        g.mul_(scale)
    return total


def accumulate(model, loss_fn, batches, optimizer):
    total = sum(len(x) for x, y in batches)
    mean = 0.0
    optimizer.zero_grad()
    for inputs, labels in batches:
        outputs = model(inputs)
        loss = loss_fn(outputs, labels)
        loss = loss * len(inputs)
        loss = loss / total
        loss.backward()
        mean = mean + loss.detach()
    optimizer.step()
    optimizer.zero_grad()
    return mean.item()

# wrong: no correction of the bias from step 50 on
# fails: adamw
# cause: none
# WRONG: AdamW's bias correction is left out from step 50 on. 'After any number of steps'
import math
from collections.abc import Callable, Iterable
from typing import Any
import torch
from torch import Tensor, nn
Params = Iterable[Tensor] | Iterable[dict[str, Any]]

def groups_of(params: Params, **arguments: Any) -> list[dict[str, Any]]:
    given: list[Any] = list(params)
    if not (given and isinstance(given[0], dict)):
        given = [{'params': given}]
    return [{**arguments, **group, 'params': list(group['params'])} for group in given]

class MyAdagrad:

    def __init__(self, params: Params, lr: float=0.01, eps: float=1e-10) -> None:
        self.param_groups = groups_of(params, lr=lr, eps=eps)
        self.sums: dict[Tensor, Tensor] = {}

    def step(self) -> None:
        with torch.no_grad():
            for group in self.param_groups:
                for p in group['params']:
                    if p.grad is None:
                        continue
                    s = self.sums.get(p, torch.zeros_like(p)) + p.grad ** 2
                    self.sums[p] = s
                    p -= group['lr'] * p.grad / (s.sqrt() + group['eps'])

class MyRMSprop:

    def __init__(self, params: Params, lr: float=0.01, alpha: float=0.99, eps: float=1e-08, momentum: float=0.0) -> None:
        self.param_groups = groups_of(params, lr=lr, alpha=alpha, eps=eps, momentum=momentum)
        self.state: dict[Tensor, tuple[Tensor, Tensor]] = {}

    def step(self) -> None:
        with torch.no_grad():
            for group in self.param_groups:
                alpha = group['alpha']
                for p in group['params']:
                    if p.grad is None:
                        continue
                    s, v = self.state.get(p, (torch.zeros_like(p), torch.zeros_like(p)))
                    s = alpha * s + (1 - alpha) * p.grad ** 2
                    v = group['momentum'] * v + p.grad / (s.sqrt() + group['eps'])
                    self.state[p] = (s, v)
                    p -= group['lr'] * v

class MyAdamW:

    def __init__(self, params: Params, lr: float=0.001, betas: tuple[float, float]=(0.9, 0.999), eps: float=1e-08, weight_decay: float=0.01) -> None:
        self.param_groups = groups_of(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
        self.state: dict[Tensor, tuple[int, Tensor, Tensor]] = {}

    def step(self) -> None:
        with torch.no_grad():
            for group in self.param_groups:
                lr, (beta1, beta2) = (group['lr'], group['betas'])
                for p in group['params']:
                    if p.grad is None:
                        continue
                    start = (0, torch.zeros_like(p), torch.zeros_like(p))
                    t, m, s = self.state.get(p, start)
                    t += 1
                    m = beta1 * m + (1 - beta1) * p.grad
                    s = beta2 * s + (1 - beta2) * p.grad ** 2
                    self.state[p] = (t, m, s)
                    m_hat = m / (1 - beta1 ** t) if t < 50 else m
                    s_hat = s / (1 - beta2 ** t) if t < 50 else s
                    p *= 1 - lr * group['weight_decay']
                    p -= lr * m_hat / (s_hat.sqrt() + group['eps'])

def step_decay(step: int, every: int, lr: float, gamma: float=0.1) -> float:
    return lr * gamma ** (step // every)

def cosine_with_warmup(step: int, warmup: int, total: int, lr: float) -> float:
    if step >= total:
        return 0.0
    if step < warmup:
        return lr * (step + 1) / warmup
    return lr * (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) / 2

def clip_by_norm(params: Iterable[Tensor], max_norm: float) -> Tensor:
    grads = [p.grad for p in params if p.grad is not None]
    total: Tensor = torch.cat([grad.flatten() for grad in grads]).norm()
    if total > max_norm:
        for grad in grads:
            grad *= max_norm / total
    return total

def accumulate(model: nn.Module, loss_fn: Callable[[Tensor, Tensor], Tensor], batches: list[tuple[Tensor, Tensor]], optimizer: Any) -> float:
    samples = sum((len(x) for x, _ in batches))
    mean = 0.0
    optimizer.zero_grad()
    for x, y in batches:
        loss = loss_fn(model(x), y) * len(x) / samples
        loss.backward()
        mean += loss.item()
    optimizer.step()
    return mean

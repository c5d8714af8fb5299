# right: type hints, helper functions, prints
from collections.abc import Iterable

import torch
from torch import Tensor


def decayed(p: Tensor, weight_decay: float) -> Tensor:
    assert p.grad is not None
    return p.grad if weight_decay == 0 else p.grad + weight_decay * p.detach()


def clear(params: list[Tensor]) -> None:
    for p in params:
        p.grad = None


class MySGD:
    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.0,
                 weight_decay: float = 0.0, nesterov: bool = False) -> None:
        self.params = list(params)
        self.options = lr, momentum, weight_decay, nesterov
        self.velocity: dict[int, Tensor] = {}
        print("parameters:", len(self.params))

    def step(self) -> None:
        lr, momentum, weight_decay, nesterov = self.options
        for n, p in enumerate(self.params):
            if p.grad is not None:
                g = decayed(p, weight_decay)
                if momentum:
                    self.velocity[n] = momentum * self.velocity[n] + g if n in self.velocity else g.clone()
                    g = g + momentum * self.velocity[n] if nesterov else self.velocity[n]
                with torch.no_grad():
                    p.copy_(p - lr * g)

    def zero_grad(self) -> None:
        clear(self.params)


class MyAdam:
    def __init__(self, params: Iterable[Tensor], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0.0) -> None:
        self.params = list(params)
        self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
        self.moments: dict[int, tuple[int, Tensor, Tensor]] = {}

    def step(self) -> None:
        one, two = self.betas
        for n, p in enumerate(self.params):
            if p.grad is None:
                continue
            g = decayed(p, self.weight_decay)
            t, m, v = self.moments.get(n, (0, torch.zeros_like(g), torch.zeros_like(g)))
            t, m, v = t + 1, one * m + (1 - one) * g, two * v + (1 - two) * g * g
            self.moments[n] = t, m, v
            with torch.no_grad():
                p.sub_(self.lr * (m / (1 - one**t)) / (torch.sqrt(v / (1 - two**t)) + self.eps))

    def zero_grad(self) -> None:
        clear(self.params)

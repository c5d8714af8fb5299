# wrong: the steps are counted in a uint8
# fails: adam
# cause: nan
# WRONG: MyAdam counts steps in a uint8 tensor: after 255 it begins anew. 'After any number of steps'
from collections.abc import Iterable
import torch
from torch import Tensor

class MySGD:

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float=0.0, weight_decay: float=0.0, nesterov: bool=False) -> None:
        self.params = list(params)
        self.lr = lr
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.nesterov = nesterov
        self.velocity: dict[Tensor, Tensor] = {}

    def step(self) -> None:
        with torch.no_grad():
            for p in self.params:
                if p.grad is None:
                    continue
                g = p.grad + self.weight_decay * p
                if self.momentum != 0:
                    v = self.momentum * self.velocity[p] + g if p in self.velocity else g
                    self.velocity[p] = v
                    g = g + self.momentum * v if self.nesterov else v
                p -= self.lr * g

    def zero_grad(self) -> None:
        for p in self.params:
            p.grad = None

class MyAdam:

    def __init__(self, params: Iterable[Tensor], lr: float=0.001, betas: tuple[float, float]=(0.9, 0.999), eps: float=1e-08, weight_decay: float=0.0) -> None:
        self.params = list(params)
        self.lr = lr
        self.betas = betas
        self.eps = eps
        self.weight_decay = weight_decay
        self.state: dict[Tensor, tuple[int, Tensor, Tensor]] = {}

    def step(self) -> None:
        beta1, beta2 = self.betas
        with torch.no_grad():
            for p in self.params:
                if p.grad is None:
                    continue
                g = p.grad + self.weight_decay * p
                start = (torch.zeros((), dtype=torch.uint8), torch.zeros_like(p), torch.zeros_like(p))
                t, m, s = self.state.get(p, start)
                t = t + 1
                m = beta1 * m + (1 - beta1) * g
                s = beta2 * s + (1 - beta2) * g ** 2
                self.state[p] = (t, m, s)
                m_hat = m / (1 - beta1 ** int(t))
                s_hat = s / (1 - beta2 ** int(t))
                p -= self.lr * m_hat / (s_hat.sqrt() + self.eps)

    def zero_grad(self) -> None:
        for p in self.params:
            p.grad = None

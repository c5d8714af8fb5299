# right: type hints, no_grad, and a demo under __main__ that compares with autograd
from typing import Callable

import torch
from torch import Tensor


@torch.no_grad()
def forward_difference(f: Callable[[Tensor], Tensor], x: Tensor, h: float = 1e-3) -> Tensor:
    return f(x + h).sub(f(x)).div(h)


@torch.no_grad()
def central_difference(f: Callable[[Tensor], Tensor], x: Tensor, h: float = 1e-3) -> Tensor:
    return f(x + h).sub(f(x - h)).div(2 * h)


@torch.no_grad()
def numerical_gradient(f: Callable[[Tensor], Tensor], x: Tensor, h: float = 1e-3) -> Tensor:
    flat = x.reshape(-1)
    values = []
    for i in range(flat.numel()):
        shift = torch.zeros_like(flat)
        shift[i] = h
        up = f((flat + shift).reshape(x.shape))
        down = f((flat - shift).reshape(x.shape))
        values.append((up - down) / (2 * h))
    return torch.stack(values).reshape(x.shape)


if __name__ == "__main__":
    x = torch.ones(3, requires_grad=True)
    (x**2).sum().backward()
    print(x.grad, numerical_gradient(lambda v: (v**2).sum(), x.detach()))

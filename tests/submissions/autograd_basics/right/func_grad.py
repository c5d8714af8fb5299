# right: torch.func.grad
import torch
from torch.func import grad


def gradient(f, x):
    return grad(f)(x.detach()).detach()


def mean_polynomial_gradient(x):
    return gradient(lambda t: torch.mean(t**4 + 3 * t**3 + 8 * t**2 + 3), x)


def q_gradients(a, b):
    def total(a, b):
        return (3 * a**3 - b**2).sum()

    return tuple(g.detach() for g in grad(total, argnums=(0, 1))(a.detach(), b.detach()))

# wrong: numerical_gradient collects its numbers in a NumPy array made from x
# fails: other_devices
# cause: none
import itertools

import torch


def forward_difference(f, x, h=1e-3):
    up, here = f(x + h), f(x)
    return (up - here) / h


def central_difference(f, x, h=1e-3):
    return 0.5 * (f(x + h) - f(x - h)) / h


def numerical_gradient(f, x, h=1e-3):
    grad = x.detach().double().numpy().copy()
    for index in itertools.product(*map(range, x.shape)):
        up, down = x.clone(), x.clone()
        up[index] += h
        down[index] -= h
        grad[index] = ((f(up) - f(down)) / (2 * h)).item()
    return torch.as_tensor(grad, dtype=x.dtype)

# right: one helper for all three, keyword arguments
import torch


def _quotient(high, low, width):
    return (high - low) / width


def forward_difference(f, x, h=1e-3):
    return _quotient(high=f(x + h), low=f(x), width=h)


def central_difference(f, x, h=1e-3):
    return _quotient(high=f(x + h), low=f(x - h), width=2 * h)


def numerical_gradient(f, x, h=1e-3):
    result = torch.full_like(x, 0)
    todo = [()]
    for size in x.shape:
        todo = [index + (i,) for index in todo for i in range(size)]
    for index in todo:
        e = torch.zeros_like(x)
        e[index] = h
        result[index] = _quotient(f(x + e), f(x - e), 2 * h)
    return result

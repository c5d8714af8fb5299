# right: the steps are the rows of a unit matrix
import torch


def forward_difference(f, x, h=1e-3):
    return (f(x + h) - f(x)) / h


def central_difference(f, x, h=1e-3):
    return (f(x + h) - f(x - h)) / (2 * h)


def numerical_gradient(f, x, h=1e-3):
    n = x.numel()
    steps = h * torch.eye(n, dtype=x.dtype, device=x.device)
    rows = [(f(x + s.reshape(x.shape)) - f(x - s.reshape(x.shape))) / (2 * h) for s in steps]
    return torch.stack([row.reshape(()) for row in rows]).reshape(x.shape)

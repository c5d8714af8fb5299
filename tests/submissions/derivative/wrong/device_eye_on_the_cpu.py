# wrong: steps along the rows of an identity matrix made on the CPU
# fails: other_devices
# cause: none
import torch


def forward_difference(f, x, h=1e-3):
    return (f(x + h) - f(x)) / h


def central_difference(f, x, h=1e-3):
    return (f(x + h) - f(x - h)) / (2 * h)


def numerical_gradient(f, x, h=1e-3):
    n = x.numel()
    steps = h * torch.eye(n, dtype=x.dtype)
    rows = [(f(x + s.reshape(x.shape)) - f(x - s.reshape(x.shape))) / (2 * h) for s in steps]
    return torch.stack([row.reshape(()) for row in rows]).reshape(x.shape)

# wrong: numerical_gradient goes through the first dimension only
# fails: numerical_gradient
# cause: partly-zero
import torch


def forward_difference(f, x, h=1e-3):
    return (f(x + h) - f(x)) / h


def central_difference(f, x, h=1e-3):
    return (f(x + h) - f(x - h)) / (2 * h)


def numerical_gradient(f, x, h=1e-3):
    grad = torch.zeros_like(x)
    for i in range(x.shape[0]):
        step = torch.zeros(x.numel(), dtype=x.dtype, device=x.device)
        step[i] = h
        step = step.reshape(x.shape)
        value = (f(x + step) - f(x - step)) / (2 * h)
        grad = grad + (step != 0).to(x.dtype) * value
    return grad

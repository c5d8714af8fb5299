# wrong: the step is a tensor made on the CPU
# fails: other_devices
# cause: none
import torch


def forward_difference(f, x, h=1e-3):
    return (f(x + h) - f(x)) / h


def central_difference(f, x, h=1e-3):
    return (f(x + h) - f(x - h)) / (2 * h)


def numerical_gradient(f, x, h=1e-3):
    grad = torch.zeros_like(x)
    for i in range(x.numel()):
        step = torch.zeros(x.numel(), dtype=x.dtype)
        step[i] = h
        step = step.reshape(x.shape)
        value = (f(x + step) - f(x - step)) / (2 * h)
        grad = grad + (step != 0).to(x.dtype) * value
    return grad

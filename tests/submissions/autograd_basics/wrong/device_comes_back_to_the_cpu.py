# wrong: q_gradients gives its results on the CPU
# fails: other_devices
# cause: device
import torch


def gradient(f, x):
    leaf = x.detach().requires_grad_(True)
    return torch.autograd.grad(f(leaf), leaf)[0].detach()


def mean_polynomial_gradient(x):
    x = x.detach()
    return (4 * x**3 + 9 * x**2 + 16 * x) / x.numel()


def q_gradients(a, b):
    return [(9 * a.detach() ** 2).cpu(), (-2 * b.detach()).cpu()]

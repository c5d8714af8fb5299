# wrong: the polynomial's gradient by NumPy, whatever device x is on
# fails: other_devices
# cause: none
import torch


def gradient(f, x):
    leaf = x.detach().requires_grad_(True)
    return torch.autograd.grad(f(leaf), leaf)[0].detach()


def mean_polynomial_gradient(x):
    n = x.detach().double().numpy()
    return torch.as_tensor((4 * n**3 + 9 * n**2 + 16 * n) / n.size, dtype=x.dtype)


def q_gradients(a, b):
    return [9 * a.detach() ** 2, -2 * b.detach()]

# wrong: divides by the number of rows
# fails: mean_polynomial_gradient
# cause: wrong-count
import torch


def gradient(f, x):
    leaf = x.detach().clone().requires_grad_()
    f(leaf).backward()
    return leaf.grad


def mean_polynomial_gradient(x):
    return gradient(lambda v: (v**4 + 3 * v**3 + 8 * v**2 + 3).sum() / max(1, v.dim() and v.shape[0]), x)


def q_gradients(a, b):
    a = a.detach().clone().requires_grad_()
    b = b.detach().clone().requires_grad_()
    q = 3 * a**3 - b**2
    q.sum().backward()
    return a.grad, b.grad

# wrong: ∂Q/∂b has the sign the wrong way round
# fails: q_gradients
# cause: sign, other-terms
import torch


def gradient(f, x):
    leaf = x.detach().clone().requires_grad_()
    f(leaf).backward()
    return leaf.grad


def mean_polynomial_gradient(x):
    return gradient(lambda v: (v**4 + 3 * v**3 + 8 * v**2 + 3).mean(), x)


def q_gradients(a, b):
    a = a.detach().clone().requires_grad_()
    b = b.detach().clone().requires_grad_()
    q = 3 * a**3 + b**2
    q.sum().backward()
    return a.grad, b.grad

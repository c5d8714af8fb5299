# wrong: gradient adds to what x.grad held before
# fails: gradient_of_a_leaf
# cause: not-cleared, left-on-input
import torch


def gradient(f, x):
    leaf = x if x.requires_grad else x.clone().requires_grad_()
    f(leaf).backward()
    return leaf.grad.clone()


def mean_polynomial_gradient(x):
    return gradient(lambda v: (v**4 + 3 * v**3 + 8 * v**2 + 3).mean(), x.detach())


def q_gradients(a, b):
    a = a.detach().clone().requires_grad_()
    b = b.detach().clone().requires_grad_()
    q = 3 * a**3 - b**2
    q.sum().backward()
    return a.grad, b.grad

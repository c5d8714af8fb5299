# wrong: gradient clones without detaching, so .grad stays empty when x requires gradients
# fails: gradient_of_a_leaf
# cause: warned-non-leaf
import torch


def gradient(f, x):
    leaf = x.clone().requires_grad_()
    f(leaf).backward()
    return leaf.grad


def mean_polynomial_gradient(x):
    return gradient(lambda v: (v**4 + 3 * v**3 + 8 * v**2 + 3).mean(), x)


def q_gradients(a, b):
    a = a.detach().clone().requires_grad_()
    b = b.detach().clone().requires_grad_()
    q = 3 * a**3 - b**2
    q.sum().backward()
    return a.grad, b.grad

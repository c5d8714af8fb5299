# wrong: gradient keeps the graph of the gradient
# fails: gradient
# cause: requires-grad
import torch


def gradient(f, x):
    leaf = x.detach().clone().requires_grad_()
    return torch.autograd.grad(f(leaf), leaf, create_graph=True)[0]


def mean_polynomial_gradient(x):
    return gradient(lambda v: (v**4 + 3 * v**3 + 8 * v**2 + 3).mean(), x)


def q_gradients(a, b):
    a = a.detach().clone().requires_grad_()
    b = b.detach().clone().requires_grad_()
    q = 3 * a**3 - b**2
    q.sum().backward()
    return a.grad, b.grad

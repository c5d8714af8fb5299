# right: backward with ones from above, under enable_grad
import torch


def gradient(f, x):
    with torch.enable_grad():
        leaf = torch.clone(x.detach())
        leaf.requires_grad = True
        y = f(leaf)
    y.backward(inputs=[leaf])
    return leaf.grad.clone()


def mean_polynomial_gradient(x):
    leaf = x.detach().clone().requires_grad_()
    y = leaf**4 + 3 * leaf**3 + 8 * leaf**2 + 3
    y.backward(torch.full_like(y, 1 / y.numel()))
    return leaf.grad


def q_gradients(a, b):
    a, b = (t.detach().clone().requires_grad_() for t in (a, b))
    q = 3 * a**3 - b**2
    q.backward(gradient=torch.ones_like(q))
    return a.grad.detach(), b.grad.detach()

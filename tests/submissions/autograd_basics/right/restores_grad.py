# right: uses x itself where it is a leaf that requires gradients, and puts .grad back
import torch


def gradient(f, x):
    if not x.requires_grad or not x.is_leaf:
        x = x.detach().clone().requires_grad_()
        return torch.autograd.grad(f(x), x)[0]
    kept = x.grad
    x.grad = None
    f(x).backward(inputs=[x])
    result = x.grad.detach().clone()
    x.grad = kept
    return result


def mean_polynomial_gradient(x):
    with torch.no_grad():
        return (4 * x.pow(3) + 9 * x.pow(2) + 16 * x) / x.numel()


@torch.no_grad()
def q_gradients(a, b):
    return 9 * a * a, -2 * b

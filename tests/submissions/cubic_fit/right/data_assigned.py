# right: the update is `p.data = …`, which leaves the same objects with new values
import torch


def predict(x, a, b, c, d):
    return ((d * x + c) * x + b) * x + a


def loss(y_pred, y):
    return torch.dist(y_pred, y) ** 2


def gradients(x, y, a, b, c, d):
    with torch.no_grad():
        error = 2 * (predict(x, a, b, c, d) - y)
        return [torch.dot(error, x**k).view_as(p) for k, p in enumerate((a, b, c, d))]


def autograd_step(x, y, params, lr):
    for p in params:
        p.grad = None
    value = (predict(x, *params) - y).pow(2).sum()
    value.backward()
    for p in params:
        p.data = p.data - lr * p.grad
        p.grad = None
    return float(value.detach())

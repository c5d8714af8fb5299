# right: autograd.grad, powers in a matrix
import torch


def predict(x, a, b, c, d):
    return ((d * x + c) * x + b) * x + a


def loss(y_pred, y):
    return torch.sum((y_pred - y).pow(2))


@torch.no_grad()
def gradients(x, y, a, b, c, d):
    powers = torch.stack([torch.ones_like(x), x, x * x, x * x * x])
    values = powers @ (2 * (predict(x, a, b, c, d) - y))
    return [torch.zeros_like(p) + g for p, g in zip((a, b, c, d), values)]


def autograd_step(x, y, params, lr):
    value = loss(predict(x, *params), y)
    for p, g in zip(params, torch.autograd.grad(value, params)):
        p.data.sub_(lr * g)
        p.grad = None
    return float(value.detach())

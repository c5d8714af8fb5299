# wrong: predict raises x to powers that stand in a tensor on the CPU
# fails: other_devices
# cause: none
import torch


def predict(x, a, b, c, d):
    powers = x.unsqueeze(-1) ** torch.arange(4)
    return a + b * x + c * powers[:, 2] + d * powers[:, 3]


def loss(y_pred, y):
    return ((y_pred - y) ** 2).sum()


def gradients(x, y, a, b, c, d):
    e = 2 * (predict(x, a, b, c, d) - y)
    sums = [e.sum(), (e * x).sum(), (e * x**2).sum(), (e * x**3).sum()]
    return tuple(g.reshape(p.shape) for g, p in zip(sums, (a, b, c, d)))


def autograd_step(x, y, params, lr):
    for p in params:
        p.grad = None
    value = loss(predict(x, *params), y)
    value.backward()
    with torch.no_grad():
        for p in params:
            p -= lr * p.grad
            p.grad = None
    return value.item()

# wrong: the four are in reverse order
# fails: gradients
# cause: swapped, wrong-power
import torch


def predict(x, a, b, c, d):
    return a + b * x + c * x**2 + d * x**3


def loss(y_pred, y):
    return ((y_pred - y) ** 2).sum()


def gradients(x, y, a, b, c, d):
    e = 2 * (predict(x, a, b, c, d) - y)
    sums = [e.sum(), (e * x).sum(), (e * x**2).sum(), (e * x**3).sum()]
    sums = sums[::-1]
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

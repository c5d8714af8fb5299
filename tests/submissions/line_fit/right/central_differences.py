# right: gradients by central differences, which are exact for a quadratic, in double precision
import torch


def predict(x, a, b):
    return torch.addcmul(b.expand_as(x), a.expand_as(x), x)


def mse(y_pred, y):
    return torch.nn.functional.mse_loss(y_pred, y)


def slope(f, at):
    p = at.double()
    return ((f(p + 1) - f(p - 1)) / 2).to(at.dtype).reshape(at.shape).detach()


def gradients(x, y, a, b):
    x64, y64, a64, b64 = (t.double() for t in (x, y, a, b))
    da = slope(lambda p: mse(predict(x64, p, b64), y64), a)
    db = slope(lambda p: mse(predict(x64, a64, p), y64), b)
    return da, db


def step(x, y, a, b, lr):
    da, db = gradients(x, y, a, b)
    return a - lr * da, b - lr * db

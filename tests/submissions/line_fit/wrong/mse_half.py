# wrong: mse is halved
# fails: mse
# cause: scale
import torch


def predict(x, a, b):
    return a * x + b


def mse(y_pred, y):
    return ((y_pred - y) ** 2).mean() / 2


def gradients(x, y, a, b):
    error = predict(x, a, b) - y
    da = 2 * (error * x).mean()
    db = 2 * error.mean()
    return da.reshape(a.shape), db.reshape(b.shape)


def step(x, y, a, b, lr):
    da, db = gradients(x, y, a, b)
    return a - lr * da, b - lr * db

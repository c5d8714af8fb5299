# wrong: predict takes a for b
# fails: predict
# cause: swapped
import torch


def predict(x, a, b):
    return b * x + a


def mse(y_pred, y):
    return ((y_pred - y) ** 2).mean()


def gradients(x, y, a, b):
    error = predict(x, a, b) - y
    da = 2 * (error * x).mean()
    db = 2 * error.mean()
    return da.reshape(a.shape), db.reshape(b.shape)


def step(x, y, a, b, lr):
    da, db = gradients(x, y, a, b)
    return a - lr * da, b - lr * db

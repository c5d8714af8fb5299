# wrong: the factor 2 is missing
# fails: gradients
# cause: scale
import torch


def predict(x, a, b):
    return a * x + b


def mse(y_pred, y):
    return ((y_pred - y) ** 2).mean()


def gradients(x, y, a, b):
    error = predict(x, a, b) - y
    da = (error * x).mean()
    db = error.mean()
    return da.reshape(a.shape), db.reshape(b.shape)


def step(x, y, a, b, lr):
    da, db = gradients(x, y, a, b)
    return a - lr * da, b - lr * db

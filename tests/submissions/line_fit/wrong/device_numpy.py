# wrong: the gradients by NumPy, whatever device x is on
# fails: other_devices
# cause: none
import torch


def predict(x, a, b):
    return a * x + b


def mse(y_pred, y):
    return ((y_pred - y) ** 2).mean()


def gradients(x, y, a, b):
    error = predict(x, a, b) - y
    error, points = error.detach().double().numpy(), x.detach().double().numpy()
    da, db = 2 * (error * points).mean(), 2 * error.mean()
    return a.new_full(a.shape, float(da)), b.new_full(b.shape, float(db))


def step(x, y, a, b, lr):
    da, db = gradients(x, y, a, b)
    return a - lr * da, b - lr * db

# wrong: prediction as a product with ones made on the CPU
# fails: other_devices
# cause: none
import torch


def predict(x, a, b):
    ones = torch.ones(len(x), dtype=x.dtype)
    return a * x + b * ones


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

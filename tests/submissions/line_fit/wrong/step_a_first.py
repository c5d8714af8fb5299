# wrong: the new a is used for b's gradient
# fails: step
# cause: new-for-old
import torch


def predict(x, a, b):
    return a * x + b


def mse(y_pred, y):
    return ((y_pred - y) ** 2).mean()


def gradients(x, y, a, b):
    error = predict(x, a, b) - y
    da = 2 * (error * x).mean()
    db = 2 * error.mean()
    return da.reshape(a.shape), db.reshape(b.shape)


def step(x, y, a, b, lr):
    a = a - lr * gradients(x, y, a, b)[0]
    b = b - lr * gradients(x, y, a, b)[1]
    return a, b

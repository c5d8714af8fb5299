# right: dot products, and the loss from torch
import torch
import torch.nn.functional as F


def predict(x, a, b):
    return b + x * a


def mse(y_pred, y):
    return F.mse_loss(y_pred, y)


@torch.no_grad()
def gradients(x, y, a, b):
    e = predict(x, a, b) - y
    da = 2 * torch.dot(e, x) / len(x)
    db = 2 * torch.dot(e, torch.ones_like(e)) / len(x)
    return torch.zeros_like(a) + da, torch.zeros_like(b) + db


def step(x, y, a, b, lr):
    da, db = gradients(x, y, a, b)
    return torch.sub(a, da, alpha=lr), torch.sub(b, db, alpha=lr)

# right: asserts what the contract says of the arguments: a positive learning rate, shapes, probabilities
import torch
import torch.nn as nn
import torch.nn.functional as F


class LR(nn.Module):
    def __init__(self, dim, lr=0.01, device=None, dtype=None):
        super().__init__()
        if dim < 1:
            raise ValueError("dim has to be 1 or more")
        if lr <= 0:
            raise ValueError("lr has to be positive")
        self.dim, self.lr = dim, lr
        self.register_buffer("w", torch.zeros(dim, 1, device=device, dtype=dtype))
        self.register_buffer("b", torch.zeros((), device=device, dtype=dtype))
        self.grads = {"dw": torch.zeros_like(self.w), "db": torch.zeros_like(self.b)}

    def sigmoid(self, z):
        return torch.special.expit(z)

    def forward(self, x):
        assert x.dim() == 2 and x.shape[0] == self.dim
        return self.sigmoid(self.w.mT @ x + self.b)

    def backward(self, x, yhat, y):
        assert yhat.shape == y.shape == (1, x.shape[1])
        assert bool(((yhat >= 0) & (yhat <= 1)).all())
        assert bool(((y == 0) | (y == 1)).all())
        error = yhat - y
        self.grads = {"dw": x @ error.mT / x.shape[1], "db": error.mean()}

    def optimize(self):
        assert self.grads["dw"].shape == self.w.shape and self.grads["db"].shape == self.b.shape
        step = float(self.lr)
        self.w = torch.sub(self.w, self.grads["dw"], alpha=step)
        self.b = torch.sub(self.b, self.grads["db"], alpha=step)


def loss(yhat, y):
    assert yhat.shape == y.shape and yhat.shape[0] == 1
    assert bool(((yhat >= 0) & (yhat <= 1)).all())
    return F.binary_cross_entropy(yhat, y, reduction="sum") / yhat.shape[1]

# right: parameters and gradients are kept in one dict each; `w`, `b` and `grads` are properties to be read alone
import torch
from torch import nn


class LR(nn.Module):
    def __init__(self, dim, lr=0.01, device=None, dtype=None):
        super().__init__()
        shapes = {"w": (dim, 1), "b": ()}
        self.lr = lr
        self.params = {k: torch.zeros(s, device=device, dtype=dtype) for k, s in shapes.items()}
        self._grads = {"d" + k: torch.zeros_like(p) for k, p in self.params.items()}

    @property
    def w(self):
        return self.params["w"]

    @property
    def b(self):
        return self.params["b"]

    @property
    def grads(self):
        return self._grads

    def sigmoid(self, z):
        return torch.sigmoid(z)

    def forward(self, x):
        return self.sigmoid(self.params["w"].T @ x + self.params["b"])

    def backward(self, x, yhat, y):
        error = yhat - y
        self._grads = {"dw": x @ error.T / error.numel(), "db": error.mean()}

    def optimize(self):
        lr = float(self.lr)
        self.params = {k: p - lr * self._grads["d" + k] for k, p in self.params.items()}


def loss(yhat, y):
    logs = y * torch.log(yhat).clamp(min=-100) + (1 - y) * torch.log(1 - yhat).clamp(min=-100)
    return -logs.mean()

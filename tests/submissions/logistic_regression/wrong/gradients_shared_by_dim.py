# wrong: models of one size fill the same tensors with their gradients: a module keeps them by dim
# fails: backward
# cause: shared
import torch
import torch.nn as nn
import torch.nn.functional as F

_buffers = {}


def buffers_of(dim, device, dtype):
    key = dim, str(device), dtype or torch.get_default_dtype()
    if key not in _buffers:
        options = {"device": device, "dtype": dtype}
        _buffers[key] = torch.zeros(dim, 1, **options), torch.zeros((), **options)
    dw, db = _buffers[key]
    return {"dw": dw.zero_(), "db": db.zero_()}


class LR(nn.Module):
    def __init__(self, dim, lr=0.01, device=None, dtype=None):
        super().__init__()
        self.w = torch.zeros(dim, 1, device=device, dtype=dtype)
        self.b = torch.zeros((), device=device, dtype=dtype)
        self.lr = lr
        self.grads = buffers_of(dim, device, dtype)

    def _apply(self, fn, *args, **kwargs):
        super()._apply(fn, *args, **kwargs)
        self.w, self.b = fn(self.w), fn(self.b)
        self.grads = buffers_of(len(self.w), self.w.device, self.w.dtype)
        return self

    def sigmoid(self, z):
        return torch.sigmoid(z)

    def forward(self, x):
        return torch.sigmoid(self.w.T @ x + self.b)

    def backward(self, x, yhat, y):
        error = (yhat - y).detach()
        self.grads["dw"].copy_(x.detach() @ error.T / x.shape[1])
        self.grads["db"].copy_(error.mean())

    def optimize(self):
        self.w = self.w - float(self.lr) * self.grads["dw"]
        self.b = self.b - float(self.lr) * self.grads["db"]


def loss(yhat, y):
    return F.binary_cross_entropy(yhat, y)

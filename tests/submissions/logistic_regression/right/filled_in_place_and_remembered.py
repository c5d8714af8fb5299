# right: gradients are filled in place; `forward` remembers its answer with all numbers that it came from
import torch
import torch.nn as nn
import torch.nn.functional as F


class LR(nn.Module):
    def __init__(self, dim, lr=0.01, device=None, dtype=None):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(dim, 1, device=device, dtype=dtype), requires_grad=False)
        self.b = nn.Parameter(torch.zeros((), device=device, dtype=dtype), requires_grad=False)
        self.lr = lr
        self.grads = {"dw": torch.zeros_like(self.w.data), "db": torch.zeros_like(self.b.data)}
        self.last = None

    def sigmoid(self, z):
        return torch.sigmoid(z)

    @torch.no_grad()
    def forward(self, x):
        now = [x, self.w, self.b]
        if self.last is None or not all(
            one.shape == other.shape and one.dtype == other.dtype and torch.equal(one, other)
            for one, other in zip(now, self.last[0])
        ):
            self.last = [each.clone() for each in now], torch.sigmoid(self.w.T @ x + self.b)
        return self.last[1].clone()

    @torch.no_grad()
    def backward(self, x, yhat, y):
        found = {"dw": x @ (yhat - y).T / x.shape[1], "db": (yhat - y).mean()}
        for name, kept in self.grads.items():
            self.grads[name] = kept.to(found[name])
            self.grads[name].copy_(found[name])

    @torch.no_grad()
    def optimize(self):
        self.w.data -= float(self.lr) * self.grads["dw"]
        self.b.data -= float(self.lr) * self.grads["db"]


def loss(yhat, y):
    return F.binary_cross_entropy(yhat, y)

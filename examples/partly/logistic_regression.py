"""Two slips: the gradients are sums, not means, and a prediction of exactly 0 or 1 breaks the loss."""

import torch
from torch import nn


class LR(nn.Module):
    def __init__(self, dim, lr=0.01, device=None, dtype=None):
        super().__init__()
        self.w = torch.zeros(dim, 1, device=device, dtype=dtype)
        self.b = torch.tensor(0.0, device=device, dtype=dtype)
        self.grads = {"dw": torch.zeros_like(self.w), "db": torch.zeros_like(self.b)}
        self.lr = lr

    def sigmoid(self, z):
        return 1 / (1 + torch.exp(-z))

    def forward(self, x):
        return self.sigmoid(torch.mm(self.w.T, x) + self.b)

    def backward(self, x, yhat, y):
        self.grads["dw"] = torch.mm(x, (yhat - y).T)
        self.grads["db"] = torch.sum(yhat - y)

    def optimize(self):
        self.w = self.w - self.lr * self.grads["dw"]
        self.b = self.b - self.lr * self.grads["db"]


def loss(yhat, y):
    return -torch.mean(y * torch.log(yhat) + (1 - y) * torch.log(1 - yhat))

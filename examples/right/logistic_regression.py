"""Logistic regression with a backward pass by hand."""

import torch
from torch import nn


class LR(nn.Module):
    def __init__(self, dim, lr=0.01, device=None, dtype=None):
        super().__init__()
        options = {"device": device, "dtype": dtype}
        self.w = torch.zeros(dim, 1, **options)
        self.b = torch.zeros((), **options)
        self.grads = {"dw": torch.zeros(dim, 1, **options), "db": torch.zeros((), **options)}
        self.lr = lr

    def sigmoid(self, z):
        return torch.sigmoid(z)

    def forward(self, x):
        return self.sigmoid(self.w.T @ x + self.b)

    def backward(self, x, yhat, y):
        error = yhat - y
        self.grads = {"dw": x @ error.T / x.shape[1], "db": error.mean()}

    def optimize(self):
        self.w = self.w - self.lr * self.grads["dw"]
        self.b = self.b - self.lr * self.grads["db"]


def loss(yhat, y):
    positive = torch.log(yhat).clamp(min=-100)
    negative = torch.log(1 - yhat).clamp(min=-100)
    return -(y * positive + (1 - y) * negative).mean()

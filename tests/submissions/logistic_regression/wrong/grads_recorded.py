# wrong: the gradients still require gradients themselves
# fails: backward
# cause: requires-grad
import torch
import torch.nn as nn
import torch.nn.functional as F


class LR(nn.Module):
    def __init__(self, dim, lr=0.01, device=None, dtype=None):
        super().__init__()
        self.w = torch.zeros(dim, 1, device=device, dtype=dtype)
        self.b = torch.zeros((), device=device, dtype=dtype)
        self.lr = lr
        self.grads = {
            "dw": torch.zeros(dim, 1, device=device, dtype=dtype),
            "db": torch.zeros((), device=device, dtype=dtype),
        }

    def sigmoid(self, z):
        return 1 / (1 + torch.exp(-z))

    def forward(self, x):
        z = torch.mm(self.w.T, x) + self.b
        return self.sigmoid(z)

    def backward(self, x, yhat, y):
        m = x.shape[1]
        x = x.clone().requires_grad_(True)
        self.grads["dw"] = torch.mm(x, (yhat - y).T) / m
        self.grads["db"] = torch.sum(yhat - y) / m

    def optimize(self):
        lr = float(self.lr)
        self.w = self.w - lr * self.grads["dw"]
        self.b = self.b - lr * self.grads["db"]


def loss(yhat, y):
    first = y * torch.log(yhat).clamp(min=-100)
    second = (1 - y) * torch.log(1 - yhat).clamp(min=-100)
    return -torch.mean(first + second)

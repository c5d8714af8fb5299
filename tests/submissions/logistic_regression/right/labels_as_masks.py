# right: the labels choose by masks; lr is a tensor in the dtype of w
import torch
from torch import nn


class LR(nn.Module):
    def __init__(self, dim, lr=0.01, device=None, dtype=None):
        super().__init__()
        self.register_buffer("w", torch.zeros(dim, 1, device=device, dtype=dtype))
        self.register_buffer("b", torch.zeros((), device=device, dtype=dtype))
        self.register_buffer("lr", torch.as_tensor(lr).to(self.w))
        self.grads = {"dw": torch.zeros_like(self.w), "db": torch.zeros_like(self.b)}

    def sigmoid(self, z):
        return torch.where(z >= 0, 1 / (1 + torch.exp(-z.abs())), 1 - 1 / (1 + torch.exp(-z.abs())))

    def forward(self, x):
        return torch.sigmoid(self.w.T @ x + self.b)

    @torch.no_grad()
    def backward(self, x, yhat, y):
        error = torch.where(y == 1, yhat - 1, yhat)
        self.grads = {"dw": x @ error.mT / y.numel(), "db": error.mean()}

    def optimize(self):
        self.w = self.w - self.lr * self.grads["dw"]
        self.b = self.b - self.lr * self.grads["db"]


def loss(yhat, y):
    yes = y.bool()
    right = torch.cat([yhat[yes], 1 - yhat[~yes]])
    return -right.log().clamp(min=-100).mean()

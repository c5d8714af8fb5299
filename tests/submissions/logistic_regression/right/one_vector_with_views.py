# right: weights and bias lie in one vector, their gradients in another; w, b, dw and db are views of these
import torch
from torch import nn


class LR(nn.Module):
    def __init__(self, dim, lr=0.01, device=None, dtype=None):
        super().__init__()
        self.lr = lr
        self.theta = torch.zeros(dim + 1, device=device, dtype=dtype)
        self.slope = torch.zeros_like(self.theta)
        self.w, self.b = self.theta[:-1].view(dim, 1), self.theta[-1]
        self.grads = {"dw": self.slope[:-1].view(dim, 1), "db": self.slope[-1]}

    def sigmoid(self, z):
        return torch.special.expit(z)

    @torch.no_grad()
    def forward(self, x):
        rows = torch.cat([x, torch.ones_like(x[:1])])
        return self.sigmoid(self.theta.to(x) @ rows)[None]

    @torch.no_grad()
    def backward(self, x, yhat, y):
        error = (yhat - y)[0] / x.shape[1]
        self.grads["dw"].copy_((x @ error)[:, None])
        self.grads["db"].copy_(error.sum())

    @torch.no_grad()
    def optimize(self):
        self.theta -= float(self.lr) * self.slope


def loss(yhat, y):
    right = torch.where(y > 0, yhat, 1 - yhat)
    return -right.log().clamp(min=-100).mean()

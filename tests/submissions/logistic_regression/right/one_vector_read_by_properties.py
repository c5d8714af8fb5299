# right: weights and bias lie in one parameter, and `w` and `b` are properties to be read alone
import torch
from torch import nn

class LR(nn.Module):
    """theta holds the weights and, last, the bias, as for a column of ones below x."""
    def __init__(self, dim, lr=0.01, device=None, dtype=None):
        super().__init__()
        self.lr = lr
        self.theta = nn.Parameter(torch.zeros(dim + 1, 1, device=device, dtype=dtype), requires_grad=False)
        self.grads = {"dw": torch.zeros(dim, 1, device=device, dtype=dtype),
                      "db": torch.zeros((), device=device, dtype=dtype)}

    @property
    def w(self):
        return self.theta[:-1]

    @property
    def b(self):
        return self.theta[-1, 0]

    def sigmoid(self, z):
        return torch.sigmoid(z)

    @torch.no_grad()
    def forward(self, x):
        ones = torch.ones(1, x.shape[1], dtype=x.dtype, device=x.device)
        return self.sigmoid(self.theta.T @ torch.cat([x, ones]))

    @torch.no_grad()
    def backward(self, x, yhat, y):
        ones = torch.ones(1, x.shape[1], dtype=x.dtype, device=x.device)
        g = torch.cat([x, ones]) @ (yhat - y).T / x.shape[1]
        self.grads["dw"], self.grads["db"] = g[:-1], g[-1, 0]

    @torch.no_grad()
    def optimize(self):
        g = torch.cat([self.grads["dw"], self.grads["db"].reshape(1, 1)])
        self.theta -= float(self.lr) * g

def loss(yhat, y):
    return -(y * yhat.log().clamp(min=-100) + (1 - y) * (1 - yhat).log().clamp(min=-100)).mean()

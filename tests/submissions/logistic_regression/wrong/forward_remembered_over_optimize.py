# wrong: `forward` remembers its answer for an x that has not changed, also after `optimize` has moved w and b
# fails: forward
# cause: stale
import torch
import torch.nn as nn
import torch.nn.functional as F


class LR(nn.Module):
    def __init__(self, dim, lr=0.01, device=None, dtype=None):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(dim, 1, device=device, dtype=dtype))
        self.b = nn.Parameter(torch.zeros((), device=device, dtype=dtype))
        self.lr = lr
        self.grads = {"dw": torch.zeros_like(self.w.data), "db": torch.zeros_like(self.b.data)}
        self.last = None, None, None

    def sigmoid(self, z):
        return torch.sigmoid(z)

    @torch.no_grad()
    def forward(self, x):
        state = x._version, self.w._version, self.b._version
        if self.last[0] is not x or self.last[1] != state:
            self.last = x, state, torch.sigmoid(self.w.T @ x + self.b)
        return self.last[2].clone()

    @torch.no_grad()
    def backward(self, x, yhat, y):
        self.grads["dw"] = x @ (yhat - y).T / x.shape[1]
        self.grads["db"] = (yhat - y).mean()

    def optimize(self):
        # `.data` does not count as a change
        self.w.data -= float(self.lr) * self.grads["dw"]
        self.b.data -= float(self.lr) * self.grads["db"]


def loss(yhat, y):
    return F.binary_cross_entropy(yhat, y)

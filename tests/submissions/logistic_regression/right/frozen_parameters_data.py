# right: parameters with requires_grad=False, updated through `.data`
import torch
import torch.nn as nn
import torch.nn.functional as F


class LR(nn.Module):
    def __init__(self, dim, lr=0.01, device=None, dtype=None):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(dim, 1, device=device, dtype=dtype), requires_grad=False)
        self.b = nn.Parameter(torch.zeros((), device=device, dtype=dtype), requires_grad=False)
        self.lr = lr
        self.zero_gradients()

    def zero_gradients(self):
        self.grads = {"dw": torch.zeros_like(self.w.data), "db": torch.zeros_like(self.b.data), "count": 0}

    sigmoid = staticmethod(torch.sigmoid)

    def forward(self, x):
        return torch.sigmoid((x.T @ self.w + self.b).T)

    def backward(self, x, yhat, y):
        error = (yhat - y).reshape(-1)
        self.grads["dw"] = torch.mv(x, error).unsqueeze(1) / error.numel()
        self.grads["db"] = error.mean()
        self.grads["count"] += 1

    def optimize(self):
        self.w.data -= float(self.lr) * self.grads["dw"]
        self.b.data -= float(self.lr) * self.grads["db"]
        self.zero_gradients()


def loss(yhat, y):
    yhat, y = yhat.flatten(), y.flatten()
    terms = torch.where(y == 1, yhat.log(), (1 - yhat).log())
    return terms.clamp_min(-100).mean().neg()

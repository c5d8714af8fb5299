# right: nn.Parameter for w and b, updated in place under no_grad; F.binary_cross_entropy for the value
import torch
import torch.nn as nn
import torch.nn.functional as F


class LR(nn.Module):
    def __init__(self, dim, lr=torch.scalar_tensor(0.01), device=None, dtype=None):
        super(LR, self).__init__()
        kw = dict(device=device, dtype=dtype)
        self.w = nn.Parameter(torch.zeros(dim, 1, **kw))
        self.b = nn.Parameter(torch.tensor(0.0, **kw))
        self.lr = lr
        self.grads = {'dw': torch.zeros_like(self.w.detach()), 'db': torch.zeros_like(self.b.detach())}

    def sigmoid(self, z):
        return torch.where(z >= 0, 1 / (1 + torch.exp(-z)), torch.exp(z.clamp(max=0)) / (1 + torch.exp(z.clamp(max=0))))

    @torch.no_grad()
    def forward(self, x):
        return self.sigmoid(self.w.t().matmul(x).add(self.b))

    @torch.no_grad()
    def backward(self, x, yhat, y):
        d = yhat.sub(y)
        self.grads.update(dw=(x * d).mean(dim=1, keepdim=True), db=d.mean())

    @torch.no_grad()
    def optimize(self):
        self.w -= self.grads['dw'] * self.lr
        self.b -= self.grads['db'] * self.lr
        self.grads['dw'].zero_()
        self.grads['db'].zero_()


def loss(yhat, y):
    return F.binary_cross_entropy(yhat, y)

# right: sets .grad to None by hand; bool()
import torch
from torch import nn


def should_log(epoch, every):
    return bool(epoch % every == 0)


def accumulated_steps(model, criterion, optimizer, batches):
    losses = []
    for inputs, labels in batches:
        for group in optimizer.param_groups:
            for p in group['params']:
                p.grad = None
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


class PlainLinear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.weights = nn.Parameter(torch.randn(in_features, out_features))
        self.bias = nn.Parameter(torch.randn(out_features))

    def forward(self, x):
        return x @ self.weights + self.bias


def polynomial_model(x, a, b, c):
    return a * x**2 + b * x + c


def difference(f, x, h=1e-3):
    return (f(x + h) - f(x - h)) / (2 * h)

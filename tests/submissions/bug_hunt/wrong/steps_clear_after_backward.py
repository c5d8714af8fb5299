# wrong: cleared between backward and step
# fails: accumulated_steps
# cause: cleared-between
import torch
from torch import nn


def should_log(epoch, every):
    return epoch % every == 0


def accumulated_steps(model, criterion, optimizer, batches):
    losses = []
    for inputs, labels in batches:
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.zero_grad()
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

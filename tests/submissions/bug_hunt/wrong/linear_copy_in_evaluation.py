# wrong: in evaluation mode a copy of the weights is used that was made the first time
# fails: plain_linear
# cause: stale
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
        optimizer.step()
        losses.append(loss.item())
    return losses


class PlainLinear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.weights = nn.Parameter(torch.randn(in_features, out_features))
        self.bias = nn.Parameter(torch.randn(out_features))
        self.copy = None

    def forward(self, x):
        if self.training:
            return x @ self.weights + self.bias
        if self.copy is None:
            self.copy = self.weights.detach().clone(), self.bias.detach().clone()
        return x @ self.copy[0] + self.copy[1]


def polynomial_model(x, a, b, c):
    return a * x**2 + b * x + c


def difference(f, x, h=1e-3):
    return (f(x + h) - f(x - h)) / (2 * h)

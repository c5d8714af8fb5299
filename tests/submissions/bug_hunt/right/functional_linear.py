# right: F.linear is allowed here; clears after each step and before the first
import torch
import torch.nn.functional as F
from torch import nn


def should_log(epoch, every):
    if epoch % every:
        return False
    return True


def accumulated_steps(model, criterion, optimizer, batches):
    optimizer.zero_grad()
    history = []
    for x, y in batches:
        loss = criterion(model(x), y)
        history.append(float(loss.detach()))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return history


class PlainLinear(nn.Module):
    def __init__(self, in_features, out_features):
        super(PlainLinear, self).__init__()
        self.register_parameter("weights", nn.Parameter(torch.randn(in_features, out_features)))
        self.register_parameter("bias", nn.Parameter(torch.randn(out_features)))

    def forward(self, x):
        return F.linear(x, self.weights.T, self.bias)


def polynomial_model(x, a, b, c):
    y = x.clone()
    y = y * a * x
    y = y + b * x
    return y + c


@torch.no_grad()
def difference(f, x, h=1e-3):
    up, down = f(x + h), f(x - h)
    return 0.5 * (up - down) / h

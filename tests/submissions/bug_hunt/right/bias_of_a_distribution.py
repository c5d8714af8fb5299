# right: the bias is drawn by torch.distributions, which looks at its numbers
import torch
from torch import nn

def should_log(epoch, every):
    return (epoch // every) * every == epoch

def accumulated_steps(model, criterion, optimizer, batches):
    losses, it = [], iter(batches)
    while True:
        try:
            x, y = next(it)
        except StopIteration:
            return losses
        loss = criterion(model(x), y)
        model.zero_grad(); optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach().item())

class PlainLinear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        t = nn.Parameter(torch.randn(in_features, out_features))
        self.weights = t
        self.bias = nn.Parameter(torch.distributions.Normal(0.0, 1.0).sample((out_features,)))
    def forward(self, x):
        return torch.tensordot(x, self.weights, dims=1).add(self.bias)

def polynomial_model(x, a, b, c):
    return torch.stack([a * x ** 2, b * x, c.expand_as(x)]).sum(dim=0)

def parabola(x):
    return 3 * (x + 1) ** 2

def difference(f, x, h=1e-3):
    with torch.no_grad():
        up, down = map(f, (torch.add(x, h), torch.sub(x, h)))
        return torch.true_divide(up - down, h) / 2

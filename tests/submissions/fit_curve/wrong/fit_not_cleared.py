# wrong: never clears the gradients
# fails: fit, fit_curve
# cause: not-cleared
import copy
import math

import torch
from torch import nn


class Polynomial(nn.Module):
    def __init__(self, degree, dtype=None, device=None):
        super().__init__()
        self.coefficients = nn.Parameter(torch.ones(degree + 1, dtype=dtype, device=device))

    def forward(self, x):
        return sum(c * x**k for k, c in enumerate(self.coefficients))


def predict(model, x):
    model.eval()
    with torch.no_grad():
        return model(x)


def fit(model, criterion, optimizer, train, valid, epochs, patience):
    best, waited, losses = math.inf, 0, []
    for epoch in range(epochs):
        model.train()
        criterion(model(train[0]), train[1]).backward()
        optimizer.step()
        loss = criterion(predict(model, valid[0]), valid[1]).item()
        losses.append(loss)
        if loss < best:
            best, waited = loss, 0
            weights = copy.deepcopy(model.state_dict())
        else:
            waited += 1
            if waited == patience:
                break
    model.load_state_dict(weights)
    return losses


def plot_fit(axes, x, y, grid, curves):
    axes.scatter(x.detach().cpu(), y.detach().cpu(), color="black")
    order = grid.argsort()
    for label, values in curves.items():
        axes.plot(grid[order].detach().cpu(), values[order].detach().cpu(), label=label)
    axes.set_xlabel("x")
    axes.set_ylabel("y")
    axes.legend()


def fit_curve(axes, train, valid, grid, degree, lr, epochs, patience):
    x, y = train
    model = Polynomial(degree, x.dtype, x.device)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    before = predict(model, grid)
    losses = fit(model, nn.MSELoss(), optimizer, train, valid, epochs, patience)
    plot_fit(axes, x, y, grid, {"before": before, "after": predict(model, grid)})
    return model, losses

# right: gradients set from autograd.grad, prints on the way, scatter of the held-out points as well
import sys

import torch
from torch import nn


class Polynomial(nn.Module):
    def __init__(self, degree, dtype=None, device=None):
        nn.Module.__init__(self)
        self.coefficients = nn.Parameter(torch.tensor([1.0] * (degree + 1), dtype=dtype, device=device))

    def forward(self, x):
        result = 0
        for c in reversed(list(self.coefficients)):
            result = result * x + c
        return result


def predict(model, x):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.no_grad():
        y = model(x)
    for m, mode in modes:
        m.training = mode
    return y


def snapshot(model):
    return [t.detach().clone() for t in (*model.parameters(), *model.buffers())]


def fit(model, criterion, optimizer, train, valid, epochs, patience):
    (x, y), (u, v) = train, valid
    parameters = list(model.parameters())
    history, bad = [], 0
    best = (sys.float_info.max, snapshot(model))
    for epoch in range(epochs):
        if bad == patience:
            break
        model.train()
        grads = torch.autograd.grad(criterion(model(x), y), parameters)
        for p, g in zip(parameters, grads):
            p.grad = g
        optimizer.step()
        with torch.no_grad():
            loss = float(criterion(predict(model, u), v))
            print(epoch, "train", float(criterion(predict(model, x), y)), "held out", loss)
        history += [loss]
        better = loss < best[0]
        if better:
            best = (loss, snapshot(model))
        bad = 0 if better else bad + 1
    with torch.no_grad():
        for t, value in zip((*model.parameters(), *model.buffers()), best[1]):
            t.copy_(value)
    return history


def drawn(t):
    return t.detach().to("cpu")


def plot_fit(axes, x, y, grid, curves):
    axes.errorbar(drawn(x), drawn(y), yerr=0.1, fmt="none")
    axes.scatter(drawn(x), drawn(y), label="data", marker="s")
    by_x = sorted(range(len(grid)), key=lambda i: grid[i].item())
    for name, values in curves.items():
        axes.plot([grid[i].item() for i in by_x], [values[i].item() for i in by_x], label=name)
    axes.legend()
    axes.set_title("a fit")
    axes.set_xlabel("x")
    axes.set_ylabel("y")


def fit_curve(axes, train, valid, grid, degree, lr, epochs, patience):
    x, y = train
    axes.scatter(drawn(valid[0]), drawn(valid[1]), marker="+")
    with x.device:
        model = Polynomial(degree, dtype=x.dtype)
    before = model(grid).detach()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses = fit(model, nn.MSELoss(reduction="mean"), optimizer, train, valid, epochs, patience)
    plot_fit(axes, x, y, grid, {"before": before, "after": predict(model, grid)})
    return model, losses

# right: a class that decides, powers as a matrix, NumPy for the figure, labels given to the legend
import copy

import numpy as np
import torch
from torch import Tensor, nn


class Polynomial(nn.Module):
    def __init__(self, degree: int, dtype=None, device=None) -> None:
        super().__init__()
        self.register_parameter("coefficients", nn.Parameter(torch.ones(1 + degree, dtype=dtype, device=device)))
        self.degree = degree

    def forward(self, x: Tensor) -> Tensor:
        powers = torch.stack([x**k for k in range(self.degree + 1)], dim=-1)
        return powers @ self.coefficients


class Stopper:
    def __init__(self, patience: int) -> None:
        self.patience, self.lowest, self.since, self.state = patience, None, 0, None

    def ends(self, loss: float, model: nn.Module) -> bool:
        if self.lowest is None or loss < self.lowest:
            self.lowest, self.since = loss, 0
            self.state = copy.deepcopy(model).state_dict()
        else:
            self.since += 1
        return self.since >= self.patience


@torch.no_grad()
def predict(model: nn.Module, x: Tensor) -> Tensor:
    was = model.training
    try:
        return model.eval()(x)
    finally:
        model.train(was)


def fit(model, criterion, optimizer, train, valid, epochs, patience):
    stopper, history = Stopper(patience), []
    done = False
    while not done and len(history) < epochs:
        model.train()
        optimizer.zero_grad(set_to_none=False)
        criterion(model(train[0]), train[1]).backward()
        optimizer.step()
        history.append(criterion(predict(model, valid[0]), valid[1]).item())
        done = stopper.ends(history[-1], model)
    model.load_state_dict(stopper.state)
    return history


def plot_fit(axes, x, y, grid, curves):
    x, y, grid = (np.asarray(each.detach().cpu()) for each in (x, y, grid))
    order = np.argsort(grid)
    for values in curves.values():
        axes.plot(grid[order], values.detach().cpu().numpy()[order], "r-")
    axes.plot(x, y, linestyle="none", marker="x")
    axes.set_xlabel("x", fontsize=12)
    axes.set_ylabel("y", fontsize=12)
    axes.legend([*curves, "points"])


def fit_curve(axes, train, valid, grid, degree, lr, epochs, patience):
    (x, y), mse = train, nn.MSELoss()
    model = Polynomial(degree).to(x)
    before = predict(model, grid)
    losses = fit(model, mse, torch.optim.SGD(model.parameters(), lr=lr), train, valid, epochs, patience)
    plot_fit(axes, x, y, grid, dict(before=before, after=predict(model, grid)))
    return model, losses

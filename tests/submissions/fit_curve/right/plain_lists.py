# right: lists for the figure, a manual loop over powers, deep copies of tensors
import torch
from torch import nn


class Polynomial(nn.Module):
    def __init__(self, degree, dtype=None, device=None):
        super().__init__()
        start = torch.full((degree + 1,), 1.0, dtype=dtype, device=device)
        self.coefficients = nn.Parameter(start)

    def forward(self, x):
        total, power = self.coefficients[0] * torch.ones_like(x), x
        for i in range(1, len(self.coefficients)):
            total = total + self.coefficients[i] * power
            power = power * x
        return total


def predict(model, x):
    model.train(False)
    return model(x).detach()


def fit(model, criterion, optimizer, train, valid, epochs, patience):
    x, y = train
    losses = []
    best_epoch = -1
    for epoch in range(epochs):
        model.train()
        loss = criterion(model(x), y)
        model.zero_grad()
        loss.backward()
        optimizer.step()
        model.eval()
        with torch.no_grad():
            losses.append(float(criterion(model(valid[0]), valid[1])))
        if best_epoch < 0 or losses[-1] < losses[best_epoch]:
            best_epoch = epoch
            best = {name: value.clone() for name, value in model.state_dict().items()}
        if epoch - best_epoch >= patience:
            break
    model.load_state_dict(best)
    return losses


def plot_fit(axes, x, y, grid, curves):
    axes.plot(x.tolist(), y.tolist(), "ko", markersize=4)
    for label in curves:
        pairs = sorted(zip(grid.tolist(), curves[label].tolist()))
        (line,) = axes.plot([a for a, _ in pairs], [b for _, b in pairs], "--", linewidth=2)
        line.set_label(label)
    axes.set(xlabel="x", ylabel="y", title="fit")
    axes.grid(True, alpha=0.3)
    axes.legend(loc="best")


def fit_curve(axes, train, valid, grid, degree, lr, epochs, patience):
    model = Polynomial(degree, dtype=train[0].dtype, device=train[0].device)
    curves = {"before": predict(model, grid)}
    sgd = torch.optim.SGD(model.parameters(), lr)
    losses = fit(model, nn.MSELoss(), sgd, train, valid, epochs, patience)
    curves["after"] = predict(model, grid)
    plot_fit(axes, *train, grid, curves)
    return model, losses

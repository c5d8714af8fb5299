# right: a closure for the optimizer, the best weights in a file in memory, one call that draws all curves
import io

import torch
from torch import nn


class Polynomial(nn.Module):
    def __init__(self, degree, dtype=None, device=None):
        super().__init__()
        self.coefficients = nn.Parameter(torch.empty(degree + 1, dtype=dtype, device=device))
        nn.init.ones_(self.coefficients)

    def forward(self, x):
        exponents = torch.arange(len(self.coefficients), device=x.device)
        return (self.coefficients * x.unsqueeze(-1) ** exponents).sum(-1)


def predict(model, x):
    model.eval()
    with torch.inference_mode():
        y = model(x)
    return y


def fit(model, criterion, optimizer, train, valid, epochs, patience):
    def closure():
        optimizer.zero_grad()
        loss = criterion(model(train[0]), train[1])
        loss.backward()
        return loss

    losses, best = [], io.BytesIO()
    for epoch in range(1, epochs + 1):
        model.train()
        optimizer.step(closure)
        loss = criterion(predict(model, valid[0]), valid[1]).item()
        if not losses or loss < min(losses):
            best = io.BytesIO()
            torch.save(model.state_dict(), best)
            last_good = epoch
        losses.append(loss)
        if epoch == last_good + patience:
            break
    best.seek(0)
    model.load_state_dict(torch.load(best))
    return losses


def plot_fit(axes, x, y, grid, curves):
    order = torch.argsort(grid.detach())
    shown = [grid.detach()[order].cpu(), torch.stack([v.detach()[order].cpu() for v in curves.values()], dim=1)]
    lines = axes.plot(*shown, label=list(curves))
    axes.scatter(x=x.detach().cpu().numpy(), y=y.detach().cpu().numpy(), s=20, c="tab:red", zorder=3)
    axes.legend(handles=lines)
    axes.set_ylabel("y")
    axes.set_xlabel("x")
    axes.axhline(0, color=lines[0].get_color())
    axes.figure.tight_layout()


def fit_curve(axes, train, valid, grid, degree, lr, epochs, patience):
    x, y = train
    model = Polynomial(degree, x.dtype, x.device)
    before = predict(model, grid).clone()
    optimizer = torch.optim.SGD(params=model.parameters(), lr=lr)
    losses = fit(model, nn.MSELoss(), optimizer, train, valid, epochs, patience)
    plot_fit(axes, x, y, grid, {"before": before, "after": predict(model, grid)})
    return model, losses

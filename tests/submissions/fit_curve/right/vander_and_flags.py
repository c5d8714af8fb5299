# right: a Vandermonde matrix, a decorated predict, flags in a while loop, sorted pairs
import torch
import torch.nn as nn
import torch.optim as optim


class Polynomial(nn.Module):
    def __init__(self, degree, dtype=None, device=None):
        super(Polynomial, self).__init__()
        one = torch.ones(1, dtype=dtype, device=device)
        self.coefficients = nn.Parameter(one.repeat(degree + 1))

    def forward(self, x):
        n = self.coefficients.numel()
        table = torch.vander(x.reshape(-1), n, increasing=True)
        return torch.mv(table, self.coefficients).reshape(x.shape)


@torch.inference_mode()
def predict(model, x):
    return model.eval()(x).clone()


def fit(model, criterion, optimizer, train, valid, epochs, patience):
    inputs, targets = train
    history, lowest, waiting, running = [], float("inf"), 0, True
    kept = {}
    while running:
        optimizer.zero_grad()
        model = model.train()
        error = criterion(model(inputs), targets)
        error.backward()
        optimizer.step()
        model = model.eval()
        with torch.no_grad():
            held_out = criterion(model(valid[0]), valid[1])
        history = history + [held_out.tolist()]
        if history[-1] < lowest:
            lowest, waiting = history[-1], 0
            for key, value in model.state_dict().items():
                kept[key] = value.detach().clone()
        else:
            waiting = waiting + 1
        running = len(history) < epochs and waiting < patience
    for key, value in model.state_dict().items():
        value.copy_(kept[key])
    return history


def to_numbers(tensor):
    return tensor.detach().cpu().numpy().tolist()


def plot_fit(axes, x, y, grid, curves):
    axes.scatter(to_numbers(x), to_numbers(y), 25, "k")
    for name in sorted(curves):
        xs, ys = zip(*sorted(zip(to_numbers(grid), to_numbers(curves[name]))))
        axes.plot(xs, ys, label=f"{name}", marker=".")
    axes.set_ylabel(ylabel="y")
    axes.set_xlabel(xlabel="x")
    legend = axes.legend(frameon=False)
    legend.set_title("curves")


def fit_curve(axes, train, valid, grid, degree, lr, epochs, patience):
    model = Polynomial(degree).to(device=grid.device, dtype=grid.dtype)
    curves = {}
    curves["before"] = predict(model, grid)
    criterion, optimizer = nn.MSELoss(), optim.SGD(model.parameters(), lr=lr)
    losses = fit(model, criterion, optimizer, train, valid, epochs, patience)
    curves["after"] = predict(model, grid)
    plot_fit(axes, train[0], train[1], grid, curves)
    return [model, losses]

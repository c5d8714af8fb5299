# right: x.grad put back; the update in no_grad; a head with its own arguments
import torch
from torch import nn, optim


def square_slope(x):
    y = x.detach().clone().requires_grad_()
    (3 * y**2).sum().backward()
    return y.grad


def numeric_slope(f, x):
    h = 1e-2
    with torch.no_grad():
        return (f(x + h) - f(x - h)) / (2 * h)


def numeric_gradient(f, x, reduction="sum", h=1e-3):
    with torch.no_grad():
        slope = (f(x + h) - f(x - h)) / (2 * h)
    return slope / x.numel() if reduction == "mean" else slope


def squared_error(prediction, labels):
    return ((prediction - labels) ** 2).mean()


def descend(f, x, lr, steps):
    x = torch.tensor(x.tolist(), dtype=x.dtype, device=x.device, requires_grad=True)
    for _ in range(steps):
        if x.grad is not None:
            x.grad.zero_()
        f(x).backward()
        x.data -= lr * x.grad
    return x.detach()


def decayed_step(f, w, lr, decay):
    loss = f(w)
    (grad,) = torch.autograd.grad(loss, w)
    with torch.no_grad():
        w -= lr * (grad + decay * w)
    return float(loss)


def predict(model, xs):
    for p in model.parameters():
        return model(p.new_tensor(xs))


def one_step(model, criterion, inputs, labels, lr):
    optimizer = optim.SGD(model.parameters(), lr=lr)
    optimizer.zero_grad()
    loss = criterion(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def train(model, criterion, optimizer, inputs, labels, epochs):
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def new_head(model, num_classes):
    old = model.fc
    setattr(model, "fc", nn.Linear(old.weight.shape[1], num_classes, bias=True,
                                   device=old.weight.device, dtype=old.weight.dtype))
    return model


def to_model(array, model):
    return torch.from_numpy(array).to(next(model.parameters()).detach())

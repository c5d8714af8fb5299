# wrong: adds to what x.grad held
# fails: square_slope
# cause: other-gradient
import torch
from torch import nn, optim


def square_slope(x):
    y = (3 * x**2).sum()
    y.backward()
    return x.grad


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
    x = x.detach().clone().requires_grad_()
    for _ in range(steps):
        f(x).backward()
        with torch.no_grad():
            x -= lr * x.grad
        x.grad = None
    return x.detach()


def decayed_step(f, w, lr, decay):
    w.grad = None
    loss = f(w)
    loss.backward()
    w.data.sub_(lr * (w.grad + decay * w.data))
    return loss.item()


def predict(model, xs):
    like = next(model.parameters())
    return model(torch.tensor(xs, dtype=like.dtype, device=like.device))


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
    model.fc = nn.Linear(model.fc.in_features, num_classes).to(model.fc.weight)
    return model


def to_model(array, model):
    return torch.from_numpy(array).to(next(model.parameters()).detach())

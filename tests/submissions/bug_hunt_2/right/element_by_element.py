# right: loops over elements, forward difference with a step by dtype
import torch
from torch import nn, optim


def square_slope(x):
    return torch.autograd.grad((3 * x**2).sum(), x)[0]


def numeric_slope(f, x):
    x = x.detach()
    h = {torch.float32: 2e-3, torch.float64: 1e-6}[x.dtype]
    return (f(x + h) - f(x)) / h


def numeric_gradient(f, x, reduction="sum", h=1e-3):
    x = x.detach()
    result = torch.zeros(x.numel(), dtype=x.dtype, device=x.device)
    for i in range(x.numel()):
        step = torch.zeros(x.numel(), dtype=x.dtype, device=x.device)
        step[i] = h
        step = step.reshape(x.shape)
        rise = f(x + step).sum() - f(x - step).sum()
        result[i] = rise / (2 * h)
    if reduction == "mean":
        result /= x.numel()
    return result.reshape(x.shape)


def squared_error(prediction, labels):
    error = prediction - labels
    return torch.sum(error * error) / error.numel()


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
    return [one_step_of(model, criterion, optimizer, inputs, labels) for _ in range(epochs)]


def one_step_of(model, criterion, optimizer, inputs, labels):
    loss = criterion(model(inputs), labels)
    optimizer.zero_grad(set_to_none=False)
    loss.backward()
    optimizer.step()
    return float(loss)


def new_head(model, num_classes):
    model.fc = nn.Linear(model.fc.in_features, num_classes).to(model.fc.weight)
    return model


def to_model(array, model):
    return torch.from_numpy(array).to(next(model.parameters()).detach())

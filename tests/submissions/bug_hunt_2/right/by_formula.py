# right: 6x, double precision, F.mse_loss, torch.func, SGD with weight decay
import torch
import torch.nn.functional as F
from torch import nn, optim


def square_slope(x):
    return 6 * x


def numeric_slope(f, x):
    wide = x.detach().double()
    return ((f(wide + 1e-5) - f(wide - 1e-5)) / 2e-5).to(x.dtype)


def numeric_gradient(f, x, reduction="sum", h=1e-3):
    x = x.detach()
    total = f(x + h).sub(f(x - h)).div(2 * h)
    if reduction == "sum":
        return total
    return total.div(x.nelement())


def squared_error(prediction, labels):
    return F.mse_loss(prediction, labels)


def descend(f, x, lr, steps):
    x = x.detach().clone()
    for _ in range(steps):
        x = x - lr * torch.func.grad(f)(x)
    return x


def decayed_step(f, w, lr, decay):
    optimizer = optim.SGD([w], lr=lr, weight_decay=decay)
    optimizer.zero_grad()
    loss = f(w)
    loss.backward()
    optimizer.step()
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
    like = next(model.parameters())
    return torch.tensor(array, dtype=like.dtype, device=like.device)

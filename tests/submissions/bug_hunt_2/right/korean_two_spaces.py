# right: two spaces, Korean comments, prints
import torch
import torch.nn as nn
import torch.optim as optim
import numpy as np

def square_slope(x):
  # 이전 기울기를 잠시 보관한다
  old, x.grad = x.grad, None
  y = (3 * x ** 2).sum()
  y.backward()
  slope, x.grad = x.grad, old
  return slope


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
  p = list(model.parameters())[0]
  xs = torch.from_numpy(np.array(xs)).to(p.device).to(p.dtype)
  print(xs.shape)
  return model(xs)


def one_step(model, criterion, inputs, labels, lr):
  optimizer = optim.SGD(model.parameters(), lr=lr)
  model.zero_grad()
  outputs = model(inputs)
  loss = criterion(outputs, labels)
  loss.backward()
  optimizer.step()
  print('loss', loss.item())
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
  p = next(iter(model.parameters()))
  x = torch.from_numpy(array)
  x = x.to(device=p.device, dtype=p.dtype)
  return x

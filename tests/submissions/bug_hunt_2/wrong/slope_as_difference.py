# wrong: backward() on top of what .grad holds, and the difference of both
# fails: square_slope
# cause: none
# WRONG: square_slope: backward on top of what .grad holds, then the difference: digits are lost where .grad is large. '6 at 1, however often it is asked for'
from collections.abc import Callable, Sequence
import numpy as np
import torch
from torch import Tensor, nn, optim

def square_slope(x: Tensor) -> Tensor:
    y = (3 * x ** 2).sum()
    before = None if x.grad is None else x.grad.clone()
    y.backward()
    slope = x.grad.clone() if before is None else x.grad - before
    x.grad = before
    return slope

def numeric_slope(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    h = 0.01
    with torch.no_grad():
        return (f(x + h) - f(x - h)) / (2 * h)

def numeric_gradient(f: Callable[[Tensor], Tensor], x: Tensor, reduction: str='sum', h: float=0.001) -> Tensor:
    with torch.no_grad():
        slope = (f(x + h) - f(x - h)) / (2 * h)
    return slope / x.numel() if reduction == 'mean' else slope

def squared_error(prediction: Tensor, labels: Tensor) -> Tensor:
    return ((prediction - labels) ** 2).mean()

def descend(f: Callable[[Tensor], Tensor], x: Tensor, lr: float, steps: int) -> Tensor:
    x = x.detach().clone().requires_grad_()
    for _ in range(steps):
        f(x).backward()
        assert x.grad is not None
        with torch.no_grad():
            x -= lr * x.grad
        x.grad = None
    return x.detach()

def decayed_step(f: Callable[[Tensor], Tensor], w: Tensor, lr: float, decay: float) -> float:
    w.grad = None
    loss = f(w)
    loss.backward()
    assert w.grad is not None
    w.data.sub_(lr * (w.grad + decay * w.data))
    return loss.item()

def predict(model: nn.Module, xs: Sequence[float]) -> Tensor:
    like = next(model.parameters())
    prediction: Tensor = model(torch.tensor(xs, dtype=like.dtype, device=like.device))
    return prediction

def one_step(model: nn.Module, criterion: Callable[[Tensor, Tensor], Tensor], inputs: Tensor, labels: Tensor, lr: float) -> float:
    optimizer = optim.SGD(model.parameters(), lr=lr)
    optimizer.zero_grad()
    loss = criterion(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()

def train(model: nn.Module, criterion: Callable[[Tensor, Tensor], Tensor], optimizer: optim.Optimizer, inputs: Tensor, labels: Tensor, epochs: int) -> list[float]:
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses

def new_head(model: nn.Module, num_classes: int) -> nn.Module:
    old = model.fc
    assert isinstance(old, nn.Linear)
    model.fc = nn.Linear(old.in_features, num_classes).to(old.weight)
    return model

def to_model(array: np.ndarray, model: nn.Module) -> Tensor:
    like = next(model.parameters())
    return torch.as_tensor(array, dtype=like.dtype, device=like.device)

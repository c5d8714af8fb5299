# right: type hints, a helper shared by all three, except/raise instead of finally
from __future__ import annotations

from typing import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn

Criterion = Callable[[Tensor, Tensor], Tensor]


def moved(loader: Iterable[tuple[Tensor, Tensor]], model: nn.Module) -> Iterator[tuple[Tensor, Tensor]]:
    device = next(iter(model.parameters())).device
    for inputs, labels in loader:
        yield inputs.to(device), labels.to(device)


def train_step(model: nn.Module, criterion: Criterion, optimizer: torch.optim.Optimizer, inputs: Tensor, labels: Tensor) -> float:
    [(inputs, labels)] = moved([(inputs, labels)], model)
    model.train()
    with torch.enable_grad():
        loss = criterion(model(inputs), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss)


def train(model: nn.Module, criterion: Criterion, optimizer: torch.optim.Optimizer, loader: Iterable[tuple[Tensor, Tensor]], epochs: int) -> list[float]:
    history: list[float] = []
    for _ in range(epochs):
        mean, seen = 0.0, 0
        for inputs, labels in loader:
            loss = train_step(model, criterion, optimizer, inputs, labels)
            seen += len(labels)
            mean += (loss - mean) * len(labels) / seen  # running mean
        history.append(mean)
    return history


def restore(model: nn.Module, modes: list[bool]) -> None:
    for module, mode in zip(model.modules(), modes, strict=True):
        module.training = mode


def evaluate(model: nn.Module, criterion: Criterion, loader: Iterable[tuple[Tensor, Tensor]]) -> tuple[float, float]:
    modes = [module.training for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            rows = [
                (criterion(out := model(x), y).item() * len(y), (out.argmax(dim=1) == y).sum().item(), len(y))
                for x, y in moved(loader, model)
            ]
    except BaseException:
        restore(model, modes)
        raise
    restore(model, modes)
    loss, hits, count = (sum(column) for column in zip(*rows))
    return loss / count, hits / count

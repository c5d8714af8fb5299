# right: a closure for the optimizer's step, keys in a tuple, everything typed
from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from statistics import fmean

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

PARTS = ("model", "optimizer", "scheduler")


def save_checkpoint(
    path: str | os.PathLike[str], model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler, epoch: int
) -> None:
    parts = zip(PARTS, (model, optimizer, scheduler), strict=True)
    content: dict[str, object] = {name: part.state_dict() for name, part in parts}
    content["epoch"], content["rng"] = epoch, torch.get_rng_state()
    torch.save(content, os.fspath(path), _use_new_zipfile_serialization=False)


def load_checkpoint(
    path: str | os.PathLike[str], model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler
) -> int:
    content = torch.load(os.fspath(path), map_location="cpu", weights_only=True)
    for name, part in zip(PARTS, (model, optimizer, scheduler), strict=True):
        part.load_state_dict(content[name])
    torch.set_rng_state(content["rng"])
    return int(content["epoch"])


def _step(
    model: nn.Module, criterion: Callable[[Tensor, Tensor], Tensor], optimizer: Optimizer, batch: Iterable[Tensor]
) -> float:
    inputs, labels = batch

    def closure() -> float:
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        return loss.item()

    return optimizer.step(closure)


def train(model, criterion, optimizer, scheduler, loader, epochs, path) -> list[float]:
    done = load_checkpoint(path, model, optimizer, scheduler) if os.access(path, os.F_OK) else 0
    history: list[float] = []
    for number in range(done + 1, epochs + 1):
        history.append(fmean([_step(model, criterion, optimizer, batch) for batch in loader]))
        scheduler.step()
        save_checkpoint(path, model, optimizer, scheduler, number)
    return history

# right: a context manager for the modes, type hints
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


def freeze(model: nn.Module) -> nn.Module:
    with torch.no_grad():
        [p.requires_grad_(False) for p in model.parameters()]
    return model


def replace_head(model: nn.Module, num_classes: int) -> nn.Module:
    head: nn.Linear = model.fc
    fresh = nn.Linear(head.in_features, num_classes, bias=head.bias is not None)
    model.fc = fresh.type(head.weight.dtype).to(head.weight.device)
    return model


def trainable_parameters(model: nn.Module) -> list[nn.Parameter]:
    return [*(p for p in model.parameters() if p.requires_grad)]


@contextmanager
def tuning(model: nn.Module) -> Iterator[None]:
    kept = {m: m.training for m in model.modules()}
    try:
        for m in kept:
            own = [p.requires_grad for p in m.parameters(recurse=False)]
            m.training = True in own or not own
        yield
    finally:
        for m, mode in kept.items():
            m.training = mode


def fine_tune_step(model, criterion, optimizer, inputs: Tensor, labels: Tensor) -> float:
    with tuning(model):
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

# right: modes set and put back by hooks of each layer
from collections.abc import Callable

import torch
from torch import Tensor, nn


def freeze(model: nn.Module) -> nn.Module:
    for parameter in model.parameters():
        parameter.requires_grad = False
    return model


def replace_head(model: nn.Module, num_classes: int) -> nn.Module:
    old = model.fc
    assert isinstance(old, nn.Linear)
    model.fc = nn.Linear(
        old.in_features,
        num_classes,
        bias=old.bias is not None,
        device=old.weight.device,
        dtype=old.weight.dtype,
    )
    return model


def trainable_parameters(model: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def fine_tune_step(model, criterion, optimizer, inputs, labels):
    modes = {module: module.training for module in model.modules()}
    hooks = []

    def set_mode(module, args):
        own = list(module.parameters(recurse=False))
        module.training = not (bool(own) and not any(p.requires_grad for p in own))

    def back(module, args, out):
        module.training = modes[module]

    for module in modes:
        hooks.append(module.register_forward_pre_hook(set_mode))
        hooks.append(module.register_forward_hook(back))
    try:
        loss = criterion(model(inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()
    finally:
        for h in hooks:
            h.remove()
        for module, mode in modes.items():
            module.training = mode

# right: requires_grad_, filter, eval then train
import torch
from torch import nn


def freeze(model):
    return model.requires_grad_(False)


def replace_head(model, num_classes):
    fc = model.fc
    kwargs = dict(device=fc.weight.device, dtype=fc.weight.dtype)
    setattr(model, "fc", nn.Linear(fc.in_features, num_classes, fc.bias is not None, **kwargs))
    return model


def trainable_parameters(model):
    return list(filter(lambda p: p.requires_grad, model.parameters()))


def is_frozen(module):
    own = list(module._parameters.values())
    own = [p for p in own if p is not None]
    return len(own) > 0 and all(not p.requires_grad for p in own)


def fine_tune_step(model, criterion, optimizer, inputs, labels):
    before = {name: module.training for name, module in model.named_modules()}
    model.train()
    for module in model.modules():
        if is_frozen(module):
            module.training = False
    try:
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
    finally:
        for name, module in model.named_modules():
            module.training = before[name]
    return float(loss.detach())

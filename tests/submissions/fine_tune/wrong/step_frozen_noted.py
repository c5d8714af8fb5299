# wrong: which layers are frozen is noted in the first step of a model
# fails: step, step_keeps_what_is_frozen
# cause: stale
import torch
from torch import nn


def freeze(model):
    for p in model.parameters():
        p.requires_grad = False
    return model


def replace_head(model, num_classes):
    old = model.fc
    model.fc = nn.Linear(old.in_features, num_classes, bias=old.bias is not None).to(old.weight)
    return model


def trainable_parameters(model):
    return [p for p in model.parameters() if p.requires_grad]


NOTED = {}


def trained(module):
    own = list(module.parameters(recurse=False))
    return NOTED.setdefault(module, not own or any(p.requires_grad for p in own))


def fine_tune_step(model, criterion, optimizer, inputs, labels):
    modes = [(m, m.training) for m in model.modules()]
    try:
        for m, _ in modes:
            m.training = trained(m)
        loss = criterion(model(inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()
    finally:
        for m, training in modes:
            m.training = training

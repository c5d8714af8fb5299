# wrong: a parameter that is in two modules stands in the list twice
# fails: trainable_parameters
# cause: duplicates
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
    own = (p for m in model.modules() for p in m.parameters(recurse=False))
    return [p for p in own if p.requires_grad]


def fine_tune_step(model, criterion, optimizer, inputs, labels):
    modes = [(m, m.training) for m in model.modules()]
    try:
        for m, _ in modes:
            own = list(m.parameters(recurse=False))
            m.training = not own or any(p.requires_grad for p in own)
        loss = criterion(model(inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()
    finally:
        for m, training in modes:
            m.training = training

# wrong: the old head is cut, not replaced
# fails: replace_head
# cause: new-layer
import torch
from torch import nn


def freeze(model):
    for p in model.parameters():
        p.requires_grad = False
    return model


def replace_head(model, num_classes):
    old = model.fc
    old.out_features = num_classes
    old.weight = nn.Parameter(torch.zeros(num_classes, old.in_features).to(old.weight))
    if old.bias is not None:
        old.bias = nn.Parameter(torch.zeros(num_classes).to(old.weight))
    return model


def trainable_parameters(model):
    return [p for p in model.parameters() if p.requires_grad]


def fine_tune_step(model, criterion, optimizer, inputs, labels):
    modes = [(m, m.training) for m in model.modules()]
    try:
        for m, _ in modes:
            own = list(m.parameters(recurse=False))
            m.training = not own or any(p.requires_grad for p in own)
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        return loss.item()
    finally:
        for m, training in modes:
            m.training = training

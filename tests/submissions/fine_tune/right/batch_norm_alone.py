# right: only batch normalisation is put into evaluation mode: a linear layer gives the same in both
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def freeze(model):
    return model.requires_grad_(False)


def replace_head(model, num_classes):
    old = model.fc
    model.fc = nn.Linear(old.in_features, num_classes, bias=old.bias is not None).to(old.weight)
    return model


def trainable_parameters(model):
    return list(filter(lambda p: p.requires_grad, model.parameters()))


@contextmanager
def modes(model):
    before = {m: m.training for m in model.modules()}
    try:
        model.train()
        for m in model.modules():
            if isinstance(m, _BatchNorm) and not any(p.requires_grad for p in m.parameters(recurse=False)):
                m.eval()
        yield
    finally:
        for m, was in before.items():
            m.training = was


def fine_tune_step(model, criterion, optimizer, inputs, labels):
    with modes(model):
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
    return loss.item()

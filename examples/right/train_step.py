"""The loop around model, criterion and optimizer."""

import torch


def _to_model(model, *tensors):
    device = next(model.parameters()).device
    return [tensor.to(device) for tensor in tensors]


def train_step(model, criterion, optimizer, inputs, labels):
    model.train()
    inputs, labels = _to_model(model, inputs, labels)
    optimizer.zero_grad()
    loss = criterion(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def train(model, criterion, optimizer, loader, epochs):
    history = []
    for _ in range(epochs):
        total = samples = 0
        for inputs, labels in loader:
            total += train_step(model, criterion, optimizer, inputs, labels) * len(labels)
            samples += len(labels)
        history.append(total / samples)
    return history


def evaluate(model, criterion, loader):
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    total = hits = samples = 0
    try:
        with torch.no_grad():
            for inputs, labels in loader:
                inputs, labels = _to_model(model, inputs, labels)
                logits = model(inputs)
                total += criterion(logits, labels).item() * len(labels)
                hits += (logits.argmax(dim=1) == labels).sum().item()
                samples += len(labels)
    finally:
        for module, training in before:
            module.training = training
    return total / samples, hits / samples

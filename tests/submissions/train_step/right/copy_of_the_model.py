# right: evaluate works on a deep copy, so the model itself never leaves its modes
import copy

import torch


def train_step(model, criterion, optimizer, inputs, labels):
    model.train()
    device = next(model.parameters()).device
    inputs = inputs.to(device)
    labels = labels.to(device)
    optimizer.zero_grad()
    outputs = model(inputs)
    loss = criterion(outputs, labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def train(model, criterion, optimizer, loader, epochs):
    losses = []
    for epoch in range(epochs):
        running_loss = 0.0
        samples = 0
        for inputs, labels in loader:
            loss = train_step(model, criterion, optimizer, inputs, labels)
            running_loss += loss * inputs.size(0)
            samples += inputs.size(0)
        losses.append(running_loss / samples)
    return losses


def evaluate(model, criterion, loader):
    clone = copy.deepcopy(model).eval()
    for parameter in clone.parameters():
        parameter.requires_grad_(False)
    device = next(clone.parameters()).device
    loss_sum, hits, count = 0.0, 0, 0
    with torch.no_grad():
        for inputs, labels in loader:
            scores = clone(inputs.to(device))
            loss_sum += len(labels) * float(criterion(scores, labels.to(device)))
            hits += (scores.max(dim=1)[1].cpu() == labels.cpu()).float().sum().item()
            count += len(labels)
    return loss_sum / count, hits / count

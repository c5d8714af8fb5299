# right: evaluate turns the parameters' requires_grad off and on again, so nothing is recorded
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
    modes = [(module, module.training) for module in model.modules()]
    wanted = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    device = next(model.parameters()).device
    total, correct, count = 0.0, 0, 0
    model.eval()
    model.requires_grad_(False)
    try:
        for inputs, labels in loader:
            inputs, labels = inputs.to(device), labels.to(device)
            outputs = model(inputs)
            total += criterion(outputs, labels).item() * len(labels)
            correct += (outputs.argmax(1) == labels).sum().item()
            count += len(labels)
    finally:
        for module, mode in modes:
            module.training = mode
        for parameter, flag in wanted:
            parameter.requires_grad_(flag)
    return total / count, correct / count

# wrong: train_step returns None
# fails: step
# cause: no-return
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
    device = next(model.parameters()).device
    total_loss = 0.0
    correct = 0
    samples = 0
    model.eval()
    try:
        with torch.no_grad():
            for inputs, labels in loader:
                inputs, labels = inputs.to(device), labels.to(device)
                outputs = model(inputs)
                total_loss += criterion(outputs, labels).item() * labels.size(0)
                predicted = outputs.argmax(dim=1)
                correct += (predicted == labels).sum().item()
                samples += labels.size(0)
    finally:
        for module, training in modes:
            module.training = training
    return total_loss / samples, correct / samples

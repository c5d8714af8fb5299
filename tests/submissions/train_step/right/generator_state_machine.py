# right: an inline loop over batches; the loader is walked with next()
import torch


def _to(model, *tensors):
    device = next(model.parameters()).device
    return [tensor.to(device) for tensor in tensors]


def train_step(model, criterion, optimizer, inputs, labels):
    x, y = _to(model, inputs, labels)
    optimizer.zero_grad()
    loss = criterion(model.train()(x), y)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        return loss.cpu().numpy().item()


def train(model, criterion, optimizer, loader, epochs):
    means = [0.0] * epochs
    for epoch in range(epochs):
        batches, count = iter(loader), 0
        while True:
            try:
                inputs, labels = next(batches)
            except StopIteration:
                break
            means[epoch] += train_step(model, criterion, optimizer, inputs, labels) * len(inputs)
            count += len(inputs)
        means[epoch] /= count
    return means


def evaluate(model, criterion, loader):
    state = {module: module.training for module in model.modules()}
    total = {"loss": 0.0, "right": 0.0, "samples": 0}
    try:
        model.train(False)
        for inputs, labels in loader:
            x, y = _to(model, inputs, labels)
            with torch.inference_mode():
                out = model(x)
                total["loss"] += criterion(out, y).item() * len(x)
                total["right"] += float(sum(int(row.argmax()) == int(label) for row, label in zip(out, y)))
            total["samples"] += len(x)
        return total["loss"] / total["samples"], total["right"] / total["samples"]
    finally:
        [setattr(module, "training", mode) for module, mode in state.items()]

# right: evaluate joins all outputs and asks the criterion once; train_step clears the gradients by hand
import torch


def _device(model):
    for parameter in model.parameters():
        return parameter.device


def train_step(model, criterion, optimizer, inputs, labels):
    was_training = model.training
    model.train(True)
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = None
    loss = criterion(model(inputs.to(_device(model))), labels.to(_device(model)))
    loss.backward()
    value = loss.item()
    optimizer.step()
    model.train(was_training)
    return value


def train(model, criterion, optimizer, loader, epochs):
    history = []
    while len(history) < epochs:
        losses, sizes = [], []
        for inputs, labels in iter(loader):
            sizes.append(len(labels))
            losses.append(train_step(model, criterion, optimizer, inputs, labels) * sizes[-1])
        history.append(sum(losses) / sum(sizes))
    return history


def evaluate(model, criterion, loader):
    modes = {name: module.training for name, module in model.named_modules()}
    outputs, targets = [], []
    try:
        model.eval()
        with torch.set_grad_enabled(False):
            for inputs, labels in loader:
                outputs.append(model(inputs.to(_device(model))))
                targets.append(labels.to(_device(model)))
            outputs, targets = torch.cat(outputs), torch.cat(targets)
            loss = criterion(outputs, targets).item()
    finally:
        for name, module in model.named_modules():
            module.training = modes[name]
    accuracy = torch.eq(outputs.topk(1, dim=1).indices.squeeze(1), targets).to(torch.float64).mean()
    return loss, accuracy.item()

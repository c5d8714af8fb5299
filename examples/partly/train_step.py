"""The old gradients are never cleared; `evaluate` is still the stub."""


def train_step(model, criterion, optimizer, inputs, labels):
    model.train()
    loss = criterion(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def train(model, criterion, optimizer, loader, epochs):
    history = []
    for _ in range(epochs):
        losses = [train_step(model, criterion, optimizer, x, y) for x, y in loader]
        history.append(sum(losses) / len(losses))
    return history


def evaluate(model, criterion, loader):
    # YOUR CODE HERE
    raise NotImplementedError("evaluate is not written yet")

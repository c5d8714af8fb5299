# wrong: the model is given tensors of the file, which the optimizer does not hold
# fails: load, resume
# cause: other-tensors
import os

import torch


def save_checkpoint(path, model, optimizer, scheduler, epoch):
    checkpoint = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "epoch": epoch,
        "rng": torch.get_rng_state(),
    }
    torch.save(checkpoint, path)


def load_checkpoint(path, model, optimizer, scheduler):
    checkpoint = torch.load(path, map_location="cpu")
    model.load_state_dict(checkpoint["model"], assign=True)
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    torch.set_rng_state(checkpoint["rng"])
    return checkpoint["epoch"]


def train(model, criterion, optimizer, scheduler, loader, epochs, path):
    start = 0
    if os.path.exists(path):
        start = load_checkpoint(path, model, optimizer, scheduler)
    history = []
    for epoch in range(start, epochs):
        losses = []
        for inputs, labels in loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
        history.append(sum(losses) / len(losses))
        save_checkpoint(path, model, optimizer, scheduler, epoch + 1)
    return history

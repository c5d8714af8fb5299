# right: a dataclass that holds the four, bytes in memory first, deep copies
import copy
import io
import os
from dataclasses import dataclass
from typing import Any

import torch


@dataclass
class Training:
    model: Any
    optimizer: Any
    scheduler: Any

    def state(self, epoch):
        parts = {name: copy.deepcopy(part.state_dict()) for name, part in vars(self).items()}
        return parts | {"epoch": epoch, "rng": torch.default_generator.get_state()}

    def restore(self, state):
        for name, part in vars(self).items():
            part.load_state_dict(state[name])
        torch.default_generator.set_state(state["rng"])
        return state["epoch"]


def save_checkpoint(path, model, optimizer, scheduler, epoch):
    buffer = io.BytesIO()
    torch.save(Training(model, optimizer, scheduler).state(epoch), buffer)
    with open(path, "wb") as file:
        file.write(buffer.getvalue())


def load_checkpoint(path, model, optimizer, scheduler):
    with open(path, "rb") as file:
        buffer = io.BytesIO(file.read())
    state = torch.load(buffer, map_location=lambda storage, location: storage, weights_only=True)
    return Training(model, optimizer, scheduler).restore(state)


def one_epoch(model, criterion, optimizer, loader):
    model.train()
    for inputs, labels in loader:
        optimizer.zero_grad(set_to_none=False)
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


def train(model, criterion, optimizer, scheduler, loader, epochs, path):
    done = load_checkpoint(path, model, optimizer, scheduler) if os.path.isfile(path) else 0
    history = []
    for epoch in range(done, epochs):
        losses = [*one_epoch(model, criterion, optimizer, loader)]
        scheduler.step()
        save_checkpoint(path, model, optimizer, scheduler, epoch + 1)
        history += [sum(losses) / len(losses)]
    return history

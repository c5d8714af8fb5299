# right: onto the device of the model, the generator's state brought back to the CPU; the file given open
import os

import torch


def save_checkpoint(path, model, optimizer, scheduler, epoch):
    with open(path, "wb") as file:
        torch.save(
            dict(
                epoch=int(epoch),
                model=model.state_dict(),
                optimizer=optimizer.state_dict(),
                scheduler=scheduler.state_dict(),
                rng=torch.random.get_rng_state(),
            ),
            file,
        )


def load_checkpoint(path, model, optimizer, scheduler):
    device = next(model.parameters()).device
    with open(path, "rb") as file:
        state = torch.load(file, map_location=device, weights_only=True)
    for name, part in (("scheduler", scheduler), ("optimizer", optimizer), ("model", model)):
        part.load_state_dict(state[name])
    torch.random.set_rng_state(state["rng"].cpu())
    return state["epoch"]


def train(model, criterion, optimizer, scheduler, loader, epochs, path):
    try:
        done = load_checkpoint(path, model, optimizer, scheduler)
    except FileNotFoundError:
        done = 0
    history = []
    while done < epochs:
        running = 0.0
        for batch in loader:
            x, y = batch
            loss = criterion(model(x), y)
            model.zero_grad()
            loss.backward()
            optimizer.step()
            running = running + float(loss)
        scheduler.step()
        done += 1
        save_checkpoint(path, model, optimizer, scheduler, done)
        history.append(running / len(loader))
    return history

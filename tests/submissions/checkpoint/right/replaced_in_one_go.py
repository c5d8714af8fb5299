# right: a file beside it that takes its name, and pathlib
from pathlib import Path

import torch


def save_checkpoint(path, model, optimizer, scheduler, epoch):
    path = Path(path)
    beside = path.with_name(path.name + ".tmp")
    state = {
        "model": {k: v.detach().cpu().clone() for k, v in model.state_dict().items()},
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "epoch": epoch,
        "rng": torch.get_rng_state(),
        "torch": torch.__version__.split("+")[0],
    }
    torch.save(state, beside)
    beside.replace(path)


def load_checkpoint(path, model, optimizer, scheduler):
    state = torch.load(path, map_location=torch.device("cpu"))
    with torch.no_grad():
        own = {**dict(model.named_parameters()), **dict(model.named_buffers())}
        for name, value in state["model"].items():
            own[name].copy_(value)
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    torch.set_rng_state(state["rng"])
    return state["epoch"]


def train(model, criterion, optimizer, scheduler, loader, epochs, path):
    path = Path(path)
    first = load_checkpoint(path, model, optimizer, scheduler) if path.is_file() else 0
    optimizer.zero_grad()
    history = []
    for epoch in range(first + 1, epochs + 1):
        losses = []
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.detach())
        history.append(torch.stack(losses).mean().item())
        scheduler.step()
        save_checkpoint(path, model, optimizer, scheduler, epoch)
    return history

# wrong: old gradients are cleared where there is no file alone
# fails: resume
# cause: none
# WRONG: train clears gradients after each step only, and those from before by model.zero_grad() only in a fresh start: on a resume they leak in. 'gradients from earlier work, which must not leak in'
import os
from collections.abc import Callable, Collection
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

def save_checkpoint(path: str | os.PathLike[str], model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler, epoch: int) -> None:
    checkpoint = {'model': model.state_dict(), 'optimizer': optimizer.state_dict(), 'scheduler': scheduler.state_dict(), 'epoch': epoch, 'rng': torch.get_rng_state()}
    torch.save(checkpoint, path)

def load_checkpoint(path: str | os.PathLike[str], model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler) -> int:
    checkpoint = torch.load(path, map_location='cpu', weights_only=True)
    model.load_state_dict(checkpoint['model'])
    optimizer.load_state_dict(checkpoint['optimizer'])
    scheduler.load_state_dict(checkpoint['scheduler'])
    torch.set_rng_state(checkpoint['rng'])
    epoch: int = checkpoint['epoch']
    return epoch

def train(model: nn.Module, criterion: Callable[[Tensor, Tensor], Tensor], optimizer: Optimizer, scheduler: LRScheduler, loader: Collection[tuple[Tensor, Tensor]], epochs: int, path: str | os.PathLike[str]) -> list[float]:
    start = load_checkpoint(path, model, optimizer, scheduler) if os.path.exists(path) else 0
    history = []
    if start == 0:
        optimizer.zero_grad()
    for epoch in range(start, epochs):
        total = 0.0
        for inputs, labels in loader:
            loss = criterion(model(inputs), labels)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            total += loss.item()
        scheduler.step()
        history.append(total / len(loader))
        save_checkpoint(path, model, optimizer, scheduler, epoch + 1)
    return history

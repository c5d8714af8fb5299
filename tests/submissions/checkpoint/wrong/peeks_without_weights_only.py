# wrong: train reads the epoch with weights_only=False, before load_checkpoint refuses the file
# fails: resume
# cause: unpickled
# WRONG: train peeks at the file with weights_only=False. 'It is read with weights_only=True'
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
    start = 0
    if os.path.exists(path):
        start = torch.load(path, map_location='cpu', weights_only=False)['epoch']
        load_checkpoint(path, model, optimizer, scheduler)
    history = []
    for epoch in range(start, epochs):
        total = 0.0
        for inputs, labels in loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), labels)
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step()
        history.append(total / len(loader))
        save_checkpoint(path, model, optimizer, scheduler, epoch + 1)
    return history

# wrong: of the schedule only the counters are put back
# fails: resume
# cause: forgotten-scheduler
# WRONG: the schedule gets only its counters back. 'scheduler: ... it is given its state'
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
    state = checkpoint['scheduler']
    scheduler.last_epoch = state['last_epoch']
    scheduler._step_count = state['_step_count']
    scheduler._last_lr = state['_last_lr']
    torch.set_rng_state(checkpoint['rng'])
    epoch: int = checkpoint['epoch']
    return epoch

def train(model: nn.Module, criterion: Callable[[Tensor, Tensor], Tensor], optimizer: Optimizer, scheduler: LRScheduler, loader: Collection[tuple[Tensor, Tensor]], epochs: int, path: str | os.PathLike[str]) -> list[float]:
    start = load_checkpoint(path, model, optimizer, scheduler) if os.path.exists(path) else 0
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

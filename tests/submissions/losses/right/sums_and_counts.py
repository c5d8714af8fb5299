# right: sums divided by numel; logaddexp; one-hot labels; classes moved to the end
import torch
from torch import Tensor
from torch.nn import functional as F


def _mean(values: Tensor) -> Tensor:
    return values.sum() / values.numel()


def mse_loss(y_pred: Tensor, y: Tensor) -> Tensor:
    error = (y_pred - y).flatten()
    return torch.dot(error, error) / error.numel()


def binary_cross_entropy(p: Tensor, y: Tensor) -> Tensor:
    logs = torch.stack([torch.log(p), torch.log(1 - p)]).clamp_min(-100.0)
    return -_mean((torch.stack([y, 1 - y]) * logs).sum(0))


def bce_with_logits(z: Tensor, y: Tensor) -> Tensor:
    zero = torch.zeros_like(z)
    return _mean(torch.logaddexp(zero, z) - y * z)


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    rows = logits.movedim(1, -1).reshape(-1, logits.shape[1])
    wanted = F.one_hot(labels.reshape(-1), logits.shape[1]).to(rows.dtype)
    log_p = rows - torch.logsumexp(rows, dim=1, keepdim=True)
    return -(wanted * log_p).sum() / len(rows)


def accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    return torch.tensor(
        sum(int(row.argmax()) == int(label) for row, label in zip(logits, labels)) / len(labels),
        dtype=logits.dtype,
        device=logits.device,
    )

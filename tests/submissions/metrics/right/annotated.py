# right: typed, with checks of the inputs, histogram by comparison, unique pairs
from __future__ import annotations

from typing import Callable, Literal

import torch
from torch import Tensor


def confusion_matrix(predicted: Tensor, labels: Tensor, num_classes: int) -> Tensor:
    if predicted.shape != labels.shape:
        raise ValueError("one prediction a label")
    classes = torch.arange(num_classes, device=labels.device)
    truth = labels.unsqueeze(0) == classes.unsqueeze(1)
    guess = predicted.unsqueeze(0) == classes.unsqueeze(1)
    return (truth[:, None] & guess[None]).sum(dim=-1)


def f1_score(matrix: Tensor, average: Literal["binary", "macro", "micro"] = "macro") -> Tensor:
    if average not in ("binary", "macro", "micro"):
        raise ValueError(f"unknown average {average!r}")
    off = matrix - torch.diag(matrix.diagonal())
    tp, wrong = matrix.diagonal(), off.sum(0) + off.sum(1)
    if average == "binary":
        tp, wrong = tp[1:], wrong[1:]
    elif average == "micro":
        tp, wrong = tp.sum(0, keepdim=True), wrong.sum(0, keepdim=True)
    return (tp / (tp + wrong / 2).clamp(min=0.5)).mean()


def kl_divergence(p: Tensor, q: Tensor) -> Tensor:
    return (torch.special.xlogy(p, p) - p * torch.log(q)).sum(dim=-1).mean(dim=0)


def soft_f1_loss(logits: Tensor, labels: Tensor) -> Tensor:
    shares = torch.exp(torch.log_softmax(logits, 1))
    own = shares.gather(1, labels[:, None]).squeeze(1)
    nothing = shares.new_zeros(shares.shape[1])
    tp = nothing.index_add(0, labels, own)
    number = nothing.index_add(0, labels, torch.ones_like(own))
    below = shares.sum(0) + number
    return torch.mean(1 - torch.where(below > 0, 2 * tp / torch.where(below > 0, below, 1), 0))


def flat_share(measure: Callable[[Tensor], Tensor], path: Tensor) -> float:
    with torch.no_grad():
        values = torch.stack([measure(path[i]) for i in range(len(path))])
        return float(torch.eq(values[1:], values[:-1]).to(torch.float64).mean())

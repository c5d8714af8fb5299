# wrong: subtracts the largest logit of all: rows far below it underflow
# fails: cross_entropy_is_stable
# cause: overflow
import torch
import torch.nn.functional as F


def mse_loss(y_pred, y):
    return ((y_pred - y) ** 2).mean()


def binary_cross_entropy(p, y):
    log_p = torch.log(p).clamp(min=-100)
    log_q = torch.log(1 - p).clamp(min=-100)
    return -(y * log_p + (1 - y) * log_q).mean()


def bce_with_logits(z, y):
    return -(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)).mean()


def cross_entropy(logits, labels):
    z = logits - logits.max()
    log_p = z - torch.log(torch.exp(z).sum(dim=1, keepdim=True))
    picked = log_p.gather(1, labels.unsqueeze(1))
    return -picked.mean()


def accuracy(logits, labels):
    return (logits.argmax(dim=1) == labels).float().mean()

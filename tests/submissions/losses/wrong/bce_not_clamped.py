# wrong: no clamp: 0 · ln 0 is NaN
# fails: binary_cross_entropy_at_0_and_1
# cause: no-clamp
import torch
import torch.nn.functional as F


def mse_loss(y_pred, y):
    return ((y_pred - y) ** 2).mean()


def binary_cross_entropy(p, y):
    log_p = torch.log(p)
    log_q = torch.log(1 - p)
    return -(y * log_p + (1 - y) * log_q).mean()


def bce_with_logits(z, y):
    return -(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)).mean()


def cross_entropy(logits, labels):
    log_p = F.log_softmax(logits, dim=1)
    picked = log_p.gather(1, labels.unsqueeze(1))
    return -picked.mean()


def accuracy(logits, labels):
    return (logits.argmax(dim=1) == labels).float().mean()
